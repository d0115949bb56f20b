import sharp from 'sharp'
import { randomNumbers } from './random.js'

const [WIDTH, HEIGHT] = [1280, 960]

/** A JPEG with about the size and detail of a photo of that size, 190 kB: soft colours, edges and some noise. */
export async function photo(): Promise<Buffer> {
  const random = randomNumbers(7)
  const discs = Array.from({ length: 60 }, () => ({
    x: random() * WIDTH,
    y: random() * HEIGHT,
    radius: 20 + random() * 160,
    colour: [random() * 255, random() * 255, random() * 255] as const,
  }))
  const pixels = Buffer.alloc(WIDTH * HEIGHT * 3)
  for (let y = 0, at = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const disc = discs.find((one) => (x - one.x) ** 2 + (y - one.y) ** 2 < one.radius ** 2)
      const noise = (random() - 0.5) * 30
      for (let channel = 0; channel < 3; channel++, at++) {
        const wave = 40 * Math.sin((x + channel * 80) / 90) + 40 * Math.cos((y - channel * 50) / 70)
        pixels[at] = Math.max(0, Math.min(255, (disc?.colour[channel] ?? 128) + wave + noise))
      }
    }
  }
  return sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
    .blur(0.8)
    .jpeg({ quality: 87 })
    .toBuffer()
}
