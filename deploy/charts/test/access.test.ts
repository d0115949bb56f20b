import { describe, expect, test } from '@jest/globals'
import { render } from './helpers/helm.js'
import { OPTIONS, PULLED } from './helpers/options.js'

test('when nothing is set, then the Service is for the cluster only and leads to the pods', async () => {
  const rendered = await render()
  const { spec } = rendered.get('Service')
  expect(spec).toMatchObject({ type: 'ClusterIP', ports: [{ name: 'http', port: 80, targetPort: 'http' }] })
  expect(rendered.get('Deployment').spec!.template.metadata!.labels).toMatchObject(spec!.selector!)
  expect(rendered.app().ports).toEqual([{ name: 'http', containerPort: 8080 }])
  expect(rendered.app().env).toContainEqual({ name: 'PORT', value: '8080' })
  expect(rendered.has('Ingress') || rendered.has('HTTPRoute')).toBe(false)
})

test('when a load balancer with a DNS label is wanted, then Azure is told so', async () => {
  const { metadata, spec } = (await render({ values: OPTIONS['load balancer'] })).get('Service')
  expect(spec).toMatchObject({ type: 'LoadBalancer', loadBalancerSourceRanges: ['192.0.2.0/24'] })
  expect(metadata!.annotations).toEqual({
    owner: 'me',
    'service.beta.kubernetes.io/azure-dns-label-name': 'clothes',
  })
})

test.each([
  ['LoadBalancer', 'Local'],
  ['ClusterIP', undefined],
])('when a %s is to keep requests on their node, then the policy is %s', async (type, expected) => {
  const { spec } = (await render({ values: { service: { type, externalTrafficPolicy: 'Local' } } })).get(
    'Service',
  )
  expect(spec!.externalTrafficPolicy).toBe(expected)
})

test('when an Ingress is wanted, then it leads to the Service, with TLS', async () => {
  expect((await render({ values: OPTIONS.ingress })).get('Ingress').spec).toEqual({
    ingressClassName: 'nginx',
    tls: [{ secretName: 'certificate', hosts: ['clothes.example'] }],
    rules: [
      {
        host: 'clothes.example',
        http: {
          paths: [
            {
              path: '/',
              pathType: 'Prefix',
              backend: { service: { name: 'inference', port: { name: 'http' } } },
            },
          ],
        },
      },
    ],
  })
  const plain = await render({ values: { ingress: { enabled: true, hosts: ['clothes.example'] } } })
  expect(plain.get('Ingress').spec).not.toHaveProperty('tls')
})

test("when an HTTPRoute is wanted, then it belongs to the given Gateway's listener", async () => {
  const httpRoute = {
    enabled: true,
    parentRefs: [{ name: 'web', namespace: 'gateways', sectionName: 'https' }],
    hostnames: ['clothes.example'],
  }
  const rendered = await render({ values: { httpRoute } })
  expect(rendered.get('HTTPRoute').spec).toMatchObject({
    parentRefs: httpRoute.parentRefs,
    hostnames: ['clothes.example'],
  })
  expect(rendered.has('Gateway')).toBe(false)
})

test('when a Gateway is wanted too, then it ends TLS with the given certificate', async () => {
  const rendered = await render({ values: OPTIONS['route with its own gateway'] })
  expect(rendered.get('HTTPRoute').spec.parentRefs).toEqual([{ name: 'inference' }])
  const tls = { mode: 'Terminate', certificateRefs: [{ name: 'certificate' }] }
  expect(rendered.get('Gateway').spec).toEqual({
    gatewayClassName: 'any',
    listeners: [
      { name: 'clothes-example', hostname: 'clothes.example', protocol: 'HTTPS', port: 443, tls },
      { name: 'any-clothes-example', hostname: '*.clothes.example', protocol: 'HTTPS', port: 443, tls },
    ],
  })
  const gateway = { create: true, className: 'any' }
  const plain = await render({ values: { httpRoute: { enabled: true, gateway } } })
  expect(plain.get('Gateway').spec.listeners).toEqual([{ name: 'all', protocol: 'HTTP', port: 80 }])
})

describe('the NetworkPolicy', () => {
  const release = {
    podSelector: {
      matchLabels: { 'app.kubernetes.io/name': 'inference', 'app.kubernetes.io/instance': 'inference' },
    },
  }
  const dns = {
    ports: [
      { port: 53, protocol: 'UDP' },
      { port: 53, protocol: 'TCP' },
    ],
    to: [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
        podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      },
    ],
  }
  /** `from` is a word of the client's language, so its types have another name for it. */
  const policy = async (values: object, name?: string) =>
    (await render({ values })).get('NetworkPolicy', name).spec as unknown as Record<string, unknown>

  test('when nothing is set, then only the release itself gets in, and nothing but DNS is reached', async () => {
    const spec = await policy({})
    expect(spec).toMatchObject({ policyTypes: ['Ingress', 'Egress'], egress: [dns] })
    expect(spec.ingress).toEqual([{ ports: [{ port: 'http' }], from: [release] }])
    const { labels } = (await render()).get('Deployment').spec!.template.metadata!
    expect(labels).toMatchObject((spec.podSelector as { matchLabels: object }).matchLabels)
  })

  test('when namespaces, networks and rules are chosen, then they are added', async () => {
    const spec = await policy(OPTIONS['network policy'])
    const names = { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['ingress', 'monitoring'] }
    const chosen = [
      { namespaceSelector: { matchExpressions: [names] } },
      { ipBlock: { cidr: '192.0.2.0/24' } },
    ]
    expect(spec.ingress).toEqual([
      { ports: [{ port: 'http' }], from: [release, ...chosen] },
      { from: [{ podSelector: {} }] },
    ])
    expect(spec.egress).toEqual([dns, { to: [{ ipBlock: { cidr: '192.0.2.7/32' } }] }])
  })

  test.each([
    ['NodePort', [], '0.0.0.0/0'],
    ['LoadBalancer', [], '0.0.0.0/0'],
    ['LoadBalancer', ['192.0.2.0/24'], '192.0.2.0/24'],
  ])('when the Service is a %s for %j, then %s gets in', async (type, loadBalancerSourceRanges, cidr) => {
    const spec = await policy({ service: { type, loadBalancerSourceRanges } })
    expect(spec.ingress).toMatchObject([{ from: [release, { ipBlock: { cidr } }] }])
  })

  test.each([
    ['https://account.blob.core.windows.net/models', 443],
    ['s3://models', 443],
    ['azurite://10.0.0.4:10123/models', 10123],
    ['azurite://10.0.0.4/models', 10000],
  ])('when the model is pulled from %s, then port %i is reached too', async (store, port) => {
    const spec = await policy({ model: { ...PULLED, store } })
    expect(spec.egress).toEqual([dns, { ports: [{ port }], to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }])
  })

  test('when the store is named but the model is baked in, then it is not reached', async () => {
    expect(await policy({ model: { ...PULLED, mode: 'baked' } })).toMatchObject({ egress: [dns] })
  })

  test('when the model is an endpoint, then the front has a policy of its own, which reaches it', async () => {
    const spec = await policy({ modelEndpoint: { enabled: true } }, 'inference-front')
    expect(spec.podSelector).toMatchObject({ matchLabels: { 'app.kubernetes.io/component': 'front' } })
    const servers = { matchLabels: { 'app.kubernetes.io/name': 'inference' } }
    const endpoint = { ports: [{ port: 'http' }], to: [{ namespaceSelector: {}, podSelector: servers }] }
    expect(spec.egress).toEqual([dns, endpoint])
  })

  test('when it is turned off, then there is none', async () => {
    const rendered = await render({ values: OPTIONS['no network policy'] })
    expect(rendered.has('NetworkPolicy')).toBe(false)
  })
})
