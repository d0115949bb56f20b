import type { Ranking } from '../api'
import { useTexts } from '../language'

/** The best labels with bars. @param truth the true label, where it is known */
export function Labels({ ranking, truth }: { ranking: Ranking; truth: string | undefined }) {
  const t = useTexts()
  const isRight = ranking[0]?.[0] === truth
  return (
    <>
      <ol class="labels">
        {ranking.map(([label, percent]) => (
          <li key={label}>
            <span>{plain(label)}</span>
            <span class="percent">{percent.toFixed(1)} %</span>
            <span class="bar">
              <span style={{ width: `${percent}%` }} />
            </span>
          </li>
        ))}
      </ol>
      {truth && (
        <p class="truth">
          {t.truth}: {plain(truth)}{' '}
          <strong class={isRight ? 'good' : 'bad'}>{isRight ? `✓ ${t.correct}` : `✗ ${t.wrong}`}</strong>
        </p>
      )}
    </>
  )
}

/** Without the number that WordNet has for it, which ImageNet's labels begin with. */
function plain(label: string): string {
  return label.replace(/^n\d{8} /, '')
}
