import { expect, test } from '@jest/globals'
import { render } from './helpers/helm.js'
import { OPTIONS } from './helpers/options.js'

test('when autoscaling is on, then it owns the number of pods, and scales slower down than up', async () => {
  const rendered = await render({ values: OPTIONS.autoscaling })
  expect(rendered.get('Deployment').spec).not.toHaveProperty('replicas')
  const { apiVersion, spec } = rendered.get('HorizontalPodAutoscaler')
  expect(apiVersion).toBe('autoscaling/v2')
  expect(spec!.scaleTargetRef).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'inference' })
  expect(spec!.metrics).toEqual([
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
    {
      type: 'Pods',
      pods: {
        metric: { name: 'inference_queue_depth' },
        target: { type: 'AverageValue', averageValue: '4' },
      },
    },
  ])
  const { scaleUp, scaleDown } = spec!.behavior!
  expect(scaleUp!.stabilizationWindowSeconds).toBeGreaterThan(0)
  expect(scaleDown!.stabilizationWindowSeconds).toBeGreaterThan(scaleUp!.stabilizationWindowSeconds!)
})

test('when no custom metric is named, then CPU is the only one', async () => {
  const rendered = await render({ values: { autoscaling: { enabled: true } } })
  expect(rendered.get('HorizontalPodAutoscaler').spec!.metrics).toHaveLength(1)
})

test.each([
  ['many pods', {}],
  ['one pod', OPTIONS['one pod']],
  ['autoscaling', OPTIONS.autoscaling],
])(
  'when there is %s, then the budget lets one pod go at a time, so that no drain is blocked',
  async (_, values) => {
    const { apiVersion, spec } = (await render({ values })).get('PodDisruptionBudget')
    expect(apiVersion).toBe('policy/v1')
    expect(spec).toMatchObject({ maxUnavailable: 1 })
    expect(spec).not.toHaveProperty('minAvailable')
  },
)

test('when a minimum is given, then it stands instead', async () => {
  const { spec } = (await render({ values: OPTIONS['budget by minimum'] })).get('PodDisruptionBudget')
  expect(spec).toMatchObject({ minAvailable: '50%' })
  expect(spec).not.toHaveProperty('maxUnavailable')
  expect((await render({ values: OPTIONS['no budget'] })).has('PodDisruptionBudget')).toBe(false)
})

test('when a ServiceMonitor is wanted, then it reads each pod once, also with a canary', async () => {
  const values = { ...OPTIONS['service monitor'], ...OPTIONS.canary }
  const rendered = await render({ values })
  const { metadata, spec } = rendered.get('ServiceMonitor')
  expect(metadata.labels).toMatchObject({ release: 'prometheus' })
  expect(spec.endpoints).toEqual([{ port: 'http', path: '/metrics', interval: '30s' }])
  const services = rendered.objects.filter(({ kind }) => kind === 'Service')
  const read = services.filter(({ metadata }) => {
    const labels = metadata!.labels!
    const wanted = Object.entries(spec.selector.matchLabels)
    return wanted.every(([key, value]) => labels[key] === value) && !('track' in labels)
  })
  expect(services).toHaveLength(3)
  expect(read.map(({ metadata }) => metadata!.name)).toEqual(['inference'])
  expect(spec.selector.matchExpressions).toEqual([{ key: 'track', operator: 'DoesNotExist' }])
})
