// Run as a process of its own: publishes and pulls, and prints by how many bytes its memory grew meanwhile.
import { argv, memoryUsage } from 'node:process'
import { openStore, publishModel, pullModel } from '../../dist/index.js'

const [url, smallBundle, largeBundle, target] = argv.slice(2)
const store = openStore(url)

async function publishAndPull(bundle) {
  const times = {}
  let from = performance.now()
  const { name } = await publishModel(store, bundle)
  times.publishSeconds = (performance.now() - from) / 1000
  from = performance.now()
  const { downloadedBytes } = await pullModel(store, name, `${target}/${name}`)
  times.pullSeconds = (performance.now() - from) / 1000
  return { downloadedBytes, ...times }
}

// The libraries load and the connections open with a small model; only what a large one adds is measured.
await publishAndPull(smallBundle)
const before = memoryUsage.rss()
let most = before
const sampler = setInterval(() => {
  most = Math.max(most, memoryUsage.rss())
}, 10)
const moved = await publishAndPull(largeBundle)
clearInterval(sampler)
console.log(JSON.stringify({ grownBytes: most - before, ...moved }))
