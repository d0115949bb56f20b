export { type Answer, type Call, FakeAzure, type Fault } from './fake-azure.js'
export { type Listening, listen, runWith } from './server.js'
export { emptyState, type State } from './state.js'
