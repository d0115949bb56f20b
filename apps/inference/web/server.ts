import { useCallback, useEffect, useState } from 'preact/hooks'
import { getModel, getSample, getVersion, type ModelCard, type Problem, type Version } from './api'

export type Phase = 'connecting' | 'loading' | 'unreachable' | 'locked' | 'ready'

export interface ServerState {
  phase: Phase
  model?: ModelCard
  version?: Version
}

const RETRY_MS = 1_000

/** What we talk to. Asks again until it is ready; `locked` waits for a key, and then for `retry`, which also asks whether what serves has changed. */
export function useServer(): ServerState & { retry: () => void } {
  const [state, setState] = useState<ServerState>({ phase: 'connecting' })
  const [round, setRound] = useState(0)
  const retry = useCallback(() => {
    setState((last) => (last.phase === 'ready' ? last : { ...last, phase: 'connecting' }))
    setRound((last) => last + 1)
  }, [])
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>
    const ask = async () => {
      try {
        const [model, version] = await Promise.all([getModel(), getVersion()])
        setState({ phase: 'ready', model, version })
      } catch (error) {
        const phase = phaseOf(error as Problem)
        setState((last) => ({ ...last, phase }))
        if (phase !== 'locked') timer = setTimeout(ask, RETRY_MS)
      }
    }
    ask()
    return () => clearTimeout(timer)
  }, [round])
  return { ...state, retry }
}

function phaseOf({ code }: Problem): Phase {
  if (code === 'unauthorized') return 'locked'
  return code === 'not-ready' ? 'loading' : 'unreachable'
}

/** One of the images that came with the model. */
export interface Sample {
  label: string
  sha256: string
  image: Blob
  /** To show it. */
  url: string
}

/** Fetches the model's samples; those that cannot be had are left out. */
export function useSamples(model: ModelCard | undefined): Sample[] {
  const [samples, setSamples] = useState<Sample[]>([])
  useEffect(() => {
    if (!model) return
    const fetched = model.samples.map(async ({ label, sha256 }) => {
      const image = await getSample(sha256).catch(() => undefined)
      return image && { label, sha256, image, url: URL.createObjectURL(image) }
    })
    Promise.all(fetched).then((all) => setSamples(all.filter((sample) => sample !== undefined)))
  }, [model])
  return samples
}
