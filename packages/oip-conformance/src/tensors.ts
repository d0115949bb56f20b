/** A tensor as the model's metadata describe it; -1 is a free dimension. */
export interface Tensor {
  name: string
  datatype: string
  shape: number[]
}

/** Every element type of the protocol. */
export const DATATYPES = [
  'BOOL',
  ...[8, 16, 32, 64].flatMap((bits) => [`UINT${bits}`, `INT${bits}`]),
  ...['FP16', 'BF16', 'FP32', 'FP64', 'BYTES'],
]

/** What a free dimension other than the first is set to, unless the caller knows better. */
export const FREE_SIZE = 32

/** The shape of one sample: the model's own, with 1 for a free first dimension. */
export function sampleShape(shape: number[], freeSize: number): number[] {
  return shape.map((size, index) => (size !== -1 ? size : index === 0 ? 1 : freeSize))
}

export function product(shape: number[]): number {
  return shape.reduce((total, size) => total * size, 1)
}

/**
 * Values that look like noise and are the same in every run, few characters long in JSON. Odd seeds cover the whole
 * range, even ones its lower quarter, so that a model can tell them apart.
 */
export function sampleValues(datatype: string, length: number, seed: number): (number | boolean)[] {
  let state = Math.imul(seed, 0x9e3779b1)
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >>> 8) % (seed % 2 === 1 ? 1000 : 250)
  }
  const value = {
    F: () => next() / 1000,
    B: () => (datatype === 'BOOL' ? next() % 2 === 0 : next() / 1000),
  }[datatype.charAt(0)]
  return Array.from({ length }, value ?? (() => next() % 100))
}

/** Flat row-major data as nested lists of the given shape. */
export function nest(data: unknown[], shape: number[]): unknown {
  const [size, ...rest] = shape
  if (size === undefined) return data[0]
  const step = data.length / size
  return Array.from({ length: size }, (_, index) => nest(data.slice(index * step, (index + 1) * step), rest))
}

/** The largest difference of two lists of equal length; texts differ by 1. */
export function distance(a: unknown[], b: unknown[]): number {
  return a.reduce<number>((largest, value, index) => {
    const other = b[index]
    const numbers = typeof value === 'number' && typeof other === 'number'
    return Math.max(largest, numbers ? Math.abs(value - other) : Number(value !== other))
  }, 0)
}

/** Whether two lists agree within the rounding of FP32 sums, which may be added up in another order. */
export function close(a: unknown[], b: unknown[]): boolean {
  const numbers = a.filter((value) => typeof value === 'number')
  const scale = numbers.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
  return (
    a.length === b.length &&
    a.every((value, index) => {
      const other = b[index]
      if (typeof value !== 'number' || typeof other !== 'number') return value === other
      return Math.abs(value - other) <= 1e-3 * Math.abs(value) + 1e-5 * scale
    })
  )
}
