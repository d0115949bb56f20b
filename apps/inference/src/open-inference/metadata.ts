import type { TensorInfo } from '@repo/classifier'

/** A tensor as the Open Inference Protocol describes it; -1 is a dimension of any size. */
export interface TensorMetadata {
  name: string
  datatype: string
  shape: number[]
}

/** ONNX Runtime's types in the protocol's words (https://github.com/kserve/open-inference-protocol, tensor data types). */
const DATATYPES: Record<string, string> = { float32: 'FP32', uint8: 'UINT8' }

/** @param dtype one of those that a manifest may name */
export function datatype(dtype: string): string {
  return DATATYPES[dtype] ?? dtype.toUpperCase()
}

export function tensorMetadata({ name, dtype, shape }: TensorInfo): TensorMetadata {
  return {
    name,
    datatype: datatype(dtype),
    shape: shape.map((size) => (typeof size === 'string' ? -1 : size)),
  }
}
