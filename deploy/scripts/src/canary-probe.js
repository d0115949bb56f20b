// Runs inside a canary's pod (`node --eval ... <requests>`): scores the model's golden samples in turn, then prints the
// metrics. A failed request needs no word here: the metrics tell.
const { readFileSync } = require('node:fs')

// biome-ignore-start lint/style/noProcessEnv: it is one file by itself, inside the pod
const base = `http://127.0.0.1:${process.env.PORT || 8080}`
const model = process.env.MODEL_DIR || 'model'
// biome-ignore-end lint/style/noProcessEnv: it is one file by itself, inside the pod
const headers = { 'Content-Type': 'application/json' }
const [, requests] = process.argv

async function main() {
  const { samples } = JSON.parse(readFileSync(`${model}/model.json`, 'utf8'))
  for (let n = 0; n < Number(requests) && samples.length > 0; n++) {
    const image = readFileSync(`${model}/${samples[n % samples.length].file}`, 'base64')
    const answer = await fetch(`${base}/score`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ input: JSON.stringify([image]) }),
    })
    await answer.arrayBuffer()
  }
  console.log(await (await fetch(`${base}/metrics`)).text())
}

main()
