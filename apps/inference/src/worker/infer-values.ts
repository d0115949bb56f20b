import { RequestError } from './request-error.js'

/** Data as one list: as they came, or out of nested lists, which must have exactly the shape's form. @throws RequestError */
export function flatten(data: unknown[], shape: number[]): unknown[] {
  if (!Array.isArray(data[0])) return data
  let level: unknown[] = [data]
  for (const size of shape) {
    if (!level.every((list) => Array.isArray(list) && list.length === size)) {
      throw invalid(`data is nested, but not in the form of its shape [${shape.join(', ')}]`)
    }
    level = (level as unknown[][]).flat()
  }
  return level
}

/** @throws RequestError unless all are numbers that FP32 can hold: NaN and Infinity would make every answer worthless */
export function floats(values: ArrayLike<unknown>): Float32Array {
  const result = values instanceof Float32Array ? values : new Float32Array(values.length)
  for (let index = 0; index < values.length; index++) {
    const value = values[index]
    if (typeof value !== 'number') throw invalid(`data: value ${index} is not a number`)
    result[index] = value
    if (!Number.isFinite(result[index])) throw invalid(`data: value ${index} is not a finite number in FP32`)
  }
  return result
}

/** @throws RequestError unless all are whole numbers from 0 to 255 */
export function bytes(values: ArrayLike<unknown>): Uint8Array {
  if (values instanceof Uint8Array) return values
  const list = values as unknown[]
  const bad = list.findIndex(
    (value) => !(Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 255),
  )
  if (bad !== -1) throw invalid(`data: value ${bad} is not a whole number from 0 to 255`)
  return Uint8Array.from(list as number[])
}

function invalid(message: string): RequestError {
  return new RequestError('invalid-input', message)
}
