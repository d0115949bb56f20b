import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'

const FORMATS = ['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const

/** Sound images of every format: what the broken ones are made from. */
export async function soundImages(): Promise<Buffer[]> {
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const
  const image = sharp({ create: { width: 40, height: 30, channels: 3, background: '#000', noise } })
  const pixels = await image.raw().toBuffer()
  const raw = { width: 40, height: 30, channels: 3 } as const
  return Promise.all(FORMATS.map((format) => sharp(pixels, { raw }).toFormat(format).toBuffer()))
}

/** Images that are odd or worse, each for a reason of its own. */
export async function specialImages(): Promise<Buffer[]> {
  const plain = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: '#123' } })
  return [
    await plain(1, 1).png().toBuffer(),
    await plain(1, 1).jpeg().toBuffer(),
    await plain(30_000, 1).png().toBuffer(),
    await plain(1, 30_000).jpeg().toBuffer(),
    await plain(5_000_000, 1).png().toBuffer(),
    await plain(1, 5_000_000).png().toBuffer(),
    ...(await bombs()),
    manyScans(),
    manySegments(),
    inflatingTexts(),
    // Sizes that no memory could hold, with next to nothing behind them.
    png(60_000, 60_000, Buffer.alloc(100)),
    png(0x7fffffff, 0x7fffffff, Buffer.alloc(10)),
    png(0, 0, Buffer.alloc(1)),
    // The right size, but its data inflates to two million bytes.
    png(28, 28, Buffer.alloc(2_000_000)),
    Buffer.from('GIF89a\xff\xff\xff\xff\x80\0\0', 'latin1'),
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    Buffer.from('<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>'),
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    Buffer.from([0xff, 0xd8, 0xff]),
    Buffer.from('RIFF\xff\xff\xff\xffWEBPVP8 ', 'latin1'),
    Buffer.from('\0\0\0\x1cftypavif\0\0\0\0avifmif1', 'latin1'),
    Buffer.from('II*\0\x08\0\0\0\xff\xff', 'latin1'),
    Buffer.alloc(0),
  ]
}

/** 7,000 x 7,000 pixels, within the limit, and each in a way that makes decoding it costly. */
async function bombs(): Promise<Buffer[]> {
  const image = (channels: 3 | 4 = 3) =>
    sharp({ create: { width: 7_000, height: 7_000, channels, background: { r: 1, g: 2, b: 3, alpha: 0.5 } } })
  const each = [
    image().png({ compressionLevel: 9 }),
    image(4).toColourspace('rgb16').png({ progressive: true }),
    image().jpeg({ progressive: true, chromaSubsampling: '4:4:4' }),
    image().withMetadata({ orientation: 6 }).jpeg(),
    image().gif({ effort: 1 }),
    image().avif({ effort: 0 }),
  ]
  const made: Buffer[] = []
  // One after the other: making them takes as much memory as reading them.
  for (const bomb of each) made.push(await bomb.toBuffer())
  return made
}

/** A progressive JPEG of 49 megapixels, each of whose scans says in a few bytes that it adds nothing. */
function manyScans(): Buffer {
  const side = 7_000
  const blocks = (side / 8) ** 2
  const first = jpegSegment(0xda, 1, 1, 0, 0, 0, 0)
  // Runs of 16,384 empty blocks, of 15 bits each.
  const runs = Buffer.alloc(Math.ceil((Math.ceil(blocks / 16_384) * 15) / 8))
  const scan = Buffer.concat([jpegSegment(0xda, 1, 1, 0, 1, 63, 0), runs])
  return Buffer.concat([
    Buffer.from('ffd8', 'hex'),
    jpegSegment(0xdb, 0, ...Array(64).fill(1)),
    jpegSegment(0xc2, 8, side >> 8, side & 0xff, side >> 8, side & 0xff, 1, 1, 0x11, 0),
    // Codes of one bit: for no change of the mean, and for a run.
    jpegSegment(0xc4, 0x00, 1, ...Array(15).fill(0), 0x00),
    jpegSegment(0xc4, 0x10, 1, ...Array(15).fill(0), 0xe0),
    first,
    Buffer.alloc(Math.ceil(blocks / 8)),
    ...Array(9_000).fill(scan),
    Buffer.from('ffd9', 'hex'),
  ])
}

/** A JPEG whose decoder would keep each of its tiny segments. */
function manySegments(): Buffer {
  const segments = Array(50_000).fill(jpegSegment(0xe1, ...Buffer.from('Exif\0\0')))
  return Buffer.concat([Buffer.from('ffd8', 'hex'), ...segments, Buffer.from('ffd9', 'hex')])
}

function jpegSegment(marker: number, ...data: number[]): Buffer {
  return Buffer.from([0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 0xff, ...data])
}

/** A sound PNG of 1 MB, with texts that are 1 GB when they are inflated. */
function inflatingTexts(): Buffer {
  const text = chunk(
    'zTXt',
    Buffer.concat([Buffer.from('a\0\0'), deflateSync(Buffer.alloc(50_000_000, 'a'))]),
  )
  return png(256, 256, Buffer.alloc(257 * 256), ...Array(20).fill(text))
}

/** A PNG that claims this size, with this data behind it. */
function png(width: number, height: number, data: Buffer, ...optional: Buffer[]): Buffer {
  const sizes = Buffer.alloc(13)
  sizes.writeUInt32BE(width)
  sizes.writeUInt32BE(height, 4)
  sizes.writeUInt8(8, 8)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', sizes),
    ...optional,
    chunk('IDAT', deflateSync(data)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(content.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}
