import { useEffect, useRef, useState } from 'preact/hooks'
import { score } from '../api'
import { useTexts } from '../language'
import { Traffic } from '../traffic'
import { AnswerStrip } from './answer-strip'
import { LatencyChart } from './latency-chart'

const RATES = [1, 5, 10, 25]
const REDRAW_MS = 250
/** So many answers in a row from one model version are no canary's share any more. */
const AGREED = 20

interface Props {
  images: Blob[]
  /** Another model version has taken over. */
  onNewModel: () => void
}

/** Sends images again and again, and draws who answered, how fast, and what failed. */
export function LiveTraffic({ images, onNewModel }: Props) {
  const t = useTexts()
  const [running, setRunning] = useState(false)
  const [rate, setRate] = useState(10)
  const [, redraw] = useState(0)
  const traffic = useRef(new Traffic()).current
  const current = useRef(images)
  current.current = images

  useEffect(() => {
    if (!running) return
    let sent = 0
    const send = async () => {
      const image = current.current[sent++ % current.current.length] as Blob
      return (await score(image, 'sample', true)).server
    }
    const end = traffic.start(rate, send)
    let known: string | undefined
    const timer = setInterval(() => {
      redraw((count) => count + 1)
      const [version, ...others] = traffic.latestVersions(AGREED)
      if (version === undefined || others.length > 0 || version === known) return
      known = version
      onNewModel()
    }, REDRAW_MS)
    return () => {
      end()
      clearInterval(timer)
    }
  }, [running, rate, traffic, onNewModel])

  const { rate: measured, answers, failures, p50, p99 } = traffic.summary()
  const lastFailure = traffic.answers.findLast(({ failure }) => failure)?.failure
  const ms = (value?: number) => (value === undefined ? '–' : `${value.toFixed(value < 10 ? 1 : 0)} ms`)
  return (
    <section class="card live" aria-labelledby="live">
      <div class="controls">
        <div>
          <h2 id="live">{t.live}</h2>
          <p class="hint">{t.liveHint}</p>
        </div>
        <div class="buttons">
          <label>
            <select value={rate} onChange={({ currentTarget }) => setRate(Number(currentTarget.value))}>
              {RATES.map((value) => (
                <option key={value} value={value}>
                  {value}
                </option>
              ))}
            </select>{' '}
            {t.perSecond}
          </label>
          <button
            type="button"
            class="primary"
            disabled={images.length === 0}
            aria-pressed={running}
            onClick={() => setRunning(!running)}
          >
            {running ? t.stop : t.start}
          </button>
        </div>
      </div>
      {images.length === 0 && <p class="hint">{t.noImages}</p>}
      {answers > 0 && (
        <>
          <dl class="tiles">
            <Tile name={t.rate} value={`${measured.toFixed(1)} ${t.perSecondUnit}`} />
            <Tile name={t.answers} value={String(answers)} />
            <Tile name={t.failures} value={String(failures)} bad={failures > 0} />
            <Tile name={t.median} value={ms(p50)} kind="p50" />
            <Tile name={t.slowest} value={ms(p99)} kind="p99" />
          </dl>
          <AnswerStrip answers={traffic.answers} />
          <LatencyChart history={traffic.history()} />
          {lastFailure && (
            <p class="bad">
              {t.lastFailure}: {t.problems[lastFailure] ?? t.problems.internal} <code>{lastFailure}</code>
            </p>
          )}
        </>
      )}
    </section>
  )
}

function Tile({
  name,
  value,
  kind = '',
  bad = false,
}: {
  name: string
  value: string
  kind?: string
  bad?: boolean
}) {
  return (
    <div class={bad ? 'tile bad' : `tile ${kind}`}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
