import { readFile } from 'node:fs/promises'
import { XMLParser } from 'fast-xml-parser'
import { glob } from './glob.js'
import { folderOf, type Task, TaskFailure } from './task.js'

interface Cobertura {
  coverage?: { '@lines-covered'?: string; '@lines-valid'?: string }
}

/** PublishCodeCoverageResults@2 for Cobertura: adds up the covered lines. */
export const publishCoverage: Task = {
  inputs: { summaryFileLocation: true, pathToSources: false, failIfCoverageEmpty: false },
  async run(context) {
    const patterns = (context.inputs.summaryFileLocation ?? '').split('\n')
    const files = await glob(folderOf(context, 'Build.SourcesDirectory'), patterns)
    if (files.length === 0) {
      if (context.inputs.failIfCoverageEmpty === 'true')
        throw new TaskFailure(`there is no file ${patterns.join(', ')}`)
      context.warn(`there is no file ${patterns.join(', ')}`)
      return
    }
    const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@' })
    let [covered, valid] = [0, 0]
    for (const file of files) {
      const { coverage } = parser.parse(await readFile(file, 'utf8')) as Cobertura
      if (coverage?.['@lines-valid'] === undefined) throw new TaskFailure(`${file} is no Cobertura report`)
      covered += Number(coverage['@lines-covered'])
      valid += Number(coverage['@lines-valid'])
    }
    const percent = valid === 0 ? '0' : ((100 * covered) / valid).toFixed(1)
    context.run.record.coverage = `${percent} % of ${valid} lines`
    context.log(`Coverage of ${files.length} reports: ${context.run.record.coverage}`)
  },
}
