/** What image-test.sh checks of an image, with Node's own test runner: it writes JUnit by itself. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Container, engine } from './container.js'
import { imageTest } from './env.js'

const LIMITS = ['--memory', '512m', '--cpus', '1']
const CLIENTS = 8
/** An app that does not end by itself must not hold the test up. */
const PATIENCE = { timeout: 60_000 }

/** @type {{ samples: { file: string, label: string }[] }} */
const { samples } = JSON.parse(readFileSync(join(imageTest.modelFolder, 'model.json'), 'utf8'))
const bodies = samples.map(({ file, label }) => {
  const image = readFileSync(join(imageTest.modelFolder, file)).toString('base64')
  return { label, body: JSON.stringify({ input: JSON.stringify([image]) }) }
})
const [{ Config: config, HealthCheck: podmanHealth, Healthcheck: health = podmanHealth }] = JSON.parse(
  engine('image', 'inspect', imageTest.image),
)

/** @type {Container} */
let container
before(async () => {
  container = await Container.start(LIMITS)
})
after(() => container?.remove())

/** Sends an image as the original's clients do. @param {string | undefined} body */
async function score(body) {
  const headers = { 'content-type': 'application/json' }
  return await fetch(`${container.url}/score`, { method: 'POST', headers, body: body ?? '{}' })
}

test('when it runs, then it is process 1, without root, rights, or a way to get any', () => {
  const status = container.node('-p', 'fs.readFileSync("/proc/1/status", "utf8")')
  const command = container.node('-p', 'fs.readFileSync("/proc/1/cmdline", "utf8").replaceAll("\\0", " ")')
  assert.match(command, /^node .*main\.js/)
  assert.match(status, /^Uid:\t65532\t65532\t65532\t65532$/m)
  assert.match(status, /^CapEff:\t0{16}$/m)
  assert.match(status, /^CapBnd:\t0{16}$/m)
  assert.match(status, /^NoNewPrivs:\t1$/m)
  assert.equal(config.User, '65532:65532')
})

test('when its file system is read-only, then only /tmp can be written', () => {
  const write = 'try { fs.writeFileSync(process.argv[1], ""); "written" } catch (error) { error.code }'
  assert.equal(container.node('-p', write, '/tmp/file'), 'written')
  assert.equal(container.node('-p', write, '/app/file'), 'EROFS')
})

test('when npm is looked for, then it is not there', () => {
  const found =
    'fs.globSync(["/usr/local/bin/{npm,npx,corepack,yarn}", "/usr/local/lib/node_modules/*"]).join()'
  assert.equal(container.node('-p', found), '')
})

test('when memory and CPU are limited, then the app sees the limits', (t) => {
  if (container.limits.length === 0) return t.skip("this machine's cgroups permit no limits")
  assert.equal(container.node('-p', 'process.constrainedMemory()'), `${512 * 1024 * 1024}`)
  const cpus =
    'import("/app/packages/classifier/dist/index.js").then(({ cpuLimit }) => console.log(cpuLimit()))'
  assert.equal(container.node('-e', cpus), '1')
})

test("when /version is asked, then it tells what the image's labels tell", async () => {
  const { app, model } = await json(await fetch(`${container.url}/version`))
  const label = config.Labels
  assert.equal(app.version, label['org.opencontainers.image.version'])
  assert.equal(app.commit, label['org.opencontainers.image.revision'])
  assert.equal(model.name, label['model.name'])
  assert.equal(model.version, label['model.version'])
  assert.equal(model.sha256, label['model.sha256'])
  assert.equal(model.manifestSha256, label['model.manifest.sha256'])
})

test("when the original's client scores an image, then it gets the original's answer", async () => {
  const answer = await score(bodies[0]?.body)
  assert.equal(answer.status, 200)
  const { result } = await json(answer)
  const [[[[label, percent]]], time] = result
  assert.equal(result[0].length, 1)
  assert.equal(typeof label, 'string')
  assert.ok(percent > 0 && percent <= 100)
  assert.match(time, /^Computed in [\d.]+ ms$/)
  const wrong = await fetch(`${container.url}/score`, { method: 'POST', body: 'text' })
  assert.equal(wrong.status, 415)
})

test('when the golden samples are scored, then each gets its label', async () => {
  assert.notEqual(bodies.length, 0, 'the model has no samples: add some with `model init --sample`')
  for (const { body, label } of bodies) {
    const { result } = await json(await score(body))
    assert.equal(result[0][0][0][0], label)
  }
})

test("when the image's own tools are run, then it conforms to the protocol and its model is intact", () => {
  const port = container.node('-p', 'process.env.PORT')
  container.node('/app/bin/oip-conformance.js', `http://127.0.0.1:${port}`)
  container.node('/app/bin/model.js', 'verify', '/app/model')
})

test('when it is healthy, then its health check says so', () => {
  const [kind, node, ...args] = health?.Test ?? []
  assert.deepEqual([kind, node], ['CMD', 'node'])
  container.node(...args)
})

test(
  'when SIGTERM comes under load, then no request is lost and it ends with exit code 0',
  PATIENCE,
  async (t) => {
    let answered = 0
    let stopping = false
    /** @type {unknown[]} */
    const lost = []
    const client = async () => {
      // Stops as a load balancer does: when the app is no longer ready, with what it has begun being answered.
      for (let ready = true; ready && !t.signal.aborted; ready = !stopping || (await isReady())) {
        const { body } = bodies[answered % bodies.length] ?? {}
        const status = await score(body).then(
          (answer) => answer.text().then(() => answer.status),
          (error) => error,
        )
        if (status === 200) answered++
        else lost.push(status)
        if (answered === 10 * CLIENTS && !stopping) {
          stopping = true
          container.kill('TERM')
        }
      }
    }
    await Promise.all(Array.from({ length: CLIENTS }, client))
    assert.deepEqual(lost, [])
    assert.ok(answered > 10 * CLIENTS)
    assert.equal(container.wait(), 0)
    assert.match(container.log(), /"msg":"stopped"/)
  },
)

test('when SIGTERM comes twice, then it ends without finishing what has begun', PATIENCE, async (t) => {
  const other = await Container.start(LIMITS)
  t.after(() => other.remove())
  other.kill('TERM')
  while (!t.signal.aborted && (await fetch(`${other.url}/readyz`)).ok);
  other.kill('TERM')
  assert.notEqual(other.wait(), 0)
})

/** @param {Response} answer @returns {Promise<any>} */
function json(answer) {
  return answer.json()
}

async function isReady() {
  return (await fetch(`${container.url}/readyz`)).ok
}
