/** One label with its probability, 0..1. */
export interface Prediction {
  label: string
  /** The label's line in the labels file, from 0. */
  index: number
  probability: number
}

/** Turns logits into probabilities that sum to 1. Subtracting the largest first keeps exp() from overflowing. */
export function softmax(logits: Float32Array): Float32Array {
  let largest = Number.NEGATIVE_INFINITY
  for (const logit of logits) largest = Math.max(largest, logit)
  const result = logits.map((logit) => Math.exp(logit - largest))
  let sum = 0
  for (const value of result) sum += value
  return result.map((value) => value / sum)
}

/** The `k` most probable labels, best first; all of them where there are fewer. Equal ones keep the labels' order. */
export function topK(probabilities: Float32Array, labels: readonly string[], k: number): Prediction[] {
  const best: Prediction[] = []
  for (let index = 0; index < probabilities.length; index++) {
    const probability = probabilities[index] as number
    const last = best[k - 1]
    if (last && probability <= last.probability) continue
    let at = best.length
    while (at > 0 && probability > (best[at - 1] as Prediction).probability) at--
    best.splice(at, 0, { label: labels[index] as string, index, probability })
    if (best.length > k) best.pop()
  }
  return best
}
