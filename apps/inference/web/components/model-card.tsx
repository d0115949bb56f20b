import type { ModelCard } from '../api'
import { useTexts } from '../language'
import { ConfusionMatrix } from './confusion-matrix'
import { Facts, Hash } from './facts'

/** A matrix of more classes than these would be no picture any more. */
const MAX_CLASSES = 20

export function ModelCardView({ model }: { model: ModelCard }) {
  const t = useTexts()
  const { metrics, labels, input } = model
  const number = (value: number) => value.toLocaleString('en')
  const matrix = metrics?.confusionMatrix
  return (
    <section class="card model" aria-labelledby="card">
      <div>
        <h2 id="card">{t.card}</h2>
        {model.description && (
          <p lang="en" class="description">
            {model.description}
          </p>
        )}
        {metrics ? (
          <>
            <div class="figures">
              <Figure name={t.top1} value={`${metrics.top1} %`} />
              {metrics.top5 !== undefined && <Figure name={t.top5} value={`${metrics.top5} %`} />}
            </div>
            <p class="hint">{t.measured(number(metrics.samples), metrics.dataset)}</p>
          </>
        ) : (
          <p class="hint">{t.noMetrics}</p>
        )}
        <Facts
          facts={[
            [t.name, model.name],
            [t.version, model.version],
            ['SHA-256', <Hash key="hash" value={model.sha256} />],
            [
              t.published,
              <time key="time" dateTime={model.createdAt}>
                {model.createdAt.slice(0, 10)}
              </time>,
            ],
            [
              t.source,
              <span key="source" lang="en">
                {model.source}
              </span>,
            ],
            [t.license, model.license],
            [t.input, `${input.width}\u00a0×\u00a0${input.height}, ${t[input.channels]}`],
            [t.classes, number(labels.length)],
          ]}
        />
      </div>
      {matrix && labels.length <= MAX_CLASSES && <ConfusionMatrix matrix={matrix} labels={labels} />}
    </section>
  )
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <p class="figure">
      <strong>{value}</strong>
      <span>{name}</span>
    </p>
  )
}
