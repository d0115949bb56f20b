import { defineConfig } from 'vite'

/** The demo page. Paths are relative, so that it works below any prefix that an ingress adds. */
export default defineConfig({
  base: './',
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    // An inlined file would be a data: URL, which the page's policy does not allow.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
})
