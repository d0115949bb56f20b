/**
 * Writes small ONNX files, so that tests can have models of any shape.
 * Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; wire format:
 * https://protobuf.dev/programming-guides/encoding/
 */

export interface OnnxTensorType {
  name: string
  dtype: 'float32' | 'uint8'
  /** A text is a free dimension of that name. */
  shape: (number | string)[]
}

export interface OnnxNode {
  op: string
  inputs: string[]
  outputs: string[]
  attributes?: Record<string, number | number[]>
}

export interface OnnxGraph {
  inputs: OnnxTensorType[]
  outputs: OnnxTensorType[]
  nodes: OnnxNode[]
  /** Constant float32 tensors, by name. */
  weights?: Record<string, { shape: number[]; data: Float32Array }>
}

const DTYPES = { float32: 1, uint8: 2 }
const OPSET = 13

/** The bytes of an ONNX file (IR version 8, opset 13) that holds this graph. Whole-number attributes become ints. */
export function writeOnnx(graph: OnnxGraph): Buffer {
  const graphBytes = Buffer.concat([
    ...graph.nodes.map((node) => message(1, nodeBytes(node))),
    text(2, 'graph'),
    ...Object.entries(graph.weights ?? {}).map(([name, weight]) => message(5, tensorBytes(name, weight))),
    ...graph.inputs.map((input) => message(11, valueBytes(input))),
    ...graph.outputs.map((output) => message(12, valueBytes(output))),
  ])
  return Buffer.concat([
    integer(1, 8),
    message(8, Buffer.concat([text(1, ''), integer(2, OPSET)])),
    message(7, graphBytes),
  ])
}

function nodeBytes(node: OnnxNode): Buffer {
  return Buffer.concat([
    ...node.inputs.map((name) => text(1, name)),
    ...node.outputs.map((name) => text(2, name)),
    text(4, node.op),
    ...Object.entries(node.attributes ?? {}).map(([name, value]) => message(5, attributeBytes(name, value))),
  ])
}

function attributeBytes(name: string, value: number | number[]): Buffer {
  const [INT, INTS] = [2, 7]
  return Array.isArray(value)
    ? Buffer.concat([text(1, name), ...value.map((item) => integer(8, item)), integer(20, INTS)])
    : Buffer.concat([text(1, name), integer(3, value), integer(20, INT)])
}

function tensorBytes(name: string, { shape, data }: { shape: number[]; data: Float32Array }): Buffer {
  const raw = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return Buffer.concat([
    ...shape.map((size) => integer(1, size)),
    integer(2, DTYPES.float32),
    text(8, name),
    message(9, raw),
  ])
}

function valueBytes({ name, dtype, shape }: OnnxTensorType): Buffer {
  const dimensions = shape.map((size) =>
    message(1, typeof size === 'number' ? integer(1, size) : text(2, size)),
  )
  const tensor = Buffer.concat([integer(1, DTYPES[dtype]), message(2, Buffer.concat(dimensions))])
  return Buffer.concat([text(1, name), message(2, message(1, tensor))])
}

function varint(value: number | bigint): Buffer {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}

function integer(field: number, value: number): Buffer {
  return Buffer.concat([varint(field << 3), varint(value)])
}

function message(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes])
}

function text(field: number, value: string): Buffer {
  return message(field, Buffer.from(value))
}
