import { defineConfig, type ViteUserConfigFnObject } from 'vitest/config';
import { defaultServerConditions } from 'vite';

// The condition makes `import … from 'etalon'` load the sources here, so that a test never sees two cores.
const conditions = ['etalon-source', ...defaultServerConditions];

/** Tests of the reference that count what is alive in their process, call every function there is, or load a linter. */
const APART = [
  'reference/index.test.ts',
  'reference/library/debug/leaks.test.ts',
  'reference/lint/lint.test.ts',
  'reference/transforms/memory.test.ts',
];

const config: ViteUserConfigFnObject = defineConfig(({ mode }) => ({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['etalon-source'] } },
  test: {
    environment: 'node',
    // Vitest would leave a core to itself, which it hardly uses.
    maxWorkers: '100%',
    // `npm run test:full` is `vitest run --mode full`
    env: { TEST_LEVEL: mode },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: 'apart', include: ['{backends,conformance,tools}/**/*.test.ts', ...APART] },
      },
      {
        // Loading the reference takes half a second, and most of these files less: they share processes. Nothing that one
        // of them leaves behind may matter to another.
        extends: true,
        test: { name: 'together', include: ['{reference,spec}/**/*.test.ts'], exclude: APART, isolate: false },
      },
    ],
  },
}));

export default config;
