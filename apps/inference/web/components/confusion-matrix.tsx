import { useTexts } from '../language'

interface Props {
  /** Counts: rows are true labels, columns are answers. */
  matrix: number[][]
  labels: string[]
}

export function ConfusionMatrix({ matrix, labels }: Props) {
  const t = useTexts()
  const rows = matrix.map((counts) => {
    const total = counts.reduce((sum, count) => sum + count, 0)
    return counts.map((count) => (total === 0 ? 0 : (count * 100) / total))
  })
  return (
    // Wider than a phone: to be scrolled, by keyboard too.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section class="matrix" aria-labelledby="confusion" tabIndex={0}>
      <h3 id="confusion">{t.confusion}</h3>
      <p class="hint">{t.confusionHint}</p>
      <table>
        <thead>
          <tr>
            <td />
            {labels.map((label) => (
              <th key={label} scope="col">
                <span>{label}</span>
              </th>
            ))}
            <th scope="col">
              <span>{t.perClass}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((percents, row) => (
            <tr key={labels[row]}>
              <th scope="row">{labels[row]}</th>
              {percents.map((percent, column) => (
                <Cell key={labels[column]} percent={percent} right={row === column} />
              ))}
              <td class="recall">{percents[row]?.toFixed(1)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** Coloured by its share; mistakes are few, so small ones are made visible by the root. */
function Cell({ percent, right }: { percent: number; right: boolean }) {
  const strength = right ? percent : Math.sqrt(percent) * 10
  const name = percent < 0.5 ? 'none' : right ? 'right' : 'mistake'
  return (
    <td class={name} style={{ '--strength': `${Math.round(strength)}%` }}>
      {percent < 0.5 ? '' : Math.round(percent)}
    </td>
  )
}
