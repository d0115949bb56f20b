import { useRef } from 'preact/hooks'
import { useTexts } from '../language'
import type { Answer } from '../traffic'

/** As many of the latest answers are drawn. */
const SHOWN = 120

/** Each model version has a colour, each of its pods a shade of it. */
const HUES = [255, 50, 160, 320, 200, 90]
const LIGHTNESS = [0.62, 0.76, 0.5, 0.86]

/** One mark for each answer, coloured by who gave it. */
export function AnswerStrip({ answers }: { answers: Answer[] }) {
  const t = useTexts()
  // Kept, so that no colour changes its meaning while one looks.
  const pods = useRef(new Map<string, string[]>()).current
  const shown = answers.slice(-SHOWN)
  for (const { modelVersion, pod } of answers) {
    const known = pods.get(modelVersion) ?? []
    if (!known.includes(pod)) known.push(pod)
    pods.set(modelVersion, known)
  }
  const colour = (version: string, pod: string) => {
    const hue = HUES[[...pods.keys()].indexOf(version) % HUES.length]
    const lightness = LIGHTNESS[(pods.get(version)?.indexOf(pod) ?? 0) % LIGHTNESS.length]
    return `oklch(${lightness} 0.16 ${hue})`
  }

  const good = shown.filter(({ failure }) => !failure)
  const failed = shown.length - good.length
  const share = (count: number) => `${Math.round((count * 100) / shown.length)} %`
  const legend = [...pods].flatMap(([version, names]) =>
    names.map((pod) => ({
      name: [version, pod].filter(Boolean).join(' · ') || t.unknown,
      count: good.filter((answer) => answer.modelVersion === version && answer.pod === pod).length,
      fill: colour(version, pod),
    })),
  )
  return (
    <figure class="strip">
      <figcaption>{t.strip}</figcaption>
      <div class="marks" aria-hidden="true">
        {shown.map(({ id, modelVersion, pod, failure }) => (
          <span
            key={id}
            class={failure ? 'failed' : ''}
            style={failure ? {} : { background: colour(modelVersion, pod) }}
          />
        ))}
      </div>
      <ul class="legend">
        {legend
          .filter(({ count }) => count > 0)
          .map(({ name, count, fill }) => (
            <li key={name}>
              <span class="swatch" style={{ background: fill }} />
              {name} <strong>{share(count)}</strong>
            </li>
          ))}
        {failed > 0 && (
          <li class="bad">
            <span class="swatch failed" />
            {t.failed} <strong>{share(failed)}</strong>
          </li>
        )}
      </ul>
    </figure>
  )
}
