import { expect, test } from '@jest/globals'
import { chart, helm } from './helpers/helm.js'
import { CANARY_DIGEST, DIGEST, OPTIONS } from './helpers/options.js'

/** What helm prints after an install. Helm 3 would ask a cluster for it. */
async function notes(values: object): Promise<string> {
  const args = ['install', 'inference', chart, '--namespace', 'apps', '--kubeconfig', '/dev/null']
  const printed = await helm('helm4', [...args, '--dry-run=client'], values)
  return printed.slice(printed.indexOf('\nNOTES:\n'))
}

test.each<[string, object, string]>([
  ['inside', {}, '-F image=@photo.jpg http://127.0.0.1:8080/score'],
  ['by load balancer', OPTIONS['load balancer'], 'http://clothes.<region>.cloudapp.azure.com:80/score'],
  ['by a port of the nodes', OPTIONS['node port'], "http://<a node's address>:<that port>/score"],
  ['by Ingress', OPTIONS.ingress, 'https://clothes.example/score'],
  ['by route', OPTIONS['route with its own gateway'], 'https://clothes.example/score'],
  ['with a key', OPTIONS['API keys'], "curl -H 'x-api-key: <key>' -F image=@photo.jpg"],
])('when the app is reached %s, then the notes hold the curl to try', async (_, values, words) => {
  expect(await notes(values)).toContain(words)
})

test('when nothing is set, then the notes say how to reach it, how to test it, and who may not', async () => {
  const text = await notes({ image: { digest: DIGEST } })
  expect(text).toContain(`inference runs inference@${DIGEST}.`)
  expect(text).toContain('kubectl --namespace apps port-forward service/inference 8080:80')
  expect(text).toContain('helm test inference --namespace apps')
  expect(text).toContain('networkPolicy.ingressNamespaces')
  expect(await notes({ networkPolicy: { ingressNamespaces: ['web'] } })).not.toContain('Only pods of this')
})

test('when there is a canary, then the notes tell its real share, and how to end it', async () => {
  const values = { replicaCount: 1, canary: { enabled: true, weight: 10, image: { digest: CANARY_DIGEST } } }
  const text = await notes(values)
  expect(text).toContain(`a canary runs inference@${CANARY_DIGEST}, in 1 of 2 pods.`)
  expect(text).toContain(`promote it: image.digest=${CANARY_DIGEST} and canary.enabled=false`)
  expect(await notes(OPTIONS['canary by route'])).toContain('which gets 10 % of the requests')
})
