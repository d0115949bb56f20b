import { Lifetime } from './lifetime.js'

// First of all, before the rest is even loaded: Ctrl-C has to end this gently at any moment.
const lifetime = new Lifetime()

await lifetime.run(async () => {
  const { main } = await import('./main.js')
  return await main(lifetime, async (context, prepared) => {
    const { develop } = await import('./develop.js')
    return await develop(context, prepared)
  })
})
