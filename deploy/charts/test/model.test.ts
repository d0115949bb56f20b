import { expect, test } from '@jest/globals'
import { render } from './helpers/helm.js'
import { DIGEST, OPTIONS, PULLED, TRUST_KEYS } from './helpers/options.js'

test('when nothing is set, then the model is the one in the image, and nothing is pulled', async () => {
  const rendered = await render()
  expect(rendered.podSpec().initContainers).toBeUndefined()
  expect(rendered.app().env).toContainEqual({ name: 'MODEL_DIR', value: '/app/model' })
})

test('when the model is pulled, then an init container of the same image puts it where the app reads it', async () => {
  const rendered = await render({ values: { image: { digest: DIGEST }, model: PULLED } })
  const { initContainers, volumes } = rendered.podSpec()
  const [pull] = initContainers!
  expect(pull!.image).toBe(rendered.app().image)
  expect(pull!.command).toEqual([
    ...['node', '/app/bin/model.js', 'pull', 'fashion-mnist'],
    ...['--version=latest', '--out=/app/model/pulled'],
  ])
  expect(pull!.env).toEqual([
    { name: 'MODEL_STORE', value: PULLED.store },
    { name: 'MODEL_STORE_AUTH', value: 'auto' },
  ])
  expect(volumes).toContainEqual({ name: 'model', emptyDir: { sizeLimit: '2Gi' } })
  expect(pull!.volumeMounts).toContainEqual({ name: 'model', mountPath: '/app/model' })
  expect(rendered.app().volumeMounts).toContainEqual({
    name: 'model',
    mountPath: '/app/model',
    readOnly: true,
  })
  expect(rendered.app().env).toContainEqual({ name: 'MODEL_DIR', value: '/app/model/pulled' })
})

test('when keys are trusted, then each is a file of a ConfigMap that the pull is told of', async () => {
  const rendered = await render({ values: { model: { ...PULLED, trustKey: TRUST_KEYS.join('\n') } } })
  const [pull] = rendered.podSpec().initContainers!
  expect(rendered.get('ConfigMap', 'inference-model-trust').data).toEqual({
    '0.pub': `${TRUST_KEYS[0]}\n`,
    '1.pub': `${TRUST_KEYS[1]}\n`,
  })
  expect(pull!.command!.slice(-2)).toEqual([
    '--trust=/etc/model-trust/0.pub',
    '--trust=/etc/model-trust/1.pub',
  ])
  expect(pull!.volumeMounts).toContainEqual({
    name: 'model-trust',
    mountPath: '/etc/model-trust',
    readOnly: true,
  })
  expect(rendered.podSpec().volumes).toContainEqual({
    name: 'model-trust',
    configMap: { name: 'inference-model-trust' },
  })
})

test('when the store needs credentials, then only the pull gets them', async () => {
  const rendered = await render({ values: OPTIONS['pulled model, all of it'] })
  const [pull] = rendered.podSpec().initContainers!
  expect(pull!.envFrom).toEqual([{ secretRef: { name: 'store' } }])
  expect(pull!.env).toContainEqual({ name: 'AWS_REGION', value: 'eu' })
  expect(JSON.stringify(rendered.app())).not.toMatch(/"store"|AWS_REGION/)
})

test('when workload identity is on, then account and pods carry its marks, and still no token of the API', async () => {
  const rendered = await render({ values: OPTIONS['pulled model, all of it'] })
  const { metadata } = rendered.get('ServiceAccount')
  const mark = { 'azure.workload.identity/use': 'true' }
  expect(metadata!.labels).toMatchObject(mark)
  expect(metadata!.annotations).toEqual({
    'azure.workload.identity/client-id': 'client',
    'azure.workload.identity/tenant-id': 'tenant',
  })
  const { template } = rendered.get('Deployment').spec!
  expect(template.metadata!.labels).toMatchObject(mark)
  expect(template.spec).toMatchObject({
    serviceAccountName: 'inference',
    automountServiceAccountToken: false,
  })
  expect(rendered.get('Pod', 'inference-test-stable').metadata!.labels).toMatchObject(mark)
})

test('when workload identity is off, then nothing carries its marks, and no token is mounted', async () => {
  const rendered = await render()
  expect(JSON.stringify(rendered.objects)).not.toContain('azure.workload.identity')
  expect(rendered.get('ServiceAccount').automountServiceAccountToken).toBe(false)
  expect(rendered.podSpec().automountServiceAccountToken).toBe(false)
})

test("when the service account is somebody else's, then none is made and that one is used", async () => {
  const shared = await render({ values: OPTIONS['service account of others'] })
  expect(shared.objects.some(({ kind }) => kind === 'ServiceAccount')).toBe(false)
  expect(shared.podSpec().serviceAccountName).toBe('shared')
  const named = await render({ values: OPTIONS['service account by name'] })
  expect(named.get('ServiceAccount', 'mine').metadata!.annotations).toEqual({ owner: 'me' })
  expect(named.podSpec().serviceAccountName).toBe('mine')
})

test('when the model is an endpoint, then a thin Deployment of the same image asks it', async () => {
  const rendered = await render({ values: { image: { digest: DIGEST }, modelEndpoint: { enabled: true } } })
  const front = rendered.app('inference-front')
  expect(front.image).toBe(rendered.app().image)
  expect(front.env).toContainEqual({ name: 'MODEL_ENDPOINT', value: 'http://inference:80' })
  expect(rendered.app().env!.map(({ name }) => name)).not.toContain('MODEL_ENDPOINT')
  expect(rendered.get('Deployment', 'inference-front').spec!.replicas).toBe(1)
  const labels = rendered.get('Deployment', 'inference-front').spec!.template.metadata!.labels
  expect(labels).toMatchObject(rendered.get('Service', 'inference-front').spec!.selector!)
  expect(labels).not.toMatchObject(rendered.get('Service').spec!.selector!)
})

test('when the endpoint is elsewhere and wants a key, then the thin Deployment asks it there with the key', async () => {
  const modelEndpoint = {
    enabled: true,
    url: 'https://models.example',
    apiKeySecret: 'endpoint',
    replicaCount: 2,
  }
  const rendered = await render({ values: { modelEndpoint } })
  const { env } = rendered.app('inference-front')
  expect(env).toContainEqual({ name: 'MODEL_ENDPOINT', value: 'https://models.example' })
  expect(env).toContainEqual({
    name: 'MODEL_ENDPOINT_API_KEY',
    valueFrom: { secretKeyRef: { name: 'endpoint', key: 'MODEL_ENDPOINT_API_KEY' } },
  })
  expect(rendered.get('Deployment', 'inference-front').spec!.replicas).toBe(2)
})
