import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Backend, oneEquation } from '../../reference/core/open-backend.ts';
import { aval, hostArray } from '../../reference/core/host.ts';
import { evaluateJaxpr } from '../../reference/interpreter.ts';
import { primitives } from '../../reference/primitives/index.ts';
import { Bench } from '../bench.ts';
import { exactly, judgeEquation } from '../budgets.ts';
import { accused } from '../proof/accused.ts';
import { caught } from '../proof/caught.ts';
import { jitted } from '../programs/sample.ts';
import { drawFaults } from './draw.ts';
import { LEGAL_BACKENDS } from './legal.ts';
import { reasonFor, SURVIVORS } from './survivors.ts';
import { backendOver } from './table.ts';

const x = hostArray('float32', [3], [1, 2, 3]);

test('faults are drawn by seed, each another one', async () => {
  const ids = async (seed: number): Promise<string[]> => (await drawFaults(seed, 12)).map(({ id }) => id);
  const first = await ids(1);
  expect(new Set(first).size).toBe(12);
  expect(await ids(1)).toEqual(first);
  expect(await ids(2)).not.toEqual(first);
});

test('a changed table reaches nested programs, and leaves the reference as it is', async () => {
  const definition = backendOver(
    'faulty:neg',
    () => (p, depth) => (p.name === 'neg' && depth > 0 ? primitives.abs : p),
  );
  const bench = new Bench(new Backend(definition, await definition.open({})));
  const sample = { jaxpr: oneEquation(primitives.neg, [aval([3], 'float32')], {}), inputs: [x], active: [] };
  const nested = jitted(sample);
  const negated = evaluateJaxpr(nested.jaxpr, [x]);
  expect(exactly(negated, await bench.run(sample.jaxpr, [x])).wrong).toBeNull();
  expect(exactly([x], await bench.run(nested.jaxpr, [x])).wrong).toBeNull();
  expect(exactly(negated, evaluateJaxpr(nested.jaxpr, [x])).wrong).toBeNull();
});

test('a backend with a fault is convicted', async () => {
  const verdicts = await caught({ faults: 25, part: { index: 2, of: 8 } });
  expect(verdicts).toHaveLength(3);
  for (const { fault, caughtAt, by, cases } of verdicts) {
    expect({ fault, caughtAt }).toEqual({ fault, caughtAt: 'quick' });
    expect(by).not.toBeNull();
    expect(cases).toBeGreaterThan(0);
  }
});

test('the page has the reasons of the survivors', () => {
  const page = readFileSync(new URL('../../spec/conformance.md', import.meta.url), 'utf8');
  for (const { faults, because } of SURVIVORS) expect(page).toContain(`| \`${faults}\` | ${because} |\n`);
  expect(reasonFor('zero-added-is-left-out/add/float32/beside-others')).toMatch(/signs of zeros/);
  expect(reasonFor('no-such-fault/add/float32/everywhere')).toBeNull();
});

test('whoever differs legally is not accused', async () => {
  const { cases, accusations } = await accused({
    seeds: LEGAL_BACKENDS.length,
    only: ['div/f32/eval', 'dot_general/f32/vjp', 'atan2/f64/jvp'],
  });
  expect(accusations).toEqual([]);
  expect(cases).toBeGreaterThan(50);
});

test('legal backends do differ, within what is allowed', async () => {
  const long = hostArray(
    'float32',
    [200],
    Array.from({ length: 200 }, (_, i) => Math.sin(i)),
  );
  const [sum] = [oneEquation(primitives.reduce_sum, [aval([200], 'float32')], { axes: [0] })];
  const expected = evaluateJaxpr(sum, [long]);
  for (const name of ['any-order-of-summation', 'noise']) {
    const own: boolean[] = [];
    for (let seed = 0; seed < 8; seed++) {
      const definition = LEGAL_BACKENDS.find((b) => b.name === name)!.make(seed);
      const got = await new Bench(new Backend(definition, await definition.open({}))).run(sum, [long]);
      expect(judgeEquation(primitives.reduce_sum, [long], { axes: [0] }, expected, got, 'strict').wrong).toBeNull();
      own.push(exactly(expected, got).wrong !== null);
    }
    expect(own).toContain(true);
  }
});
