import type { Position } from './errors.js'

/** A pipeline as it is after expansion: every key known, every default filled in. */
export interface Pipeline {
  file: string
  /** The format of the run's number. */
  name: string
  triggers: Triggers
  /** Other pipelines whose runs start this one or give it artifacts. */
  resources: PipelineResource[]
  variables: Variable[]
  stages: Stage[]
  /** Every YAML file it is made of. */
  files: string[]
  at: Position
}

export interface Filter {
  include: string[]
  exclude: string[]
}

export interface Triggers {
  /** undefined: `none`. */
  push?: { branches: Filter; paths: Filter }
  pullRequest?: { branches: Filter; paths: Filter }
  schedules: { cron: string; displayName: string; branches: Filter; always: boolean }[]
}

export interface PipelineResource {
  /** What this pipeline calls it. */
  alias: string
  /** The other pipeline's name in Azure DevOps. */
  source: string
  /** What a run must carry to be offered to somebody who starts this pipeline by hand. */
  tags: string[]
  /** undefined: its runs don't start this pipeline. */
  trigger?: { branches: Filter; tags: string[] }
  at: Position
}

export interface Variable {
  name: string
  /** May hold $(macros), or be one $[expression]. */
  value: string
  readonly: boolean
  at: Position
}

interface Node {
  name: string
  displayName: string
  dependsOn: string[]
  condition?: string
  variables: Variable[]
  at: Position
  /** Where the condition stands. */
  conditionAt: Position
}

export interface Stage extends Node {
  jobs: Job[]
}

export interface Job extends Node {
  continueOnError: boolean
  /** As written, since it may hold a macro; minutes, 0 is unlimited. */
  timeoutInMinutes: string
  /** What a deployment job deploys to. */
  environment?: { name: string; resource?: string }
  /** A deployment job's lifecycle hooks, in order; a plain job has one, named `steps`. */
  hooks: Hook[]
}

export interface Hook {
  name: 'steps' | 'preDeploy' | 'deploy' | 'routeTraffic' | 'postRouteTraffic' | 'failure' | 'success'
  steps: Step[]
}

export interface Step {
  /** `AzureCLI@2`, or one of script, bash, checkout, publish, download. */
  task: string
  inputs: Record<string, string>
  name?: string
  displayName: string
  condition?: string
  conditionAt: Position
  continueOnError: boolean
  enabled: boolean
  env: Record<string, string>
  timeoutInMinutes: string
  retryCountOnTaskFailure: string
  at: Position
}
