// Run by `helm test` inside the app's own image: the service must know the model's golden samples.
// Arguments: the service's base URL, the model folder, the share of samples that must get their label.
import { readFile } from 'node:fs/promises'

const [url, folder, minAccuracy] = process.argv.slice(1)
// biome-ignore lint/style/noProcessEnv: a script without a package around it
const [key] = (process.env.API_KEYS ?? '').split(',')
const { name, version, samples } = JSON.parse(await readFile(`${folder}/model.json`, 'utf8'))

let right = 0
for (const { file, label } of samples) {
  const response = await fetch(`${url}/score`, {
    method: 'POST',
    // Whatever their format is: the app looks at the bytes.
    headers: { 'content-type': 'image/jpeg', ...(key && { authorization: `Bearer ${key.trim()}` }) },
    body: await readFile(`${folder}/${file}`),
    signal: AbortSignal.timeout(30_000),
  })
  const answer = await response.text()
  if (!response.ok)
    throw new Error(`${file}: the service answered ${response.status}: ${answer.slice(0, 300)}`)
  const [best] = JSON.parse(answer).result[0][0]
  if (best[0] === label) right++
  else console.error(`${file}: ${label} was taken for ${best[0]} (${best[1]} %)`)
}
console.log(`${name} ${version}: ${right} of ${samples.length} golden samples got their label from ${url}`)
if (samples.length === 0 || right / samples.length < Number(minAccuracy)) process.exitCode = 1
