/** Several measurements of the same thing. */
export interface Spread {
  median: number
  min: number
  max: number
}

export function spread(values: number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  return { median: quantile(sorted, 0.5), min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN }
}

/**
 * Measurements as shares of others, each of the mean of those around it: a machine drifts by several per cent in a
 * minute, which would be in a share of all's median.
 */
export function shares(values: number[], around: number[][]): Spread {
  const mean = (some: number[]) => some.reduce((sum, value) => sum + value, 0) / some.length
  return spread(values.map((value, at) => value / mean(around[at] ?? [])))
}

/** @param sorted rising; @param share 0.99 for the 99th percentile */
export function quantile(sorted: number[], share: number): number {
  const position = (sorted.length - 1) * share
  const [low, high] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]]
  return low === undefined || high === undefined
    ? Number.NaN
    : low + (high - low) * (position - Math.floor(position))
}
