/** Programs that compilers like to simplify, on values for which they may not: 0·x is NaN for an infinite x. */
import fc from 'fast-check';
import type { DType } from '../../reference/core/dtypes.ts';
import { avalOf, hostScalar } from '../../reference/core/host.ts';
import type { NDArray } from '../../reference/core/ndarray.ts';
import { transforms as t } from '../../reference/transforms/rules.ts';
import { laws } from '../laws/index.ts';
import { attempted, lawCase, type Unit, unitKey } from './case.ts';
import { makeGen } from './gen.ts';
import { hash32 } from './random-stream.ts';

const { lax } = t;

const IDENTITIES: Readonly<Record<string, (x: NDArray) => NDArray>> = {
  'plus-zero': (x) => lax.add(x, lax.zerosLike(x)),
  'zero-plus': (x) => lax.add(lax.zerosLike(x), x),
  'minus-zero': (x) => lax.sub(x, lax.zerosLike(x)),
  'times-zero': (x) => lax.mul(x, lax.zerosLike(x)),
  'times-one': (x) => lax.mul(x, lax.fullLike(x, 1)),
  'minus-itself': (x) => lax.sub(x, x),
  'plus-negated': (x) => lax.add(x, lax.neg(x)),
  'added-and-taken-off': (x) => lax.sub(lax.add(x, lax.fullLike(x, 1)), x),
  'over-itself': (x) => lax.div(x, x),
  'times-reciprocal': (x) => lax.mul(x, lax.div(lax.fullLike(x, 1), x)),
  'multiplied-and-divided': (x) => lax.div(lax.mul(x, x), x),
  'equals-itself': (x) => lax.eq(x, x),
  'differs-from-itself': (x) => lax.ne(x, x),
  'negated-twice': (x) => lax.neg(lax.neg(x)),
  'zero-minus': (x) => lax.sub(lax.zerosLike(x), x),
  'zero-over': (x) => lax.div(lax.zerosLike(x), x),
  'half-and-half': (x) => lax.mul(lax.mul(x, lax.fullLike(x, 0.5)), lax.fullLike(x, 2)),
};

const DTYPES: readonly DType[] = ['float32', 'float64', 'float16', 'bfloat16'];

/** What each identity is tried on as a scalar: then it is an equation with a literal. */
const SCALARS: readonly number[] = [0, -0, 1.5, -1.5, Infinity, -Infinity, NaN];

/** The units of the identities. `count`: arrays that each is tried on. */
export function* identityUnits(count: number): Generator<Unit> {
  for (const dtype of DTYPES) {
    for (const transformation of ['eval', 'jit'] as const) yield identityUnit(dtype, transformation, count);
  }
}

function identityUnit(dtype: DType, transformation: 'eval' | 'jit', count: number): Unit {
  const key = unitKey('identities', dtype, transformation);
  const law = laws[transformation === 'jit' ? 'jit-is-eager' : 'value'];
  return {
    key,
    group: 'programs',
    law: law.name,
    subject: 'identities',
    dtype,
    transformation,
    planned: (SCALARS.length + count) * Object.keys(IDENTITIES).length,
    *cases(seed) {
      for (const [variant, identity] of Object.entries(IDENTITIES)) {
        const stream = hash32(seed, key, variant);
        const arrays = makeGen(fc, dtype, 'odd').array(dtype, [23]);
        const inputs = [
          ...SCALARS.map((v) => hostScalar(dtype, v)),
          ...fc.sample(arrays, { seed: stream, numRuns: count }),
        ];
        for (const [index, x] of inputs.entries()) {
          const one = attempted(key, variant, [stream, index], () => {
            const jaxpr = t.trace((y) => [identity(y)], [avalOf(x)]);
            return lawCase(key, variant, law, { jaxpr, inputs: [x], active: [0] }, [stream, index]);
          });
          if (one !== null) yield one;
        }
      }
    },
  };
}
