import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contents } from '../../../conformance/testing/arrays.ts';
import { smallVectors, smoothFunction, smoothPrograms } from '../../../conformance/testing/programs/smooth.ts';
import {
  checkify as checked,
  customJvp,
  customVjp,
  debug,
  devicePut,
  errors,
  grad,
  jit,
  lax,
  liveBuffers,
  makeJaxpr,
  type NDArray,
  np,
  reference,
  tree,
  vmap,
} from '../../index.ts';
import { printProgram } from '../../core/text.ts';
import { readProgram } from '../programs.ts';

const { allChecks, check, checkError, checkify, divChecks, indexChecks, nanChecks } = checked;
type ErrorValue = InstanceType<typeof checked.Error>;

/** A message without the user's lines. */
const plain = (error: ErrorValue): string | null => error.get()?.replaceAll(/ \(\S+:\d+:\d+\)/g, '') ?? null;
const vector = (values: readonly number[]): NDArray => np.array(values, { dtype: 'float64' });
const positive = (x: NDArray): NDArray => {
  check(lax.gt(x, 0), 'x must be positive, got {}', x);
  return lax.log(x);
};

describe('programs without failures', () => {
  const same = (of: (f: (x: NDArray) => NDArray) => (x: NDArray) => NDArray, numRuns: number): void =>
    fc.assert(
      fc.property(smoothPrograms(fc), smallVectors(fc), (program, values) => {
        const f = of(smoothFunction(program));
        const [error, y] = checkify(f, { errors: allChecks })(vector(values));
        expect(plain(error)).toBeNull();
        expect(contents(y)).toEqual(contents(f(vector(values))));
      }),
      { numRuns },
    );
  test('have the values that they have unchecked', () => same((f) => f, 40));
  test('and so have their derivatives', () => same((f) => grad((x: NDArray) => lax.reduceSum(f(x), [0])), 15));
  test('and batches', () => same((f) => (x) => vmap((y: NDArray) => f(np.multiply(x, y)))(vector([1, 0.5])), 15));

  test('call the callbacks that they call unchecked, also differentiated', () => {
    let seen: number[] = [];
    const noted = (x: NDArray): NDArray => {
      debug.callback((v: NDArray) => seen.push(Number(v.item())), x);
      check(lax.lt(x, 100), 'large');
      return x;
    };
    const own = customJvp((x: NDArray) => lax.mul(noted(x), 2));
    own.defjvp(([x], [dx]) => [lax.mul(noted(x), 2), lax.mul(dx, 2)]);
    const f = (x: NDArray): NDArray =>
      lax.scan(
        (c: NDArray) => [own(c), null],
        lax.whileLoop(
          (c: NDArray) => lax.lt(noted(c), 5),
          (c: NDArray) => lax.mul(noted(c), 2),
          x,
        ),
        null,
        { length: 2 },
      )[0];
    const calls = (g: (x: NDArray) => unknown): number[] => {
      seen = [];
      g(np.array(1));
      return seen;
    };
    expect(calls(checkify(f))).toEqual(calls(f));
    expect(calls(grad((x: NDArray) => checkify(f)(x)[1]))).toEqual(calls(grad(f)));
  });

  test('may close over what is traced in the condition of a loop', () => {
    const f = (x: NDArray, end: NDArray): NDArray =>
      lax.whileLoop(
        (c: NDArray) => {
          check(lax.lt(c, 100), 'large');
          return lax.lt(c, end);
        },
        (c: NDArray) => lax.mul(c, 2),
        x,
      );
    for (const g of [f, jit(f)]) {
      const [error, y] = jit(checkify(g))(1, 10);
      expect([error.get(), y.item()]).toEqual([null, 16]);
      expect(plain(jit(checkify(g))(1, 1000)[0])).toBe('large');
    }
  });

  test('keep the rules of functions that have checks', () => {
    const own = customVjp(positive);
    own.defvjp(
      (x) => [positive(x), x],
      (x: NDArray, ct: NDArray) => [ct.mul(x).mul(7)],
    );
    for (const f of [own, jit(own)]) {
      const checkedFirst = (x: NDArray): [NDArray, ErrorValue] => {
        const [error, y] = checkify(f)(x);
        return [y, error];
      };
      const [slope, error] = grad(checkedFirst, { hasAux: true })(2);
      expect([slope.item(), error.get()]).toEqual([14, null]);
      expect(plain(grad(checkedFirst, { hasAux: true })(-2)[1])).toBe('x must be positive, got -2');
    }
  });

  test('keep the error and the results, nothing else', () => {
    const x = devicePut(vector([1, 2, 3]), reference);
    const before = liveBuffers(reference).buffers;
    const kept = checkify((v: NDArray) => lax.log(lax.exp(v)), { errors: nanChecks })(x);
    expect(liveBuffers(reference).buffers - before).toBe(tree.leaves(kept).length);
  });
});

describe('NaN', () => {
  const special = fc.constantFrom(-1, 0, 4, NaN, Infinity);
  const vectors = fc.array(special, { minLength: 1, maxLength: 4 });
  const says = (f: (x: NDArray) => NDArray, values: readonly number[]): string | null =>
    plain(checkify(f, { errors: nanChecks })(vector(values))[0]);

  test('is made where an element becomes one that was none', () =>
    fc.assert(
      fc.property(vectors, (values) => {
        const made = values.some((v) => v < 0);
        expect(says((x) => lax.sqrt(x), values)).toBe(made ? 'sqrt made a NaN' : null);
      }),
    ));

  test('is made by a sum of numbers, not by one of which a term is NaN already', () =>
    fc.assert(
      fc.property(vectors, (values) => {
        const terms = [...values, -Infinity];
        const made = values.includes(Infinity) && !values.some(Number.isNaN);
        expect(says((x) => lax.reduceSum(x, [0]), terms)).toBe(made ? 'reduce_sum made a NaN' : null);
      }),
      { numRuns: 40 },
    ));

  test('comes from outside, and goes through, unsaid', () => {
    const masked = (x: NDArray): NDArray => lax.add(np.where(lax.gt(x, 0), x, NaN), 1);
    expect(says(masked, [-1, 2])).toBeNull();
    expect(says((x) => lax.sin(x), [NaN])).toBeNull();
  });
});

test('division by zero is of integers and floats, by div and rem', () =>
  fc.assert(
    fc.property(
      fc.constantFrom('div' as const, 'rem' as const),
      fc.constantFrom('int32' as const, 'uint8' as const, 'float32' as const, 'complex64' as const),
      fc.array(fc.nat(2), { minLength: 1, maxLength: 4 }),
      (name, dtype, divisors) => {
        fc.pre(name === 'div' || dtype !== 'complex64');
        const y = np.array(divisors).astype(dtype);
        const [error] = checkify(lax[name], { errors: divChecks })(np.onesLike(y), y);
        expect(plain(error)).toBe(divisors.includes(0) ? `division by zero: ${name}` : null);
      },
    ),
  ));

describe('indices', () => {
  const says = (f: () => NDArray): string | null => plain(checkify(f, { errors: indexChecks })()[0]);
  const dtypes = fc.constantFrom('int32' as const, 'int64' as const, 'int8' as const);
  const places = fc.array(fc.integer({ min: -2, max: 5 }), { minLength: 1, maxLength: 4 });
  /** The message about the first of `starts` at which no window fits. */
  const first = (
    starts: readonly number[],
    sizes: readonly number[],
    shape: readonly number[],
    what: string,
  ): string | null => {
    const i = starts.findIndex((s, k) => s < 0 || s > shape[k % shape.length]! - sizes[k % shape.length]!);
    const axis = i % shape.length;
    return i < 0
      ? null
      : `${what} ${starts[i]} is out of bounds for axis ${axis}, of size ${shape[axis]}, of f32[${shape.join(',')}]`;
  };

  test('of gather and the scatters are in the operand, whatever the mode', () =>
    fc.assert(
      fc.property(fc.nat(5), dtypes, fc.constantFrom('fill', 'clip'), places, (which, dtype, mode, at) => {
        const x = np.zeros([3]);
        const indices = np.array(at).astype(dtype).reshape([at.length, 1]);
        const dims = { operand_batching_dims: [] };
        const scatterDims = { ...dims, update_window_dims: [], inserted_window_dims: [0], scatter_dims_to_operand_dims: [0], scatter_indices_batching_dims: [] }; // prettier-ignore
        const gatherDims = { ...dims, offset_dims: [], collapsed_slice_dims: [0], start_index_map: [0], start_indices_batching_dims: [] }; // prettier-ignore
        const options = { mode: mode as 'fill' };
        const scatters = ['scatter', 'scatterAdd', 'scatterMul', 'scatterMin', 'scatterMax'] as const;
        const name = ['scatter', 'scatter_add', 'scatter_mul', 'scatter_min', 'scatter_max', 'gather'][which]!;
        const f = (): NDArray =>
          which === 5
            ? lax.gather(x, indices, gatherDims, [1], options)
            : lax[scatters[which]!](x, indices, np.ones([at.length]), scatterDims, options);
        expect(says(f)).toBe(first(at, [1], [3], `${name}: index`));
      }),
      { numRuns: 60 },
    ));

  test('of dynamic slices leave room for the window', () =>
    fc.assert(
      fc.property(dtypes, fc.tuple(fc.integer({ min: -1, max: 4 }), fc.integer({ min: -1, max: 4 })), (dtype, at) => {
        const x = np.zeros([4, 3]);
        const starts = at.map((s) => np.array(s).astype(dtype));
        const wrong = (name: string): string | null =>
          first(at, [2, 1], [4, 3], `${name}: a window of shape [2, 1] at`);
        expect(says(() => lax.dynamicSlice(x, starts, [2, 1]))).toBe(wrong('dynamic_slice'));
        expect(says(() => lax.dynamicUpdateSlice(x, np.ones([2, 1]), starts))).toBe(wrong('dynamic_update_slice'));
      }),
      { numRuns: 50 },
    ));

  test('without any there is nothing to check', () => {
    expect(says(() => lax.dynamicSlice(np.array(1), [], []))).toBeNull();
    expect(says(() => np.take(np.zeros([3]), np.zeros([0], { dtype: 'int32' })))).toBeNull();
  });
});

describe('messages', () => {
  const here = /checkify\.test\.ts:\d+:\d+\)$/;
  test('name the line, also of what a derivative divides by', () => {
    expect(checkify(positive)(-1)[0].get()).toMatch(here);
    const flat = (x: NDArray): NDArray => lax.mul(np.sqrt(x), 0);
    const [error] = checkify(grad(flat), { errors: divChecks })(0);
    expect(error.get()).toMatch(/^division by zero: div/);
    expect(error.get()).toMatch(here);
  });
  test('show values of every kind', () => {
    const f = (x: NDArray): null => {
      check(false, '{} {} {} {}', x, lax.gt(x, 1), lax.convertElementType(x, 'int64'), lax.complex(x, x));
      return null;
    };
    expect(plain(checkify(f)(np.array([1, 2]))[0])).toBe('[1, 2] [false, true] [1, 2] [1+1i, 2+2i]');
  });
  test('have fields by number and by name, and braces', () => {
    const says = (
      message: string,
      ...values: Parameters<typeof check> extends [unknown, unknown, ...infer V] ? V : never
    ) => plain(checkify(() => (check(false, message, ...values), null))()[0]);
    expect(says('{1} of {0}, {1}', 1, true)).toBe('true of 1, true');
    expect(says('{} and {x} {{}}', 1, { x: np.array([2]) })).toBe('1 and [2] {}');
  });
  test('of nested batches name each example', () => {
    const [error] = vmap(vmap(checkify(positive)))(np.array([[1, -1], [-2, 1]])); // prettier-ignore
    expect(plain(error)).toBe('example 0, 1: x must be positive, got -1\nexample 1, 0: x must be positive, got -2');
  });
});

describe('errors are trees of arrays', () => {
  test('which jit, vmap and scan take and give', () => {
    const [error] = checkify(positive)(-1);
    expect(plain(jit((e: ErrorValue) => e)(error))).toBe(plain(error));
    const [last] = lax.scan((e: ErrorValue) => [e, null], error, null, { length: 2 });
    expect(plain(last)).toBe(plain(error));
    expect(String(error)).toMatch(/^Error\(x must be positive, got -1/);
    expect(String(checkify(positive)(1)[0])).toBe('Error(none)');
  });
  test('a jitted function with checks is traced once', () => {
    let traces = 0;
    const f = jit(checkify((x: NDArray) => (traces++, positive(x))));
    expect([1, -1, 2].map((v) => plain(f(v)[0]))).toEqual([null, 'x must be positive, got -1', null]);
    expect(traces).toBe(1);
  });
  test('checkError and throw() make them checks again, for an outer checkify too', () => {
    const message = 'x must be positive, got -1';
    const again = (x: NDArray): NDArray => {
      const [error, y] = jit(checkify(positive))(x);
      checkError(error);
      return y;
    };
    for (const f of [again, jit(again), grad(again)]) expect(() => f(np.array(-1))).toThrow(message);
    expect(plain(checkify(again)(-1)[0])).toBe(message);
    const batch = (x: NDArray): NDArray => {
      const [error, y] = vmap(checkify(positive))(x);
      error.throw();
      return y;
    };
    expect(plain(checkify(batch)(np.array([2, -1, -3]))[0])).toBe(message);
    expect(() => batch(np.array([2, -1, -3]))).toThrow(/^example 1: .*\nexample 2: /);
    expect(checkify(batch)(np.array([1, 1]))[0].get()).toBeNull();
  });
  test('an automatic check that was raised again stays of its category', () => {
    const again = (x: NDArray): NDArray => {
      const [error, y] = checkify(np.log, { errors: nanChecks })(x);
      checkError(error);
      return y;
    };
    expect(() => checkify(again)(-1)).toThrow(errors.CheckError);
    expect(plain(checkify(again, { errors: nanChecks })(-1)[0])).toBe('log made a NaN');
  });
});

describe('check', () => {
  test('takes a bool of any shape', () => {
    expect(() => check(np.array([true, false]), 'no')).toThrow(errors.CheckError);
    expect(() => check(np.ones([0], { dtype: 'bool' }), 'no')).not.toThrow();
  });
  test('goes with collectives', () => {
    const share = (x: NDArray): NDArray => {
      const total = lax.psum(x, 'i');
      check(lax.lt(total, 5), 'total {} at {}', total, x);
      return lax.div(x, total);
    };
    const batched = vmap(checkify(share, { errors: allChecks }), { axisName: 'i' });
    expect(plain(batched(np.array([1, 3]))[0])).toBeNull();
    expect(plain(batched(np.array([2, 3]))[0])).toBe('example 0: total 5 at 2\nexample 1: total 5 at 3');
    expect(plain(checkify(vmap(share, { axisName: 'i' }))(np.array([2, 3]))[0])).toBe('total 5 at 2');
  });
  test('of no examples checks nothing', () => {
    expect(vmap(positive)(np.zeros([0])).shape).toEqual([0]);
    expect(checkify(vmap(jit(positive)))(np.zeros([0]))[0].get()).toBeNull();
  });
  test('goes into a file and comes back', () => {
    const program = makeJaxpr(positive)(1);
    expect(printProgram(readProgram(printProgram(program)))).toBe(printProgram(program));
  });
  test('in the rule of a derivative says nothing of the function', () => {
    const f = customJvp(positive);
    f.defjvp(([x], [dx]) => {
      check(false, 'the rule');
      return [f(x), dx];
    });
    expect(plain(checkify(f)(1)[0])).toBeNull();
    const [, dy] = checkify(grad((x: NDArray) => checkify(f)(x)[1]))(1);
    expect(dy.item()).toBe(1);
    expect(plain(checkify(grad(f))(1)[0])).toBe('the rule');
  });
  test('misuse is an error', () => {
    const wrong: [unknown[], RegExp][] = [
      [[np.array(1), 'no'], /predicate must be bool, got f32\[\]/],
      [['yes', 'no'], /predicate: expected an array/],
      [[true, 3], /the format must be a string, got number/],
      [[true, '{} {}', 1], /there is no argument for the field 1/],
      [[true, 'no', 1], /no field for argument 0/],
      [[true, '{x}', 1], /the field \{x\} needs an object as last argument/],
      [[true, '{'], /a single \{ in "\{"/],
      [[true, '{}', [1]], /the value of \{0\}: expected an array or a number, got a list/],
    ];
    for (const [args, message] of wrong) expect(() => (check as (...xs: unknown[]) => void)(...args)).toThrow(message);
    expect(() => checkify(positive, { errors: ['nan'] as never })).toThrow(/errors must be a set of checks/);
    expect(() => checkify(positive, { checks: allChecks } as never)).toThrow(errors.OptionError);
    expect(() => checkError('no' as never)).toThrow(errors.ArgumentError);
    expect(() => jit((x: NDArray) => np.array(checkify(positive)(x)[0].get() === null))(1)).toThrow(
      errors.ConcretizationError,
    );
  });
});
