/** What a launcher under test inherits, plus its own. */
export function launcherEnvironment(own: Record<string, string>): NodeJS.ProcessEnv {
  // Jest's own settings would reach the children, whose coverage and module mode are none of its business.
  const { NODE_OPTIONS, NODE_V8_COVERAGE, ...inherited } = process.env
  return { ...inherited, ...own }
}
