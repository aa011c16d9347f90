/**
 * Mutation testing: Stryker changes the reference at one place, and the tests have to notice (tools/mutation/README.md).
 *
 *     npm run mutate                                           400 mutants, drawn by seed
 *     npm run mutate -- --size 1000 --seed 2 --jobs 2          others
 *     npm run mutate -- --size full --shard 1/20               every twentieth of all
 *     npm run mutate -- --only 'reference/core/tree*'          of some files
 *     npm run mutate -- --size 600 --seed 3 --record           writes tools/mutation/survivors.md
 */
import { Stryker } from '@stryker-mutator/core';
import type { Location } from '@stryker-mutator/api/core';
import { mkdirSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { keyOf, mutantsOf, mutatedFiles, rangeOf, shuffled } from './draw.ts';
import { recordOf } from './record.ts';

const FOLDER = '.etalon/mutation';
const RECORD = 'tools/mutation/survivors.md';
/** Of the mutants that run, this share has to be killed. */
const DEMANDED = 0.85;

/** Results count lines and columns from 1. */
const fromZero = ({ start, end }: Location): Location => ({
  start: { line: start.line - 1, column: start.column - 1 },
  end: { line: end.line - 1, column: end.column - 1 },
});

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '400' },
    seed: { type: 'string', default: '1' },
    shard: { type: 'string', default: '1/1' },
    only: { type: 'string', default: '**' },
    jobs: { type: 'string', default: '1' },
    record: { type: 'boolean', default: false },
  },
});
const [shard, shards] = values.shard.split('/').map(Number) as [number, number];
const all = await mutantsOf(mutatedFiles(values.only));
const mine = shuffled(all, Number(values.seed)).filter((_, i) => i % shards === shard - 1);
const drawn = values.size === 'full' ? mine : mine.slice(0, Number(values.size));
const keys = drawn.map(keyOf);

mkdirSync('.etalon', { recursive: true });
writeFileSync('.etalon/.gitignore', '*\n');
const results = await new Stryker({
  packageManager: 'npm',
  testRunner: 'vitest',
  vitest: { configFile: 'tools/mutation/vitest.config.ts', related: false },
  plugins: ['@stryker-mutator/vitest-runner', './tools/mutation/drawn.ts'],
  checkers: ['drawn'],
  mutate: drawn.map(rangeOf),
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  concurrency: Number(values.jobs),
  timeoutMS: 120_000, // what only waits for its turn on a busy machine is not killed
  dryRunTimeoutMinutes: 30,
  tempDirName: FOLDER,
  ignorePatterns: ['/dist', '/coverage', '/.etalon', '/.ci'],
  disableTypeChecks: false, // nothing checks them: Vite strips the types
  reporters: ['progress-append-only', 'survivors'],
  warnings: { unknownOptions: false, preprocessorErrors: true, unserializableOptions: true, slow: true },
  ...{ drawn: keys },
}).runMutationTest();

const isDrawn = new Set(keys);
const ofDrawn = results
  .map((result) => ({ ...result, fileName: relative(process.cwd(), result.fileName) }))
  .filter((result) => isDrawn.has(keyOf({ ...result, location: fromZero(result.location) })));
mkdirSync(FOLDER, { recursive: true }); // Stryker removes it when it is done
writeFileSync(`${FOLDER}/results.json`, JSON.stringify(ofDrawn));
const command = ['npm run mutate', ...(process.argv.length > 2 ? ['--'] : []), ...process.argv.slice(2)].join(' ');
const { record, score } = recordOf({ command, population: all.length, results: ofDrawn });
writeFileSync(values.record ? RECORD : `${FOLDER}/survivors.md`, record);
console.log(record);
process.exitCode = score >= DEMANDED ? 0 : 1;
