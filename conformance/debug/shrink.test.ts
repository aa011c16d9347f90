import { expect, test } from 'vitest';
import { aval, hostArray, hostScalar } from '../../reference/core/host.ts';
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import { transforms as t } from '../../reference/transforms/rules.ts';
import { Bench } from '../bench.ts';
import { laws } from '../laws/index.ts';
import { lawCase } from '../programs/case.ts';
import { plusOne, wrongBackend } from '../testing/wrong-backend.ts';
import { equationCount } from './parts.ts';
import { shrink } from './shrink.ts';

const benchOf = (...how: Parameters<typeof wrongBackend>): Bench => new Bench(wrongBackend(...how));

const { lax } = t;
const type = aval([4], 'float32');
const jaxpr = t.trace(
  (x, y) => {
    const sum = lax.add(lax.sin(x), y);
    const product = lax.mul(sum, lax.tanh(y));
    return [lax.exp(lax.neg(product)), lax.mul(product, x)];
  },
  [type, type],
);
const inputs = [hostArray('float32', [4], [0.5, 1.5, -2, 3]), hostArray('float32', [4], [1, 2, 3, 4])];
const one = lawCase('example', 'odd', laws.value, { jaxpr, inputs, active: [] }, [0]);

test('one wrong kernel is one equation, on simple numbers', async () => {
  const bench = benchOf((primitive, results) => (primitive.name === 'tanh' ? plusOne(results) : results));
  const found = (await one.check(bench)).wrong!;
  const { evidence, law } = await shrink(bench, one, found, 'value', 3000);
  expect(law).toBe('value');
  expect(evidence.jaxpr!.equations.map((e) => e.primitive.name)).toEqual(['tanh']);
  expect(evidence.inputs).toEqual([hostScalar('float32', 0)]);
});

test('equations that are wrong only together are the shortest run of them', async () => {
  const together = (program: Jaxpr): boolean => {
    const names = program.equations.map((e) => e.primitive.name);
    return names.some((name, i) => name === 'tanh' && names[i + 1] === 'mul');
  };
  const bench = benchOf(
    (_, results) => results,
    (program, results) => (together(program) ? plusOne(results) : results),
  );
  const found = (await one.check(bench)).wrong!;
  const { evidence } = await shrink(bench, one, found, 'value', 3000);
  expect(equationCount(evidence.jaxpr!)).toBe(2);
  expect(together(evidence.jaxpr!)).toBe(true);
});

test('a backend that begins to throw while it is shrunk keeps its first proof', async () => {
  let runs = 0;
  const bench = benchOf((primitive, results) => {
    if (runs++ > 20) throw new Error('out of memory');
    return primitive.name === 'tanh' ? plusOne(results) : results;
  });
  const found = (await one.check(bench)).wrong!;
  const { evidence } = await shrink(bench, one, found, 'value', 3000);
  expect(evidence.got).not.toBeNull();
});
