/**
 * What most people write first: Express, everything on the main thread. `node naive-server.js <model folder> <port>`.
 * Its answers are right; sharp's cache is off and a run has one thread, or it would be slower still.
 */
import { join } from 'node:path'
import { readBundle } from '@repo/model-bundle'
import express from 'express'
import * as ort from 'onnxruntime-node'
import sharp from 'sharp'

const [folder = '', port = '0'] = process.argv.slice(2)
const { manifest, labels } = await readBundle(folder)
const { input, output } = manifest
sharp.cache(false)
const session = await ort.InferenceSession.create(join(folder, manifest.model), { intraOpNumThreads: 1 })

async function classify(base64: string): Promise<[string, number][]> {
  let image = sharp(Buffer.from(base64, 'base64')).resize(input.width, input.height, { fit: 'cover' })
  image = input.channels === 'gray' ? image.grayscale() : image.removeAlpha().toColourspace('srgb')
  const pixels = await image.raw().toBuffer()
  const channels = input.channels === 'gray' ? 1 : 3
  const area = input.width * input.height
  const unit = input.scale === '0..1' ? 255 : 1
  const data = new Float32Array(channels * area)
  for (let i = 0; i < area; i++) {
    for (let channel = 0; channel < channels; channel++) {
      const pixel = pixels[i * channels + channel] ?? 0
      const value = (input.invert ? 255 - pixel : pixel) / unit
      data[channel * area + i] = (value - (input.mean?.[channel] ?? 0)) / (input.std?.[channel] ?? 1)
    }
  }
  const tensor = new ort.Tensor('float32', data, [1, channels, input.height, input.width])
  const results = await session.run({ [input.name]: tensor })
  const scores = Array.from(results[output.name]?.data as Float32Array)
  const largest = Math.max(...scores)
  const exponents = output.kind === 'logits' ? scores.map((score) => Math.exp(score - largest)) : scores
  const sum = exponents.reduce((a, b) => a + b, 0)
  return exponents
    .map((value, index): [string, number] => [labels[index] ?? '', (value / sum) * 100])
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3)
}

const app = express()
app.use(express.json({ limit: '64mb' }))
app.post('/score', async (req, res) => {
  const start = performance.now()
  const images: string[] = JSON.parse(req.body.input)
  const answers = []
  for (const image of images) answers.push(await classify(image))
  res.json({ result: [answers, `Computed in ${(performance.now() - start).toFixed(1)} ms`] })
})
app.get('/healthz', (_req, res) => {
  res.json({ status: 'ok' })
})
const server = app.listen(Number(port), '127.0.0.1')
process.once('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeAllConnections()
})
