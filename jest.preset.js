/**
 * The Jest settings that every package shares. Each package's jest.config.js is one line:
 *   export { default } from '../../jest.preset.js'
 * JUnit goes to reports/junit.xml and coverage to reports/coverage, where the pipelines pick them up.
 */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, sourceMaps: 'inline' },
    ],
  },
  // Sources import each other as './x.js', which is what Node needs once they are built.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  collectCoverageFrom: ['src/**/*.ts'],
  coverageProvider: 'v8',
  coverageDirectory: 'reports/coverage',
  coverageReporters: ['cobertura', 'text-summary'],
  collectCoverage: true,
  reporters: ['default', ['jest-junit', { outputDirectory: 'reports', outputName: 'junit.xml' }]],
  // Long: on a machine that is busy with other things, starting fifty processes takes minutes.
  testTimeout: 300_000,
  maxWorkers: 1,
}
