import { useTexts } from '../language'
import type { Sample } from '../server'

export function Samples({ samples, onPick }: { samples: Sample[]; onPick: (sample: Sample) => void }) {
  const t = useTexts()
  if (samples.length === 0) return null
  return (
    <div class="samples">
      <h2>
        {t.samples} <small>{t.samplesHint}</small>
      </h2>
      <ul>
        {samples.map((sample) => (
          <li key={sample.sha256}>
            <button type="button" onClick={() => onPick(sample)} title={sample.label}>
              <img src={sample.url} alt={t.sample(sample.label)} />
            </button>
          </li>
        ))}
      </ul>
    </div>
  )
}
