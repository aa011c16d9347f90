/** The tests that every mutant meets, those that are fast, in one process. */
import { relative } from 'node:path';
import { defaultServerConditions } from 'vite';
import { configDefaults, defineConfig, type ViteUserConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const conditions = ['etalon-source', ...defaultServerConditions];

/** Run last, after what may kill a mutant sooner; the slowest at the end. */
const SLOW = [
  'reference/index.test.ts',
  'reference/core/parse.test.ts',
  'reference/library/debug/key-reuse.test.ts',
  'reference/primitives/shape.test.ts',
  'reference/transforms/checkify/planted.test.ts',
  'conformance/diverge.test.ts',
  'conformance/proof/slack.test.ts',
  'conformance/index.test.ts',
  'conformance/programs/fixtures.test.ts',
  'reference/transforms/collectives.test.ts',
  'reference/transforms/loops.test.ts',
  'reference/transforms/walk.test.ts',
  'reference/transforms/programs.test.ts',
  'reference/primitives/structural.test.ts',
  'spec/spec.test.ts',
];

/** Those of the suite that measure the reference. */
const OF_THE_SUITE = [
  'backends/op-by-op.test.ts',
  'conformance/{budgets,diverge,index,ulp}.test.ts',
  'conformance/{debug,laws}/*.test.ts',
  'conformance/programs/{fixtures,moves}.test.ts',
  'conformance/proof/slack.test.ts',
];

/** Minutes rather than seconds, or about other things than the mutated files. */
const LEFT_OUT = [
  'reference/transforms/laws.test.ts', // random programs under all compositions of transformations
  'reference/transforms/deep.test.ts', // a hundred thousand equations
  'reference/library/debug/leaks.test.ts', // waits for the garbage collector
  'reference/lint/**',
  'reference/primitives/{cumulative,fft,linalg,narrow-floats,special,spectral,spectral-derivatives}.test.ts',
];

class FastFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => SLOW.indexOf(relative(process.cwd(), moduleId));
    return files.toSorted((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}

const config: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ['etalon-source'] } },
  test: {
    environment: 'node',
    include: ['reference/**/*.test.ts', 'spec/*.test.ts', ...OF_THE_SUITE],
    exclude: [...configDefaults.exclude, ...LEFT_OUT],
    setupFiles: ['tools/mutation/setup.ts'],
    isolate: false,
    sequence: { sequencer: FastFirst },
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});

export default config;
