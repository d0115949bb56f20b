/** What a fork may not want. */
export const PARTS = {
  labs: { text: 'the workshop', paths: ['docs/labs', 'packages/labs'], npmScripts: ['lab'] },
  'azure-pipelines': {
    text: 'the pipelines for Azure DevOps, their checks, rehearsal and tutorial, and the workshop',
    paths: [
      'azure-pipelines',
      'packages/pipeline-checks',
      'packages/rehearsal',
      'docs/pipelines.md',
      'docs/rehearsal.md',
      'docs/tutorial.md',
      'docs/zh-CN/tutorial.md',
    ],
    npmScripts: ['check:pipelines', 'rehearse'],
  },
  github: {
    text: 'the workflow for GitHub Actions',
    paths: ['.github/workflows', '.github/actions', 'deploy/scripts/github-last-release.sh'],
    npmScripts: [],
  },
  'sample-model': {
    text: "the sample model's training (its two small bundles stay: tests use them)",
    paths: ['packages/sample-model/train', 'packages/sample-model/runs', 'packages/sample-model/docs'],
    npmScripts: [],
  },
  bench: {
    text: 'the benchmark',
    paths: ['packages/bench', 'docs/performance.md', 'docs/performance.svg'],
    npmScripts: ['bench'],
  },
} as const satisfies Record<string, { text: string; paths: string[]; npmScripts: string[] }>

export type Part = keyof typeof PARTS

/** What goes with a part: lab 6 is about the pipelines, and eight labs less one would be no course. */
const TAKES_ALONG: Partial<Record<Part, Part[]>> = { 'azure-pipelines': ['labs'] }

export function withTheirOwn(parts: Part[]): Part[] {
  return [...new Set(parts.flatMap((part) => [part, ...(TAKES_ALONG[part] ?? [])]))]
}

export function isPart(name: string): name is Part {
  return Object.hasOwn(PARTS, name)
}
