import { useEffect, useRef, useState } from 'preact/hooks'
import { useTexts } from '../language'

/** Named one by one, so that iOS turns its HEIC photos into one of them. */
const TYPES = 'image/jpeg,image/png,image/webp,image/gif,image/avif,image/tiff'

/** Takes images by drop (anywhere on the page), paste, file dialog or camera. */
export function ImagePicker({ onFiles }: { onFiles: (files: File[]) => void }) {
  const t = useTexts()
  const [over, setOver] = useState(false)
  const file = useRef<HTMLInputElement>(null)
  const camera = useRef<HTMLInputElement>(null)

  useEffect(() => {
    const take = (data: DataTransfer | null) => {
      const files = [...(data?.files ?? [])]
      if (files.length > 0) onFiles(files)
      return files.length > 0
    }
    const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
    const listeners: {
      [Name in 'paste' | 'dragover' | 'dragleave' | 'drop']: (event: WindowEventMap[Name]) => void
    } = {
      paste: (event) => {
        if (take(event.clipboardData)) event.preventDefault()
      },
      dragover: (event) => {
        if (!carriesFiles(event)) return
        // Without this the browser would open the file itself.
        event.preventDefault()
        setOver(true)
      },
      dragleave: (event) => {
        if (event.relatedTarget === null) setOver(false)
      },
      drop: (event) => {
        if (!carriesFiles(event)) return
        event.preventDefault()
        setOver(false)
        take(event.dataTransfer)
      },
    }
    const entries = Object.entries(listeners) as [string, EventListener][]
    for (const [name, listener] of entries) window.addEventListener(name, listener)
    return () => {
      for (const [name, listener] of entries) window.removeEventListener(name, listener)
    }
  }, [onFiles])

  const chosen = ({ currentTarget: input }: { currentTarget: HTMLInputElement }) => {
    onFiles([...(input.files ?? [])])
    // The same file may be chosen again.
    input.value = ''
  }
  return (
    <div class={over ? 'picker over' : 'picker'}>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d="M4 16.5V18a2 2 0 002 2h12a2 2 0 002-2v-1.5M12 15V4.5M7.5 9L12 4.5 16.5 9" />
      </svg>
      <p>{over ? t.dropNow : t.drop}</p>
      <div class="buttons">
        <button type="button" class="primary" onClick={() => file.current?.click()}>
          {t.choose}
        </button>
        <button type="button" class="camera" onClick={() => camera.current?.click()}>
          {t.photograph}
        </button>
      </div>
      <input ref={file} type="file" accept={TYPES} multiple hidden onChange={chosen} aria-label={t.choose} />
      <input
        ref={camera}
        type="file"
        accept="image/*"
        capture="environment"
        hidden
        onChange={chosen}
        aria-label={t.photograph}
      />
    </div>
  )
}
