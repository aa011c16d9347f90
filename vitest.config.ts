import { defineConfig, type ViteUserConfigFnObject } from 'vitest/config';
import { defaultServerConditions } from 'vite';

// The condition makes `import … from 'etalon'` load the sources here, so that a test never sees two cores.
const conditions = ['etalon-source', ...defaultServerConditions];

const config: ViteUserConfigFnObject = defineConfig(({ mode }) => ({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['etalon-source'] } },
  test: {
    environment: 'node',
    include: ['{reference,backends,conformance,tools,spec}/**/*.test.ts'],
    // `npm run test:full` is `vitest run --mode full`
    env: { TEST_LEVEL: mode },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
}));

export default config;
