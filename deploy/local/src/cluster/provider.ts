/** What a deployment needs to know of a cluster. */
export interface ClusterFacts {
  kubeconfig: string
  /** host[:port] of the registry: pushed to from here, pulled from by the cluster. */
  registry: string
  registryPlainHttp: boolean
  /** How pods reach this machine; empty: they don't. */
  hostAddress: string
  /** The kind of Service that this machine can reach. */
  serviceType: 'ClusterIP' | 'NodePort'
  /** Where this machine reaches the NodePorts; empty: at the node's own address. */
  nodeAddress: string
}

/** A way to a cluster with a registry. */
export interface Provider {
  /** For people, such as `kind on docker`. */
  readonly title: string
  /** @throws LaunchError when it can't be used, or somebody else's is in the way */
  check(): Promise<void>
  /**
   * Starts both, from nothing.
   * @throws LaunchError with the next step; what it has started by then is for `down` to end
   */
  up(signal: AbortSignal): Promise<ClusterFacts>
  /** Ends and removes whatever `up` made, however far that came. */
  down(): Promise<void>
  /** Do cluster and registry both answer? */
  isUp(): Promise<boolean>
}
