/** Every law holds of the reference, and notices the mistake that it is there for. */
import { expect, test } from 'vitest';
import { Backend, oneEquation } from '../../reference/core/open-backend.ts';
import type { Executable, Session } from '../../reference/core/backend.ts';
import { type HostArray, hostArray, numbers } from '../../reference/core/host.ts';
import type { AnyFirstOrder, Params } from '../../reference/core/primitive.ts';
import { openReference, referenceBackend } from '../../reference/interpreter.ts';
import { primitives } from '../../reference/primitives/index.ts';
import { Bench } from '../bench.ts';
import { RandomStream } from '../programs/random-stream.ts';
import { callSample, type Sample } from '../programs/sample.ts';
import { laws, type ProgramLaw } from './index.ts';
import { judgeLocally } from './law.ts';
import { refusal } from './rejects.ts';

/** The reference, its runs seen and changed by `meddle`. */
function benchWith(
  meddle: (results: readonly HostArray[], inputs: readonly HostArray[]) => readonly HostArray[],
): Bench {
  const session = openReference();
  const compile: Session['compile'] = (jaxpr, options) => {
    const executable = session.compile(jaxpr, options);
    const run: Executable['run'] = (inputs) => meddle(executable.run(inputs) as HostArray[], inputs as HostArray[]);
    return { ...executable, run };
  };
  const put: Session['put'] = (x) => ({ ...x, data: x.data.slice() });
  return new Bench(new Backend(referenceBackend, { ...session, compile, put, free: () => {} }));
}
const reference = benchWith((results) => results);

const x = hostArray('float32', [3], [0.5, -1.25, 2]);
const wide = hostArray('float64', [3], [0.5, -1.25, 2]);
const call = (primitive: AnyFirstOrder, params: Params = {}, input: HostArray = x): Sample =>
  callSample(primitive, { args: [input], params });
const wrong = async (law: ProgramLaw, sample: Sample, bench: Bench = reference): Promise<string | null> =>
  (await laws[law].check(bench, sample, new RandomStream('test'))).wrong?.message ?? null;

test.each(Object.keys(laws) as ProgramLaw[])('%s holds of the reference', async (law) => {
  for (const primitive of [primitives.sin, primitives.neg, primitives.exp]) {
    const judged = await laws[law].check(reference, call(primitive, {}, wide), new RandomStream('test'));
    expect(judged.wrong).toBeNull();
    expect(judged.compared).toBeGreaterThan(0);
  }
});

const bent = benchWith((results) => results.map((y) => ({ ...y, data: numbers(y).map((v) => v * 1.001) })));

test.each(['value', 'jit-is-eager', 'vmap-is-loop'] as const)('%s notices wrong results', async (law) => {
  expect(await wrong(law, call(primitives.exp), bent)).toMatch(/result 0\[.*expected/);
});

test('jit-is-eager holds single equations to their own accuracy', async () => {
  // A unit is what the bounds of a program allow: half of it for either side.
  const off = benchWith((results) => results.map((y) => ({ ...y, data: numbers(y).map((v) => v * (1 + 2 ** -23)) })));
  expect(await wrong('jit-is-eager', call(primitives.sqrt), off)).toMatch(/1 ulp off/);
});

test('repeats notices results that change', async () => {
  let runs = 0;
  const restless = benchWith((results) => results.map((y) => ({ ...y, data: numbers(y).map((v) => v + runs++) })));
  expect(await wrong('repeats', call(primitives.neg), restless)).toMatch(/expected/);
});

test('keeps-inputs notices a run in place', async () => {
  const inPlace = benchWith((results, inputs) => {
    numbers(inputs[0]!)[0] = 99;
    return results;
  });
  expect(await wrong('keeps-inputs', call(primitives.neg), inPlace)).toMatch(/is 99, expected 0.5/);
});

test('derivative notices a wrong jvp', async () => {
  const rule: AnyFirstOrder['differentiate'] = {
    active: () => [0],
    jvp: (lax, [v], [dv]) => [lax.mul(dv!, lax.sin(v!))],
  };
  expect(await wrong('derivative', call({ ...primitives.sin, differentiate: rule }, {}, wide))).toMatch(/expected/);
});

test('linearity notices a tangent that is not linear', async () => {
  const rule: AnyFirstOrder['differentiate'] = { active: () => [0], jvp: (lax, _, [dv]) => [lax.mul(dv!, dv!)] };
  expect(await wrong('linearity', call({ ...primitives.sin, differentiate: rule }))).toMatch(/expected/);
});

test('adjoint notices a wrong transpose', async () => {
  const rule: AnyFirstOrder['differentiate'] = { active: () => [0], jvp: 'linear', transpose: (_, [ct]) => [ct!] };
  expect(await wrong('adjoint', call({ ...primitives.rev, differentiate: rule }, { dimensions: [0] }))).toMatch(
    /expected/,
  );
});

test('vmap-is-loop notices a wrong batch rule', async () => {
  const matrix = hostArray('float32', [2, 2], [1, 2, 3, 4]);
  const forgetful: AnyFirstOrder = { ...primitives.rev, batch: 'elementwise' }; // does not shift the dimensions
  const attempts = [1, 2, 3, 4].map(async (seed) => {
    const sample = call(forgetful, { dimensions: [0] }, matrix);
    return (await laws['vmap-is-loop'].check(reference, sample, new RandomStream(seed))).wrong;
  });
  expect((await Promise.all(attempts)).some((found) => found !== null)).toBe(true);
});

test('a backend that throws is wrong', async () => {
  const thrower = benchWith(() => {
    throw new RangeError('out of registers');
  });
  expect(await wrong('value', call(primitives.neg), thrower)).toBe('the backend threw RangeError: out of registers');
  expect(await thrower.isHealthy()).toBe(false);
  expect(await reference.isHealthy()).toBe(true);
});

test('rejects wants the error of the constraint', () => {
  const matrix = { shape: [2, 2], dtype: 'float32', weak: false } as const;
  expect(refusal(primitives.reduce_sum, [matrix], { axes: [0, 0] }, 'C2')).toBeNull();
  expect(refusal(primitives.reduce_sum, [matrix], { axes: [0] }, 'C2')).toMatch(/was accepted/);
  expect(refusal(primitives.reduce_sum, [matrix], { axes: [7] }, 'C2')).toMatch(/but the error is: .*C1/);
});

test('equations are judged one by one', async () => {
  const jaxpr = oneEquation(primitives.exp, [{ shape: [3], dtype: 'float32', weak: false }], {});
  expect(await judgeLocally(reference, jaxpr, [x])).toEqual({ compared: 3, wrong: null });
  expect((await judgeLocally(bent, jaxpr, [x])).wrong!.jaxpr!.equations).toHaveLength(1);
});
