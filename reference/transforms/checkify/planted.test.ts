/** Checks that fail somewhere in random programs: the right one is named, whatever is transformed before or after. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Block, checkedPrograms, functionOf, modelOf } from '../../../conformance/testing/checked.ts';
import { checkify as checked, errors, grad, jit, lax, type NDArray, np, valueAndGrad, vmap } from '../../index.ts';

const { check, checkify, allChecks, userChecks } = checked;
type F = (c: NDArray) => NDArray;
const state = (c: number): NDArray => np.array(c, { dtype: 'float64' });
const starts = fc.nat(10);
/** What the messages say, without the user's lines. */
const plain = (message: string | null): string | null => message?.replaceAll(/ \(\S+:\d+:\d+\)/g, '') ?? null;

/** What the model says, and what a function with checks gives. */
const expected = (block: Block, c: number): [string | null, number] => {
  const { states, failures } = modelOf(block, [c]);
  return [failures[0] ?? null, states[0]!];
};
const found = ([error, y]: readonly [InstanceType<typeof checked.Error>, NDArray]): [string | null, unknown] => [
  plain(error.get()),
  y.js(),
];

type Parts = Parameters<typeof checkedPrograms>[1];
function holds(parts: Parts, numRuns: number, property: (block: Block, c: number) => void): void {
  fc.assert(fc.property(checkedPrograms(fc, parts), starts, property), { numRuns });
}

describe('the first check that fails is named, and the value is what it is without', () => {
  test('checkify(f)', () =>
    holds({ automatic: true }, 40, (block, c) => {
      expect(found(checkify(functionOf(block), { errors: allChecks })(state(c)))).toEqual(expected(block, c));
    }));

  test('checkify(f), with derivatives in f', () =>
    holds({ derivatives: true }, 20, (block, c) => {
      expect(found(checkify(functionOf(block))(state(c)))).toEqual(expected(block, c));
    }));

  test('jit(checkify(f)) and checkify(jit(f))', () =>
    holds({ automatic: true }, 12, (block, c) => {
      const f = functionOf(block);
      const options = { errors: allChecks };
      expect(found(jit(checkify(f, options))(state(c)))).toEqual(expected(block, c));
      expect(found(checkify(jit(f), options)(state(c)))).toEqual(expected(block, c));
    }));

  test('vmap(checkify(f)), for each example', () =>
    fc.assert(
      fc.property(
        checkedPrograms(fc, { automatic: true }),
        fc.array(starts, { minLength: 1, maxLength: 4 }),
        (block, cs) => {
          const [error, ends] = vmap(checkify(functionOf(block), { errors: allChecks }))(
            np.array(cs, { dtype: 'float64' }),
          );
          const wanted = cs.map((c) => expected(block, c));
          const lines = wanted.flatMap(([message], i) => (message === null ? [] : [`example ${i}: ${message}`]));
          expect(plain(error.get())).toBe(lines.length === 0 ? null : lines.join('\n'));
          expect(ends.js()).toEqual(wanted.map(([, end]) => end));
        },
      ),
      { numRuns: 12 },
    ));

  test('checkify(vmap(f)), of the first example that fails; without checkify it is thrown', () =>
    fc.assert(
      fc.property(checkedPrograms(fc, {}), fc.array(starts, { minLength: 1, maxLength: 4 }), (block, cs) => {
        const batch = np.array(cs, { dtype: 'float64' });
        const f = functionOf(block);
        const { states, failures } = modelOf(block, cs);
        expect(found(checkify(vmap(f))(batch))).toEqual([failures[0] ?? null, states]);
        expect(thrown(() => vmap(f)(batch))).toBe(failures[0] ?? null);
      }),
      { numRuns: 12 },
    ));

  test('a batch checks nothing that nobody asked for', () => {
    const noted = (y: NDArray): NDArray => {
      check(lax.gt(y, 0), 'must be positive');
      return np.log(y.neg());
    };
    const f = (x: NDArray): NDArray => lax.cond(lax.gt(x, 0), noted, (y: NDArray) => y, x);
    expect(vmap(f)(np.array([1, -1])).js()).toEqual([NaN, -1]);
  });

  test('without checkify it is thrown, under jit and under grad too', () =>
    holds({ derivatives: true }, 10, (block, c) => {
      const f = functionOf(block);
      for (const g of [f, jit(f), grad(f) as F, jit(grad(f) as F)]) {
        expect(thrown(() => g(state(c)))).toBe(expected(block, c)[0]);
      }
    }));

  test('checkify(grad(f)), and the derivative of checkify(f)', () =>
    holds({ derivatives: true }, 10, (block, c) => {
      const f = functionOf(block);
      const [error, inside] = checkify(grad(f) as F)(state(c));
      const after = (x: NDArray): [NDArray, InstanceType<typeof checked.Error>] => {
        const [e, y] = checkify(f)(x);
        return [y, e];
      };
      const [[y, same], outside] = valueAndGrad(after, { hasAux: true })(state(c));
      expect([plain(same.get()), y.js()]).toEqual(expected(block, c));
      expect(plain(error.get())).toBe(expected(block, c)[0]);
      expect(outside.js()).toEqual(inside.js());
    }));

  test('checks that are not asked for throw', () =>
    holds({}, 12, (block, c) => {
      const rest = allChecks.difference(userChecks);
      expect(thrown(() => checkify(functionOf(block), { errors: rest })(state(c))[1])).toBe(expected(block, c)[0]);
    }));
});

/** The message of the CheckError that `f` throws; null if it does not. */
function thrown(f: () => unknown): string | null {
  try {
    f();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(errors.CheckError);
    return plain((error as Error).message.replace('\n  spec/errors.md#check', ''));
  }
}
