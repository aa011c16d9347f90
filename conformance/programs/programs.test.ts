import { describe, expect, test } from 'vitest';
import { evaluateJaxpr } from '../../reference/interpreter.ts';
import { avalOf, hostArray, numbers, sameAval } from '../../reference/core/host.ts';
import { type AnyFirstOrder, SHAPE_CLASSES } from '../../reference/core/primitive.ts';
import { primitives } from '../../reference/primitives/index.ts';
import { Bench } from '../bench.ts';
import { openBackend } from '../open.ts';
import { runCase } from '../run-case.ts';
import { type CaseResult, TRANSFORMATIONS } from '../types.ts';
import { casesOf, type Unit } from './case.ts';
import { CASES_PER_CELL, plan } from './plan.ts';
import { primitiveUnits } from './primitives.ts';
import { RandomStream } from './random-stream.ts';
import { callSample, NotApplicable, stacked, transformed, vmapped } from './sample.ts';

const everything = { casesPerCell: 1, ofRules: true, only: [], shard: null };

describe('the plan', () => {
  test('has keys of its own, and an upper bound of cases each', () => {
    const units = plan(everything);
    expect(new Set(units.map((u) => u.key)).size).toBe(units.length);
    for (const unit of units.filter((u) => u.group !== 'models' && /\/f32\/(vmap|rejects|eval|fixture)$/.test(u.key))) {
      expect([...casesOf(unit, 1)].length).toBeLessThanOrEqual(unit.planned);
    }
  });
  test('is split by shards without remainder', () => {
    const shards = [1, 2, 3].flatMap((index) => plan({ ...everything, shard: { index, of: 3 } }).map((u) => u.key));
    expect(shards.toSorted()).toEqual(
      plan(everything)
        .map((u) => u.key)
        .toSorted(),
    );
  });
  test('is at least 3,000 cases at the quick level', () => {
    const quick = plan({ ...everything, casesPerCell: CASES_PER_CELL.quick, ofRules: false });
    expect(quick.reduce((sum, u) => sum + u.planned, 0)).toBeGreaterThan(10_000);
  });
});

test('what a rule throws is the failure of its case, and the others go on', async () => {
  const jvp = (): never => {
    throw new TypeError('no such rule');
  };
  const broken: AnyFirstOrder = { ...primitives.sin, differentiate: { active: () => [0], jvp } };
  const bench = new Bench(await openBackend('reference', '.'));
  const results: Record<string, CaseResult[]> = {};
  for (const unit of primitiveUnits(broken, { count: 1, brief: false }, true)) {
    if (!/f32\/(eval|jvp|adjoint)$/.test(unit.key)) continue;
    const cases = [...casesOf(unit, 1)].filter(({ isNew }) => isNew);
    results[unit.key] = (await Promise.all(cases.map(({ one }) => runCase(bench, unit, one)))).map((r) => r.result);
  }
  const outcomes = Object.fromEntries(Object.entries(results).map(([key, all]) => [key, all.map((r) => r.outcome)]));
  expect(outcomes['sin/f32/eval']).toEqual(SHAPE_CLASSES.map(() => 'ok'));
  expect(outcomes['sin/f32/jvp']).toEqual(SHAPE_CLASSES.map(() => 'wrong'));
  expect(outcomes['sin/f32/adjoint']).toEqual(['wrong', 'wrong', 'wrong']);
  expect(results['sin/f32/jvp']![0]!.failure!.message).toContain('TypeError: no such rule');
});

describe('cases', () => {
  const unit = plan({ ...everything, casesPerCell: 4, only: ['reduce_sum/f32/vmap.vjp'] })[0]!;
  const ids = (of: Unit, seed: number): string[] => [...casesOf(of, seed)].map(({ one }) => one.id);

  test('are the same for the same seed, others for another', () => {
    expect(ids(unit, 1)).toEqual(ids(unit, 1));
    expect(ids(unit, 1)).not.toEqual(ids(unit, 2));
  });
  test('keep their ids when more are made', () => {
    const more = plan({ ...everything, casesPerCell: 12, only: ['reduce_sum/f32/vmap.vjp'] })[0]!;
    expect(ids(more, 1)).toEqual(expect.arrayContaining(ids(unit, 1)));
  });
  test('with the same content are not new', () => {
    const numbered = [...casesOf({ ...unit, cases: (seed) => [...unit.cases(seed), ...unit.cases(seed)] }, 1)];
    expect(numbered.slice(numbered.length / 2).every(({ isNew }) => !isNew)).toBe(true);
  });
  test('with one short hash have two ids', () => {
    const made = [...unit.cases(1)]
      .slice(0, 2)
      .map((one, i) => ({ ...one, id: 'same', content: `${i}234567890abcdef` }));
    expect([...casesOf({ ...unit, cases: () => made }, 1)].map(({ one }) => one.id)).toEqual(['same', 'same567890ab']);
  });
});

describe('transformations', () => {
  const x = hostArray('float32', [3], [0.5, -1.25, 2]);
  const sine = callSample(primitives.sin, { args: [x], params: {} });

  test.each(TRANSFORMATIONS)('%s gives a program that fits its inputs', (how) => {
    const { jaxpr, inputs } = transformed(sine, how, new RandomStream(how));
    expect(inputs.every((input, i) => sameAval(avalOf(input), jaxpr.inAvals[i]!))).toBe(true);
    expect(evaluateJaxpr(jaxpr, inputs)).toHaveLength(jaxpr.outputs.length);
  });
  test('that have nothing to do say so', () => {
    const comparison = callSample(primitives.is_finite, { args: [x], params: {} });
    expect(() => transformed(comparison, 'vjp', new RandomStream(1))).toThrow(NotApplicable);
    const iota = callSample(primitives.iota, { args: [], params: { dtype: 'float32', shape: [3], dimension: 0 } });
    expect(() => transformed(iota, 'vmap', new RandomStream(1))).toThrow(NotApplicable);
  });
  test('vmap stacks what its lanes hold', () => {
    const { sample, lanes } = vmapped(sine, new RandomStream(5));
    const rows = lanes.map((lane) => evaluateJaxpr(sine.jaxpr, lane)[0]!);
    expect(evaluateJaxpr(sample.jaxpr, sample.inputs)[0]).toEqual(stacked(rows, 0));
  });
  test('stacking along any axis', () => {
    const [a, b] = [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ].map((v) => hostArray('int32', [2, 2], v));
    expect([...numbers(stacked([a!, b!], 0))]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...numbers(stacked([a!, b!], 1))]).toEqual([1, 2, 5, 6, 3, 4, 7, 8]);
    expect([...numbers(stacked([a!, b!], 2))]).toEqual([1, 5, 2, 6, 3, 7, 4, 8]);
  });
});
