import { describe, expect, test } from '@jest/globals'
import { render } from './helpers/helm.js'
import { CANARY_DIGEST, DIGEST, OPTIONS, PULLED } from './helpers/options.js'

const image = { repository: 'r.example/app', digest: DIGEST }
const canary = { enabled: true, image: { digest: CANARY_DIGEST } }
const route = { enabled: true, parentRefs: [{ name: 'web' }] }
const template = (rendered: Awaited<ReturnType<typeof render>>, name?: string) =>
  rendered.get('Deployment', name).spec!.template

describe('a canary behind a plain Service', () => {
  test.each([
    // stable pods, weight, canary pods
    [3, 25, 1],
    [9, 10, 1],
    [4, 50, 4],
    [6, 25, 2],
    [5, 25, 2],
    [1, 5, 1],
    [2, 99, 198],
  ])('when %i pods are stable and its weight is %i, then it has %i', async (replicaCount, weight, pods) => {
    const rendered = await render({ values: { replicaCount, canary: { ...canary, weight } } })
    expect(rendered.get('Deployment').spec!.replicas).toBe(replicaCount)
    expect(rendered.get('Deployment', 'inference-canary').spec!.replicas).toBe(pods)
  })

  test('when it runs, then its own image gets requests of the same Service, and no Deployment has the pods of the other', async () => {
    const rendered = await render({ values: { image, canary } })
    expect(rendered.app().image).toBe(`r.example/app@${DIGEST}`)
    expect(rendered.app('inference-canary').image).toBe(`r.example/app@${CANARY_DIGEST}`)
    const [stable, other] = [template(rendered), template(rendered, 'inference-canary')]
    const { selector } = rendered.get('Service').spec!
    expect(stable.metadata!.labels).toMatchObject({ ...selector, track: 'stable' })
    expect(other.metadata!.labels).toMatchObject({ ...selector, track: 'canary' })
    expect(rendered.get('Deployment').spec!.selector.matchLabels).toEqual({ ...selector, track: 'stable' })
    expect(rendered.get('Deployment', 'inference-canary').spec!.selector.matchLabels).toEqual({
      ...selector,
      track: 'canary',
    })
  })

  test('when it starts or ends, then the stable pods stay as they are', async () => {
    const [before, during] = await Promise.all(
      [{ image }, { image, canary }].map((values) => render({ values })),
    )
    expect(during!.get('Deployment').spec).toEqual(before!.get('Deployment').spec)
    expect(during!.get('Service').spec).toEqual(before!.get('Service').spec)
  })

  test('when it is promoted, then the stable pods are what it was; when aborted, what they were', async () => {
    const during = await render({ values: { image, canary } })
    const promote = { image: { ...image, digest: CANARY_DIGEST }, canary: { ...canary, enabled: false } }
    const promoted = await render({ values: promote })
    expect(promoted.app().image).toBe(during.app('inference-canary').image)
    expect(promoted.has('Deployment', 'inference-canary')).toBe(false)

    const aborted = await render({ values: { image, canary: { ...canary, enabled: false } } })
    expect(aborted.objects).toEqual((await render({ values: { image } })).objects)
  })

  test('when only its model differs, then it runs the stable image and pulls another version', async () => {
    const rendered = await render({
      values: { image, model: PULLED, canary: { enabled: true, modelVersion: '2.0.0' } },
    })
    expect(rendered.app('inference-canary').image).toBe(rendered.app().image)
    expect(rendered.podSpec('inference-canary').initContainers![0]!.command).toContain('--version=2.0.0')
    expect(rendered.podSpec().initContainers![0]!.command).toContain('--version=latest')
  })

  test('when its pods are counted by hand, then its weight says nothing', async () => {
    const values = { autoscaling: { enabled: true }, canary: { ...canary, replicaCount: 3 } }
    const rendered = await render({ values })
    expect(rendered.get('Deployment', 'inference-canary').spec!.replicas).toBe(3)
    expect(rendered.has('HorizontalPodAutoscaler', 'inference-canary')).toBe(false)
  })
})

describe('a canary behind an HTTPRoute', () => {
  test.each([
    [10, 90],
    [0, 100],
  ])('when its weight is %i, then the stable Service has %i', async (weight, rest) => {
    const rendered = await render({ values: { httpRoute: route, canary: { ...canary, weight } } })
    expect(rendered.get('HTTPRoute').spec.rules).toEqual([
      {
        backendRefs: [
          { name: 'inference-stable', port: 80, weight: rest },
          { name: 'inference-canary', port: 80, weight },
        ],
      },
    ])
    for (const track of ['stable', 'canary']) {
      expect(rendered.get('Service', `inference-${track}`).spec!.selector).toMatchObject({ track })
    }
    expect(rendered.get('Deployment', 'inference-canary').spec!.replicas).toBe(1)
  })

  test('when there is no canary, then everything goes to the stable Service, which stays when one comes', async () => {
    const rendered = await render({ values: { httpRoute: route } })
    const { backendRefs } = rendered.get('HTTPRoute').spec.rules[0]!
    expect(backendRefs).toEqual([{ name: 'inference-stable', port: 80, weight: 100 }])
    expect(rendered.has('Service', 'inference-stable')).toBe(true)
  })
})

describe('a canary with autoscaling', () => {
  test('when both scale, then each has an autoscaler of its own in proportion, and no Deployment has replicas', async () => {
    const autoscaling = { enabled: true, minReplicas: 3, maxReplicas: 12 }
    const rendered = await render({ values: { autoscaling, canary } })
    const expected = { inference: [3, 12], 'inference-canary': [1, 4] }
    for (const [name, [minReplicas, maxReplicas]] of Object.entries(expected)) {
      const { spec } = rendered.get('HorizontalPodAutoscaler', name)
      expect(spec).toMatchObject({ minReplicas, maxReplicas, scaleTargetRef: { kind: 'Deployment', name } })
      expect(rendered.get('Deployment', name).spec).not.toHaveProperty('replicas')
    }
  })

  test('when there is a budget, then one counts the pods of both', async () => {
    const rendered = await render({ values: OPTIONS['canary with autoscaling'] })
    const { matchLabels } = rendered.get('PodDisruptionBudget').spec!.selector!
    expect(template(rendered).metadata!.labels).toMatchObject(matchLabels!)
    expect(template(rendered, 'inference-canary').metadata!.labels).toMatchObject(matchLabels!)
    expect(rendered.names().filter((name) => name.startsWith('PodDisruptionBudget'))).toHaveLength(1)
  })
})
