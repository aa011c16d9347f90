import { describe, expect, test } from 'vitest';
import { allEquations, type Jaxpr } from '../../reference/core/jaxpr.ts';
import { evaluateJaxpr } from '../../reference/interpreter.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import { type Case, casesOf, contentHash, type Unit } from './case.ts';
import { plan } from './plan.ts';
import { randomProgram } from './random.ts';
import { isPlain, Steering, targetsOf } from './random/coverage.ts';
import { isComparable } from './random/growing.ts';
import { NESTED } from './random/nested.ts';
import { RandomStream } from './random-stream.ts';
import type { Sample } from './sample.ts';

const everything = { casesPerCell: 1, ofRules: true, only: [], shard: null };

describe('random programs', () => {
  const unitOf = (key: string, cases: number): Unit => plan({ ...everything, casesPerCell: cases, only: [key] })[0]!;
  const drawnBy = (unit: Unit, seed: number): readonly Case[] => [...casesOf(unit, seed)].map(({ one }) => one);

  test('differ, run, and use the whole table', () => {
    const steering = new Steering(
      new RandomStream(1),
      ({ shapeClass }) => shapeClass === 'odd' || shapeClass === 'singleton',
    );
    const used = new Set<string>();
    const contents = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const style = { isForward: false, plain: false, steering };
      const sample = randomProgram('float32', 4, new RandomStream('random', i), style);
      for (const { primitive } of allEquations(sample.jaxpr)) used.add(primitive.name);
      expect(evaluateJaxpr(sample.jaxpr, sample.inputs)).toHaveLength(sample.jaxpr.outputs.length);
      contents.add(contentHash(sample));
    }
    expect(contents.size).toBe(200);
    const ofTable = targetsOf('float32').map(({ primitive }) => primitive.name);
    // Nothing bounds how far the eigenvalues of a general matrix may be off.
    expect(new Set(ofTable.filter((name) => !used.has(name)))).toEqual(new Set(['eig']));
    expect(Object.keys(NESTED).filter((name) => !used.has(name))).toEqual([]);
  });

  test('have functions with a backward pass of their own wherever forward mode does not differentiate', () => {
    const steering = new Steering(new RandomStream(2), (target) => isPlain(target) && target.shapeClass === 'odd');
    const within = new Set<string>();
    const look = ({ equations }: Jaxpr, around: readonly string[]): void => {
      for (const { primitive, params } of equations) {
        if (primitive.kind !== 'higher-order') continue;
        if (primitive.name === 'custom_vjp_call') around.forEach((name) => within.add(name));
        for (const inner of primitive.subJaxprs(params)) look(inner, [...around, primitive.name]);
      }
    };
    const draw = (isForward: boolean, i: number): Sample =>
      randomProgram('float32', 3, new RandomStream('nested', i), { isForward, plain: false, steering });
    for (let i = 0; i < 100; i++) look(draw(true, i).jaxpr, ['forwards']);
    expect(within).toEqual(new Set());
    for (let i = 0; i < 400; i++) look(draw(false, i).jaxpr, ['backwards']);
    expect(within.size).toBeGreaterThan(2);
    expect(within).not.toContain('custom_jvp_call');
  });

  test('are the same for the same seed, in any process, and the first of more', () => {
    const [few, more] = [1, 2].map((cases) => drawnBy(unitOf('random/f32/composed/*', cases), 3).map((c) => c.id));
    expect(drawnBy(unitOf('random/f32/composed/*', 1), 3).map((c) => c.id)).toEqual(few);
    expect(more!.slice(0, few!.length)).toEqual(few);
  });

  test('can be compared but for one element in a hundred, whatever is made of them', () => {
    for (const how of ['eval', 'vmap.vjp', 'composed']) {
      for (const { sample, unmade } of drawnBy(unitOf(`random/f32/${how}/*`, 1), 5)) {
        expect(unmade).toBeUndefined();
        const { jaxpr, inputs, choices } = sample!;
        expect(isComparable(errorBound(jaxpr, inputs, 'strict', choices))).toBe(true);
      }
    }
  });
});
