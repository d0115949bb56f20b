import { useTexts } from '../language'

const WIDTH = 600
const HEIGHT = 100
/** The top of the scale is one of these, in milliseconds. */
const SCALES = [2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 60_000]

interface Props {
  /** One entry a second, oldest first. */
  history: { p50?: number; p99?: number }[]
}

export function LatencyChart({ history }: Props) {
  const t = useTexts()
  const highest = Math.max(...history.map(({ p99 = 0 }) => p99))
  const top = SCALES.find((scale) => scale >= highest) ?? highest
  return (
    <figure class="chart">
      <figcaption>
        {t.lastMinute}: <span class="p50">p50</span> <span class="p99">p99</span>
      </figcaption>
      <div>
        <span class="scale">{top} ms</span>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          <path class="grid" d={`M0 .5H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 0.5}H${WIDTH}`} />
          <path
            class="p99"
            d={line(
              history.map(({ p99 }) => p99),
              top,
            )}
          />
          <path
            class="p50"
            d={line(
              history.map(({ p50 }) => p50),
              top,
            )}
          />
        </svg>
      </div>
    </figure>
  )
}

/** An SVG path through the values; it is broken where there are none. */
function line(values: (number | undefined)[], top: number): string {
  let path = ''
  let drawing = false
  values.forEach((value, index) => {
    const x = ((index * WIDTH) / (values.length - 1)).toFixed(1)
    if (value !== undefined)
      path += `${drawing ? 'L' : 'M'}${x} ${(HEIGHT - (value / top) * HEIGHT).toFixed(1)}`
    drawing = value !== undefined
  })
  return path
}
