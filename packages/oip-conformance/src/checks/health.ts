import type { Check } from '../check.js'
import { asText, expect, expectOk } from '../expect.js'

export const healthChecks: Check[] = [
  {
    name: 'server live answers live: true',
    expected: 'GET /v2/health/live: 200 {"live":true}',
    async run({ send }) {
      const body = expectOk(await send('/v2/health/live'))
      expect(body.live === true, asText(body))
    },
  },
  {
    name: 'server ready answers live: true and ready: true',
    expected: 'GET /v2/health/ready: 200 {"live":true,"ready":true}',
    why: 'The specification shows "live" only, and its gRPC half "ready"; both are asked for, so that any client finds its own.',
    async run({ send }) {
      const body = expectOk(await send('/v2/health/ready'))
      expect(body.live === true && body.ready === true, asText(body))
    },
  },
  {
    name: 'model ready answers its name and ready: true',
    expected: 'GET /v2/models/{m}/ready: 200 {"name":"{m}","ready":true}',
    async run({ send, path, modelName }) {
      const body = expectOk(await send(`${path()}/ready`))
      expect(body.name === modelName && body.ready === true, asText(body))
    },
  },
  {
    name: 'model ready at the path of its version answers the same',
    expected: 'GET /v2/models/{m}/versions/{v}/ready: 200 {"name":"{m}","ready":true}',
    async run({ send, path, modelName, version }) {
      const body = expectOk(await send(`${path({ version: await version() })}/ready`))
      expect(body.name === modelName && body.ready === true, asText(body))
    },
  },
]
