/** How the page is served and built in a checkout: `etalon` is its sources there, and the digits lie above this folder. */
import { defaultClientConditions, defineConfig, type UserConfig } from 'vite';

const config: UserConfig = defineConfig({
  base: './',
  resolve: { conditions: ['etalon-source', ...defaultClientConditions] },
  server: { fs: { allow: ['../../..'] } },
  optimizeDeps: { noDiscovery: true },
});

export default config;
