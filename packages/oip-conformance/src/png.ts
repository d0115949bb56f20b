import { crc32, deflateSync } from 'node:zlib'

const SIZE = 16

/** A valid PNG of 16x16 RGB pixels, 8 bits each, without filters. */
export function makePng(pixel: (x: number, y: number) => [number, number, number]): Buffer {
  const rows = Array.from({ length: SIZE }, (_, y) => [
    0,
    ...Array.from({ length: SIZE }, (_, x) => pixel(x, y)).flat(),
  ])
  const header = Buffer.alloc(13)
  header.writeUInt32BE(SIZE, 0)
  header.writeUInt32BE(SIZE, 4)
  header.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from(rows.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(data.length, 0)
  frame.writeUInt32BE(crc32(body), 4)
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
}

/** A bright slope of colours. */
export const brightPng = () => makePng((x, y) => [250 - 4 * x, 120 + 8 * y, 40 + 8 * x])

/** Nearly black, with a lighter corner. */
export const darkPng = () => makePng((x, y) => (x + y < 8 ? [60, 20, 5] : [4, 12, 16]))
