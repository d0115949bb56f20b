import preset from '../../jest.preset.js'

// Builds images, which takes minutes: a part of npm run test:long only.
const tooLong = process.env.TEST_LONG === undefined ? ['/test/image\\.test\\.ts$'] : []

export default { ...preset, testPathIgnorePatterns: ['/node_modules/', ...tooLong] }
