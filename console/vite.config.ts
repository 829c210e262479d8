import {defineConfig} from 'vite';

// `npm run dev` asks the service at BARTIZAN_SERVER for what is not a file of the console.
const server = (globalThis as {process?: {env: Record<string, string | undefined>}}).process?.env['BARTIZAN_SERVER'] ??
  'http://127.0.0.1:8420';

export default defineConfig({
  esbuild: {jsx: 'automatic', legalComments: 'none'},
  build: {
    target: 'es2022',
    modulePreload: {polyfill: false},  // it would write a script into the page, which our policy forbids
    assetsInlineLimit: 0,
    sourcemap: false,
  },
  server: {proxy: {'/v1': {target: server, changeOrigin: false}}},
});
