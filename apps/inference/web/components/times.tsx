import type { Scored } from '../api'
import { useTexts } from '../language'

const PARTS = ['queue', 'decode', 'inference'] as const

/** Where a request's time went, and who answered it. */
export function Times({ scored: { parts, totalMs, server } }: { scored: Scored }) {
  const t = useTexts()
  const inServer = PARTS.reduce((sum, part) => sum + (parts[part] ?? 0), 0)
  const shown = [
    ...PARTS.map((part) => [part, parts[part] ?? 0] as const),
    ['network', totalMs - inServer] as const,
  ]
  return (
    <div class="times">
      <div class="split" aria-hidden="true">
        {shown.map(([part, ms]) => (
          <span key={part} class={part} style={{ flexGrow: Math.max(0, ms) }} />
        ))}
      </div>
      <ul aria-label={t.times}>
        {inServer > 0 &&
          shown.map(([part, ms]) => (
            <li key={part} class={part}>
              {t[part]} {ms.toFixed(1)} ms
            </li>
          ))}
        <li>
          {t.total} {totalMs.toFixed(1)} ms
        </li>
      </ul>
      {server.modelVersion && <p>{t.servedBy(server.modelVersion, server.pod)}</p>}
    </div>
  )
}
