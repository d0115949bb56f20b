import { useRef, useState } from 'preact/hooks'
import { curlCommand } from '../curl'
import { useTexts } from '../language'

export function CurlCommand({ image }: { image: { name: string; sha256?: string } }) {
  const t = useTexts()
  const code = useRef<HTMLElement>(null)
  const [done, setDone] = useState<'copied' | 'selected'>()
  const command = curlCommand(document.baseURI, image)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(command)
      setDone('copied')
    } catch {
      // Browsers give the clipboard only to pages that came over HTTPS, or from this machine.
      if (code.current) getSelection()?.selectAllChildren(code.current)
      setDone('selected')
    }
  }
  return (
    <details class="curl">
      <summary>{t.asCurl}</summary>
      <div>
        <pre>
          <code ref={code}>{command}</code>
        </pre>
        <button type="button" onClick={copy}>
          {t[done ?? 'copy']}
        </button>
      </div>
    </details>
  )
}
