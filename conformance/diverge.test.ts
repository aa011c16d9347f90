import { describe, expect, test } from 'vitest';
import { debug, jit, np, random, reference } from '../reference/index.ts';
import { type HostArray, hostArray, numbers, take } from '../reference/core/host.ts';
import type { Jaxpr } from '../reference/core/jaxpr.ts';
import type { NDArray } from '../reference/core/ndarray.ts';
import type { Backend } from '../reference/core/open-backend.ts';
import { printJaxpr } from '../reference/core/text.ts';
import * as lax from '../reference/library/lax.ts';
import type { AnyFunction } from '../reference/transforms/call.ts';
import { makeJaxpr } from '../reference/transforms/make-jaxpr.ts';
import type { Divergence, Finding } from './debug/divergence.ts';
import { equationCount } from './debug/parts.ts';
import { diverge } from './diverge.ts';
import { replay } from './replay.ts';
import { schemaProblem } from './report/validate.ts';
import { temporaryFolder } from './testing/capture.ts';
import { plusOne, wrongBackend } from './testing/wrong-backend.ts';

const x = np.array([0.5, 1.5, -2, 3]);

/** What is found between the reference and another backend; every result meets its schema. */
async function between(other: Backend, f: AnyFunction, ...args: NDArray[]): Promise<Divergence> {
  const found = await diverge(f, { backends: ['reference', other], folder: null })(...args);
  expect(schemaProblem('divergence', JSON.parse(JSON.stringify(found)))).toBeNull();
  return found;
}

/** The only finding, and the primitives of the equations that it names. */
function blamed({ kind, findings }: Divergence): Finding & { readonly names: readonly string[] } {
  expect(kind).toBe('diverge');
  expect(findings.length).toBe(1);
  const names = findings[0]!.equations.map((text) => /= (\w+)/.exec(text)![1]!);
  return { ...findings[0]!, names };
}

const wrongTanh = wrongBackend(({ name }, results) => (name === 'tanh' ? plusOne(results) : results));
const right = wrongBackend((_, results) => results);

/** sin, tanh, mul, exp, neg: the second one is wrong. */
const straight = (v: NDArray): NDArray => lax.neg(lax.exp(lax.mul(lax.tanh(lax.sin(v)), v)));

describe('backends that agree', () => {
  test('are told so, with how far they are apart', async () => {
    const found = await between(right, straight, x);
    expect(found).toMatchObject({ kind: 'agree', findings: [], conditioning: null, equations: 5 });
    expect(found.outputs).toMatchObject([{ output: 0, type: 'f32[4]', different: 0, largest: 0 }]);
    expect(found.outputs[0]!.worst).toBeGreaterThanOrEqual(found.outputs[0]!.likely!);
  });

  test('may differ by rounding', async () => {
    const nudged = wrongBackend(({ name }, [y]) =>
      name === 'exp' ? [{ ...y!, data: numbers(y!).map((v) => v * (1 + 2 ** -23)) }] : [y!],
    );
    const found = await between(nudged, straight, x);
    expect(found.kind).toBe('agree');
    expect(found.outputs[0]!.different).toBeGreaterThan(0);
    expect(found.outputs[0]!.largest).toBeLessThanOrEqual(found.outputs[0]!.worst!);
  });
});

describe('a wrong equation is named', () => {
  test('with its number, its operands, and what only carries its error on', async () => {
    const found = await between(wrongTanh, straight, x);
    const finding = blamed(found);
    expect(finding).toMatchObject({
      kind: 'wrong',
      numbers: [2],
      names: ['tanh'],
      path: [],
      inputs: 'same',
      alsoWrong: [],
    });
    expect(finding.source).toContain('diverge.test.ts');
    expect(finding.reproducer).toEqual({ equations: 1, file: null });
    expect(printJaxpr(makeJaxpr(straight)(x))).toContain(finding.equations[0]);
  });

  test('also where later ones are wrong too', async () => {
    const finding = blamed(await between(wrongTanh, (v: NDArray) => lax.tanh(lax.neg(lax.tanh(v))), x));
    expect(finding).toMatchObject({ numbers: [1], alsoWrong: [3] });
  });

  test('in calls, branches and loops of either kind, with the way there', async () => {
    const inner = (v: NDArray): NDArray => lax.tanh(lax.sin(v));
    const programs: [AnyFunction, number, RegExp][] = [
      [jit(inner), 3, /^jit\(inner\)$/],
      [(v: NDArray) => lax.cond(np.array(true), inner, (u: NDArray) => u, v), 4, /^cond, branch 1$/],
      [(v: NDArray) => lax.scan((c: NDArray) => [inner(c), null], v, null, { length: 3 })[0], 3, /^scan, iteration 0$/],
      [(v: NDArray) => lax.foriLoop(0, 3, (_: NDArray, c: NDArray) => inner(c), v), 0, /^(scan|while), iteration 0$/],
    ]; // prettier-ignore
    for (const [f, number, place] of programs) {
      const finding = blamed(await between(wrongTanh, f, x));
      expect(finding).toMatchObject({ kind: 'wrong', names: ['tanh'], inputs: 'same' });
      expect(finding.path.join()).toMatch(place);
      if (number > 0) expect(finding.numbers).toEqual([number]);
    }
  });

  test('in the iteration in which its operands make it so', async () => {
    const wrongAbove = wrongBackend(({ name }, results, [v]) =>
      name === 'tanh' && numbers(v!)[0]! > 2.5 ? plusOne(results) : results,
    );
    const f = (v: NDArray): unknown => lax.scan((c: NDArray) => [lax.add(c, 1), lax.tanh(c)], v, null, { length: 4 });
    const finding = blamed(await between(wrongAbove, f, np.array(0)));
    expect(finding).toMatchObject({ names: ['tanh'], path: ['scan, iteration 3'] });
  });

  test('within a loop, where it is wrong as long as the loop runs only', async () => {
    let calls = 0;
    const late = wrongBackend(
      ({ name }, results) => (name === 'tanh' && ++calls === 3 ? plusOne(results) : results),
      (_, results) => {
        calls = 0;
        return results;
      },
    );
    for (const reverse of [false, true]) {
      const f = (v: NDArray): unknown => lax.scan((c: NDArray) => [lax.tanh(lax.sin(c)), null], v, null, { length: 5, reverse }); // prettier-ignore
      const finding = blamed(await between(late, f, x));
      expect(finding).toMatchObject({ kind: 'wrong', names: ['tanh'], path: ['scan, iteration 2'] });
      expect(finding.reproducer!.equations).toBe(3);
    }
  });

  test('by the loop, if its iterations are right and their sum is not', async () => {
    const skips = wrongBackend(
      (_, results) => results,
      (program, results) => (program.equations.some((e) => e.primitive.name === 'scan') ? plusOne(results) : results),
    );
    const f = (v: NDArray): unknown => lax.scan((c: NDArray) => [lax.sin(c), null], v, null, { length: 3 })[0];
    expect(blamed(await between(skips, f, x))).toMatchObject({ kind: 'wrong', names: ['scan'], numbers: [1] });
  });
});

describe('a compiler that is wrong as a whole', () => {
  /** The product of a tanh that nobody else sees, in the program or in one nested in it. */
  const fused = ({ equations, outputs }: Jaxpr): boolean => {
    const tanh = equations.find((e) => e.primitive.name === 'tanh')?.outputs[0];
    const hidden = tanh !== undefined && !outputs.includes(tanh) && equations.some((e) => e.primitive.name === 'mul');
    return hidden || equations.some(({ primitive, params }) => primitive.kind === 'higher-order' && primitive.subJaxprs(params).some(fused)); // prettier-ignore
  };
  const fuses = wrongBackend(
    (_, results) => results,
    (program, results) => (fused(program) ? plusOne(results) : results),
  );

  test('is told by the equations that are wrong only together', async () => {
    const finding = blamed(await between(fuses, straight, x));
    expect(finding).toMatchObject({ kind: 'together', names: ['tanh', 'mul'], numbers: [2, 3] });
    expect(finding.reproducer).toMatchObject({ equations: 2 });
  });

  test('also in the program of a call', async () => {
    const finding = blamed(await between(fuses, jit(straight), x));
    expect(finding).toMatchObject({
      kind: 'together',
      names: ['tanh', 'mul'],
      numbers: [3, 4],
      path: ['jit(straight)'],
    });
  });
});

test('a backend that fails is told by the equation in which it does', async () => {
  const fails = wrongBackend(({ name }, results) => {
    if (name === 'mul') throw new Error('out of registers');
    return results;
  });
  const finding = blamed(await between(fails, straight, x));
  expect(finding).toMatchObject({ kind: 'throws', names: ['mul'], element: null });
  expect(finding.message).toContain('out of registers');
});

test('a backend that differs from itself is told so, by the equation that does', async () => {
  let runs = 0;
  const restless = wrongBackend(({ name }, results) =>
    name === 'exp' && runs++ % 2 === 0 ? plusOne(results) : results,
  );
  const loop = (v: NDArray): unknown => lax.scan((c: NDArray) => [straight(c), null], v, null, { length: 3 })[0];
  for (const f of [straight, jit(straight), loop]) {
    expect(blamed(await between(restless, f, np.array(0.5)))).toMatchObject({
      kind: 'nondeterministic',
      names: ['exp'],
    });
  }
});

test('a program that loses its digits is told from a wrong backend', async () => {
  const nudged = wrongBackend(({ name }, [y]) =>
    name === 'sin' ? [{ ...y!, data: numbers(y!).map((v) => v * (1 + 2 ** -23)) }] : [y!],
  );
  const cancelling = (v: NDArray): NDArray => lax.mul(lax.sub(lax.sin(v), Math.sin(1) - 2e-7), 1e6);
  const found = await between(nudged, cancelling, np.array(1));
  expect(found).toMatchObject({ kind: 'ill-conditioned', findings: [] });
  expect(found.conditioning!.text).toContain('= sub ');
  expect(found.conditioning!.after).toBeGreaterThan(1e4 * found.conditioning!.before!);
});

describe('the mode for NaN', () => {
  const f = (v: NDArray): NDArray => lax.exp(lax.log(lax.sub(v, 1)));
  const nans = (other: readonly (string | Backend)[], g: AnyFunction, v: NDArray): Promise<Divergence> =>
    diverge(g, { backends: other, nan: true, folder: null })(v);

  test('names the equation that makes one on one backend only', async () => {
    const unstable = wrongBackend(({ name }, results) => {
      if (name !== 'exp') return results;
      return results.map((y) => ({ ...y, data: numbers(y).map(() => NaN) }));
    });
    const found = await nans(['reference', unstable], f, np.array([2, 3]));
    expect(blamed(found)).toMatchObject({
      kind: 'nan',
      backend: 'wrong',
      names: ['exp'],
      reproducer: { equations: 1 },
    });
    expect(schemaProblem('divergence', JSON.parse(JSON.stringify(found)))).toBeNull();
  });

  test('finds nothing where both make it', async () => {
    expect(await nans(['reference', right], f, np.array([0.5]))).toMatchObject({ kind: 'agree', findings: [] });
  });

  test('names the first of all with one backend, also in a loop', async () => {
    expect(blamed(await nans(['reference'], f, np.array([0.5]))).message).toContain('log(-0.5) = NaN');
    const loop = (v: NDArray): unknown => lax.scan((c: NDArray) => [lax.mul(c, c), null], v, null, { length: 9 });
    expect(blamed(await nans(['reference'], loop, np.array(1e10)))).toMatchObject({
      kind: 'infinity',
      names: ['mul'],
      path: ['scan, iteration 1'],
    });
  });
});

describe('reproducers', () => {
  test('are saved, and replayed with the line of the user', async () => {
    const folder = temporaryFolder();
    const tanh = wrongBackend(({ name }, results) => (name === 'tanh' ? plusOne(results) : results));
    const { findings } = await diverge(straight, { backends: [reference, tanh], folder })(x);
    const file = `${folder}/${findings[0]!.reproducer!.file}`;
    expect(file).toMatch(/\.etalon\/diverge\/tanh-[0-9a-f]{4}\.json$/);
    const again = await replay({ file }, { backend: 'reference' });
    expect(again).toMatchObject({ reproduced: false, law: 'value' });
    expect(again.program).toContain('diverge.test.ts');
  });

  test('are smaller in shape, too', async () => {
    const forgets = wrongBackend(({ name }, results, [v]) =>
      name === 'cumsum' && v!.shape[0]! > 2 ? results.map((y) => take(y, y.shape, (i) => Math.max(0, i - 1))) : results,
    );
    const folder = temporaryFolder();
    const f = (v: NDArray): NDArray => lax.cumsum(lax.sin(v), 0);
    const v = random.normal(random.key(0), [17, 6]);
    const { findings } = await diverge(f, { backends: ['reference', forgets], folder })(v);
    const { program } = await replay({ file: `${folder}/${findings[0]!.reproducer!.file}` }, { backend: 'reference' });
    expect(program).toContain('a:f32[3,1]');
  });
});

describe('what cannot be compared is refused', () => {
  test('too few and too many backends, and options that are none', async () => {
    await expect(diverge(straight, { backends: ['reference'], folder: null })(x)).rejects.toThrow('two backends');
    await expect(
      diverge(straight, { backends: ['reference', 'reference', 'reference'], nan: true })(x),
    ).rejects.toThrow('got 3');
    expect(() => diverge(straight, { backends: [], nans: true } as never)).toThrow("unknown option 'nans'");
  });

  test('programs that a backend does not compute', async () => {
    const g = (v: NDArray): NDArray => lax.lgamma(v);
    await expect(diverge(g, { backends: ['reference', 'tfjs:cpu'], folder: null })(x)).rejects.toThrow(
      /tfjs:cpu does not compute this program: lgamma: /,
    );
  });
});

test('equations are numbered as the text form lists them', () => {
  const f = jit((v: NDArray) => {
    debug.print('{}', v);
    return lax.switch(1, [straight, (u: NDArray) => lax.sin(u)], v);
  });
  const jaxpr = makeJaxpr(f)(x);
  expect(printJaxpr(jaxpr).split('\n').filter((line) => / = /.test(line)).length).toBe(equationCount(jaxpr)); // prettier-ignore
});

/** Types of arrays that nobody asked for are wrong, whatever their numbers. */
test('results of another type are told so', async () => {
  const halves = wrongBackend(({ name }, results): HostArray[] =>
    name === 'exp' ? [hostArray('float32', [2], [1, 2])] : [...results],
  );
  expect(blamed(await between(halves, straight, x)).message).toContain('should be f32[4], got f32[2]');
});
