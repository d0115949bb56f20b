import type { Lab } from '../lab.js'
import { breakIt } from './break-it.js'
import { buildPipeline } from './build-pipeline.js'
import { chart } from './chart.js'
import { container } from './container.js'
import { ownModel } from './own-model.js'
import { publish } from './publish.js'
import { release } from './release.js'
import { runIt } from './run-it.js'

/** In the order of the day. */
export const labs: Lab[] = [runIt, publish, ownModel, container, chart, buildPipeline, release, breakIt]
