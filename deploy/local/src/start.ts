import { Lifetime } from './lifetime.js'

// First of all, before the rest is even loaded: Ctrl-C has to end this gently at any moment.
const lifetime = new Lifetime()

await lifetime.run(async () => {
  const { main } = await import('./main.js')
  return await main(lifetime, async (context, prepared) => {
    const { serve, showReady } = await import('./serve.js')
    const serving = await serve(context, prepared)
    await showReady(context, prepared, serving)
    const end = await Promise.race([serving.app.ended, lifetime.untilAsked()])
    context.output.error(`The app ended unexpectedly (${end.how}).`, 'Its last output is above')
    return 1
  })
})
