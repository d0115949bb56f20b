/**
 * A small generator of pseudo-random numbers (mulberry32), so that every run works on the same models and images.
 * @returns a function that gives numbers from 0 (inclusive) to 1 (exclusive)
 */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
