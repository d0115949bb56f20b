import preset from '../../jest.preset.js'

// A test that fails a run at every change takes dozens of runs.
export default { ...preset, testTimeout: 300_000 }
