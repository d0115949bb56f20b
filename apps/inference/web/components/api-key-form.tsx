import { useEffect, useRef } from 'preact/hooks'
import { apiKey } from '../api'
import { useTexts } from '../language'

/** Asks for the key that the server wants. */
export function ApiKeyForm({ onKey }: { onKey: () => void }) {
  const t = useTexts()
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
  const submit = (event: Event) => {
    event.preventDefault()
    const key = input.current?.value.trim()
    if (!key) return
    apiKey.set(key)
    onKey()
  }
  const refused = apiKey.get() !== null
  return (
    <form class="notice key" onSubmit={submit}>
      <h2>{t.keyHeading}</h2>
      <p id="key-hint">{t.keyHint}</p>
      {refused && (
        <p class="bad" role="alert" id="key-refused">
          {t.wrongKey}
        </p>
      )}
      <label for="key">{t.key}</label>
      <input ref={input} id="key" type="password" autocomplete="off" required aria-describedby="key-hint" />
      <button type="submit" class="primary">
        {t.unlock}
      </button>
    </form>
  )
}
