/** Complex numbers and their parts (spec/primitives/complex.md). */
import { COMPLEX, complexOf, type DType, partOf } from '../core/dtypes.ts';
import { conjugate } from './numerics/complex-functions.ts';
import { along, type Binary, binary, constantLipschitz, exact, inexact, type Unary, unary } from './elementwise.ts';

/** What complex numbers can be made of. */
const PARTS: readonly DType[] = COMPLEX.map(partOf);

export const real: Unary<'real'> = unary({
  name: 'real',
  spec: 'spec/primitives/complex.md#real',
  dtypes: COMPLEX,
  result: partOf,
  complex: (z) => z.re,
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose: (lax, [ct]) => [along(ct, (t) => lax.complex(t, lax.zerosLike(t)))],
  },
  bound: constantLipschitz(1),
  accuracy: exact,
});

export const imag: Unary<'imag'> = unary({
  name: 'imag',
  spec: 'spec/primitives/complex.md#imag',
  dtypes: COMPLEX,
  result: partOf,
  complex: (z) => z.im,
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose: (lax, [ct]) => [along(ct, (t) => lax.complex(lax.zerosLike(t), lax.neg(t)))],
  },
  bound: constantLipschitz(1),
  accuracy: exact,
});

export const conj: Unary<'conj'> = unary({
  name: 'conj',
  spec: 'spec/primitives/complex.md#conj',
  dtypes: COMPLEX,
  complex: conjugate,
  differentiate: {
    active: inexact,
    jvp: 'linear',
    transpose: (lax, [ct]) => [along(ct, lax.conj)],
  },
  bound: constantLipschitz(1),
  accuracy: exact,
});

export const complex: Binary<'complex'> = binary({
  name: 'complex',
  spec: 'spec/primitives/complex.md#complex',
  dtypes: PARTS,
  result: complexOf,
  value: (re, im) => ({ re, im }),
  differentiate: {
    active: inexact,
    jvp: (lax, [x, y], [dx, dy]) => [dx || dy ? lax.complex(dx ?? lax.zerosLike(x!), dy ?? lax.zerosLike(y!)) : null],
    transpose: {
      linearIn: [[0, 1]],
      rule: (lax, [ct], [x, y]) => [
        'linear' in x! ? along(ct, lax.real) : null,
        'linear' in y! ? along(ct, (t) => lax.neg(lax.imag(t))) : null,
      ],
    },
  },
  bound: constantLipschitz(1, 1),
  accuracy: exact,
});
