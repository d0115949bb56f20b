/** Reading Azure Pipelines YAML: expansion, expressions, positions. Runs nothing. */
export { ExpressionError, locate, PipelineError, type Position } from './errors.js'
export { evaluate, type Scope } from './evaluate.js'
export { type Expanded, type ExpandOptions, expand } from './expand.js'
export { type ExpressionFunction, functions, statusFunctions } from './functions.js'
export type { Parameter } from './parameters.js'
export {
  type Expression,
  type Part,
  parseExpression,
  templateParts,
  walkExpression,
} from './parse-expression.js'
export type * from './pipeline.js'
export { loadPipeline } from './plan.js'
export { isMap, toBoolean, toText, type Value, type ValueMap } from './values.js'
export { readYaml, type YamlFile } from './yaml.js'
