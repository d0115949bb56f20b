import { expect, test } from '@jest/globals'
import { render } from './helpers/helm.js'
import { CANARY_DIGEST, DIGEST, OPTIONS } from './helpers/options.js'

test('when nothing is set, then two pods are replaced one by one, none taken away before its successor is ready', async () => {
  const { spec } = (await render()).get('Deployment')
  expect(spec!.replicas).toBe(2)
  expect(spec!.revisionHistoryLimit).toBe(5)
  expect(spec!.strategy).toEqual({
    type: 'RollingUpdate',
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 },
  })
})

test.each([
  [
    'there is a digest',
    { repository: 'r.example/app', tag: 'v1', digest: DIGEST },
    `r.example/app@${DIGEST}`,
  ],
  ['there is only a tag', { repository: 'r.example/app', tag: 'v1' }, 'r.example/app:v1'],
  ['there is neither', { repository: 'r.example:5000/app' }, 'r.example:5000/app:local'],
])('when %s, then the image is %j', async (_, image, expected) => {
  const rendered = await render({ values: { image } })
  expect(rendered.app().image).toBe(expected)
  for (const { image } of rendered.get('Pod', 'inference-test-stable').spec!.containers)
    expect(image).toBe(expected)
})

test('when the app is asked who answers, then it knows its pod and its digest', async () => {
  const values = { image: { digest: DIGEST }, ...OPTIONS.canary }
  const env = (await render({ values: OPTIONS.digest })).app().env
  expect(env).toContainEqual({ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } })
  expect(env).toContainEqual({ name: 'IMAGE_DIGEST', value: DIGEST })
  const canary = (await render({ values })).app('inference-canary').env
  expect(canary).toContainEqual({ name: 'IMAGE_DIGEST', value: CANARY_DIGEST })
  expect((await render()).app().env!.map(({ name }) => name)).not.toContain('IMAGE_DIGEST')
})

test('when pull secrets are named, then pods use them', async () => {
  const rendered = await render({ values: OPTIONS['pull secrets'] })
  expect(rendered.podSpec().imagePullSecrets).toEqual([{ name: 'registry' }])
  expect(rendered.app().imagePullPolicy).toBe('Always')
})

test('when probes are looked at, then readiness and liveness have endpoints of their own', async () => {
  const { startupProbe, readinessProbe, livenessProbe } = (await render()).app()
  expect(startupProbe).toMatchObject({ httpGet: { path: '/readyz', port: 'http' }, failureThreshold: 90 })
  expect(readinessProbe).toMatchObject({ httpGet: { path: '/readyz', port: 'http' } })
  expect(livenessProbe).toMatchObject({ httpGet: { path: '/healthz', port: 'http' } })
})

test.each([
  [{}, 35],
  [{ SHUTDOWN_GRACE_MS: 60_001 }, 66],
  [{ SHUTDOWN_GRACE_MS: null, SHUTDOWN_DELAY_MS: null }, 30],
])('when the drain is %j, then the pod gets %i s: all of it and a bit more', async (config, seconds) => {
  const rendered = await render({ values: { config } })
  expect(rendered.podSpec().terminationGracePeriodSeconds).toBe(seconds)
  // The app itself waits before it stops listening.
  expect(rendered.app().lifecycle).toBeUndefined()
})

test('when settings are given, then the app gets them as they were written, large numbers too', async () => {
  const config = { MAX_IMAGE_PIXELS: 123_456_789, OTEL_TRACES_SAMPLER_ARG: 0.25, OTEL_SDK_DISABLED: true }
  const rendered = await render({ values: { config } })
  expect(rendered.get('ConfigMap').data).toEqual({
    MAX_BUFFERED_BYTES: '67108864',
    MAX_IMAGE_PIXELS: '123456789',
    OTEL_SDK_DISABLED: 'true',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
    SHUTDOWN_DELAY_MS: '5000',
    SHUTDOWN_GRACE_MS: '30000',
  })
  expect(rendered.app().envFrom).toEqual([{ configMapRef: { name: 'inference' } }])
})

test('when a setting or a key changes, then the pods are replaced, and otherwise they are not', async () => {
  const values = [
    {},
    { replicaCount: 5 },
    { config: { LOG_LEVEL: 'warn' } },
    { apiKeys: { values: ['0123456789abcdef'] } },
    { apiKeys: { values: ['fedcba9876543210'] } },
  ]
  const templates = await Promise.all(
    values.map(async (value) =>
      JSON.stringify((await render({ values: value })).get('Deployment').spec!.template),
    ),
  )
  expect(templates[1]).toBe(templates[0])
  expect(new Set(templates).size).toBe(4)
})

test('when API keys are given, then they reach the app from a secret and never its manifest', async () => {
  const own = await render({ values: OPTIONS['API keys'] })
  const reference = (name: string) => ({
    name: 'API_KEYS',
    valueFrom: { secretKeyRef: { name, key: 'API_KEYS' } },
  })
  expect(own.get('Secret').stringData).toEqual({ API_KEYS: '0123456789abcdef' })
  expect(own.app().env).toContainEqual(reference('inference'))
  expect(JSON.stringify(own.get('Deployment'))).not.toContain('0123456789abcdef')

  const others = await render({ values: OPTIONS['API keys of a secret'] })
  expect(others.has('Secret')).toBe(false)
  expect(others.app().env).toContainEqual(reference('keys'))
})

test('when resources are given, then the limit of CPUs is there for the app to read', async () => {
  const production = await render({ files: ['values-production.yaml'] })
  expect(production.app().resources).toEqual({
    requests: { cpu: '500m', memory: '512Mi' },
    limits: { cpu: '2', memory: '1Gi' },
  })
  expect(production.get('ConfigMap').data).not.toHaveProperty('WORKERS')
})

test('when nothing is set, then pods spread over zones and nodes, and hold nothing but /tmp that can be written', async () => {
  const rendered = await render()
  const spec = rendered.podSpec()
  expect(spec.topologySpreadConstraints!.map(({ topologyKey }) => topologyKey)).toEqual([
    'topology.kubernetes.io/zone',
    'kubernetes.io/hostname',
  ])
  const { selector } = rendered.get('Service').spec!
  expect(spec.topologySpreadConstraints![0]).toMatchObject({
    maxSkew: 1,
    labelSelector: { matchLabels: selector },
  })
  expect(spec.volumes).toEqual([{ name: 'tmp', emptyDir: {} }])
  expect(rendered.app().volumeMounts).toEqual([{ name: 'tmp', mountPath: '/tmp' }])
})

test('when scheduling is set, then the pods carry it', async () => {
  const spec = (await render({ values: OPTIONS.scheduling })).podSpec()
  expect(spec).toMatchObject({
    priorityClassName: 'high',
    nodeSelector: { pool: 'ai' },
    tolerations: [{ key: 'ai', operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
  })
  expect(spec.topologySpreadConstraints![0]).toMatchObject({ whenUnsatisfiable: 'DoNotSchedule' })
})

test('when extras are set, then they are added to what is there', async () => {
  const rendered = await render({ values: OPTIONS.extras })
  const { metadata, spec } = rendered.get('Deployment').spec!.template
  expect(metadata!.labels).toMatchObject({ tier: 'web', team: 'ai', 'app.kubernetes.io/name': 'inference' })
  expect(metadata!.annotations).toMatchObject({ note: 'here', contact: 'me' })
  expect(rendered.app().env).toContainEqual({ name: 'NODE_OPTIONS', value: '--trace-warnings' })
  expect(rendered.app().volumeMounts).toHaveLength(2)
  expect(spec!.volumes).toHaveLength(2)
  for (const { metadata } of rendered.objects) {
    expect(metadata!.labels).toMatchObject({ team: 'ai' })
    expect(metadata!.annotations).toMatchObject({ contact: 'me' })
  }
})

test('when the release or the chart is called otherwise, then names follow and stay within their limit', async () => {
  expect((await render({ release: 'blue' })).has('Deployment', 'blue-inference')).toBe(true)
  expect((await render({ values: OPTIONS.names })).has('Deployment', 'clothes')).toBe(true)
  const long = await render({ release: 'r'.repeat(53), values: OPTIONS.canary })
  for (const { metadata } of long.objects) expect(metadata!.name!.length).toBeLessThanOrEqual(63)
})
