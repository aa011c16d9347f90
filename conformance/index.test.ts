import { describe, expect, test } from 'vitest';
import { defineBackend } from '../reference/core/backend.ts';
import { referenceBackend } from '../reference/interpreter.ts';
import { conformance } from './index.ts';

conformance(referenceBackend, { describe, test, only: ['tanh/f32', 'max', 'scan'] });

/** Registers the tests of a backend and runs them. */
async function outcomes(backend: typeof referenceBackend, only: readonly string[]): Promise<Map<string, string>> {
  const tests = new Map<string, () => Promise<void>>();
  conformance(backend, { describe: (_, body) => body(), test: (name, body) => tests.set(name, body), only });
  const run = async ([name, body]: [string, () => Promise<void>]): Promise<[string, string]> => [
    name,
    await body().then(
      () => 'passed',
      (error: Error) => error.message,
    ),
  ];
  return new Map(await Promise.all([...tests].map(run)));
}

test('registers one test per primitive and law', async () => {
  const found = await outcomes(referenceBackend, ['floor/i*', 'floor/f32']);
  expect([...found.keys()]).toEqual([
    'floor: value',
    'floor: jit-is-eager',
    'floor: repeats',
    'floor: keeps-inputs',
    'floor: vmap-is-loop',
    'floor: fixture',
  ]);
  expect(new Set(found.values())).toEqual(new Set(['passed']));
});

test('a test that fails names cases, seed and what is wrong', async () => {
  const open: typeof referenceBackend.open = async (options) => ({
    ...(await referenceBackend.open(options)),
    read: async (x) =>
      ({ ...(x as { data: Float32Array }), data: (x as { data: Float32Array }).data.map((v) => -v) }) as never,
  });
  const found = await outcomes(defineBackend({ ...referenceBackend, name: 'negated', open }), ['floor/f32/eval']);
  expect(found.get('floor: value')).toMatch(
    /^\d+ cases are wrong \(seed 20261123\):\nfloor\/f32\/eval\/\w+\/\w+: result 0/,
  );
});
