import { expect, test } from 'vitest';
import { hostArray, numbers, widened } from '../../reference/core/host.ts';
import { evaluateJaxpr } from '../../reference/interpreter.ts';
import { transforms as t } from '../../reference/transforms/rules.ts';
import { RandomStream } from '../programs/random-stream.ts';
import { evaluateInDoubles } from '../doubles.ts';
import { evaluateErring } from './erring.ts';
import { slack } from './slack.ts';

const x = hostArray('float32', [2], [0.1, 0.7]);
const jaxpr = t.trace(
  (a) => [t.lax.exp(t.lax.mul(a, 3)), t.lax.convertElementType(a, 'float32')],
  [{ ...x, weak: false }],
);

test('a program in double precision is the exact one, on the numbers that float32 has', () => {
  const [y, same] = evaluateInDoubles(jaxpr, [x]).map(numbers);
  expect([...y!]).toEqual([...numbers(widened(x))].map((v) => Math.exp(v * 3)));
  expect([...same!]).toEqual([...numbers(x)]);
});

test('a backend that errs is off, by the same for the same numbers, and not where results are exact', () => {
  const run = (seed: number): number[][] =>
    evaluateErring(jaxpr, [x], 'allowed', new RandomStream(seed)).map((y) => [...numbers(y)]);
  const [y, same] = evaluateJaxpr(jaxpr, [x]).map(numbers);
  expect(run(1)).toEqual(run(1));
  expect(new Set([1, 2, 3, 4].map((seed) => run(seed)[0]!.join())).size).toBeGreaterThan(1);
  expect(run(1)[0]).not.toEqual([...y!]);
  expect(run(1)[1]).toEqual([...same!]);
});

const isFull = process.env['TEST_LEVEL'] === 'full';

test('no error is beyond its bound, and bounds are of the size of errors', { timeout: 120_000 }, async () => {
  const only = isFull ? ['*/f32/*'] : ['random/f32/vjp/*', 'random/f32/eval/*', 'exp/f32/eval/*'];
  const { likelyMedian, worstMin, likelyBelow1, elements, primitives, depths } = await slack({ only });
  expect(elements).toBeGreaterThan(100);
  expect(worstMin).toBeGreaterThanOrEqual(1);
  expect(likelyMedian).toBeLessThan(20);
  expect(likelyBelow1).toBeLessThan(1e-4);
  for (const row of [...primitives, ...depths]) expect(row.worstMin, row.worstCase).toBeGreaterThanOrEqual(1);
  expect(primitives.some(({ name }) => name === 'exp')).toBe(true);
});
