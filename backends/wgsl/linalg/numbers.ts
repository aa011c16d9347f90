/** The numbers of linear algebra, real or complex, as text: an algorithm is written once for both. */
import { type DType, isComplex, partOf } from '../../../reference/core/dtypes.ts';
import type { Builder } from '../compile/builder.ts';
import type { Code } from '../compile/statements.ts';
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { complexAbs, complexMul } from '../functions/complex-arithmetic.ts';

/** Operands are names of values. */
export interface Numbers {
  readonly dtype: DType;
  readonly type: 'f32' | 'vec2f';
  fromReal(x: Code): Code;
  re(x: Code): Code;
  im(x: Code): Code;
  conj(k: Builder, x: Code): Code;
  mul(k: Builder, x: Code, y: Code): Code;
  div(k: Builder, x: Code, y: Code): Code;
  abs(k: Builder, x: Code): Code;
  /** |re| + |im|. */
  size(x: Code): Code;
}

const real: Omit<Numbers, 'dtype'> = {
  type: 'f32',
  fromReal: (x) => x,
  re: (x) => x,
  im: () => '0.0',
  conj: (_, x) => x,
  mul: (_, x, y) => `(${x} * ${y})`,
  div: (_, x, y) => `(${x} / ${y})`,
  abs: (_, x) => `abs(${x})`,
  size: (x) => `abs(${x})`,
};

/** Smith's method, which neither overflows nor underflows on the way. */
const quotient: WgslFunction = wgslFunction(`
fn smith_quotient(a: vec2f, b: vec2f) -> vec2f {
  if (b.y == 0.0) { return a / b.x; }
  if (abs(b.x) >= abs(b.y)) {
    let r = b.y / b.x;
    return vec2f(a.x + a.y * r, a.y - a.x * r) / (b.x + b.y * r);
  }
  let r = b.x / b.y;
  return vec2f(a.x * r + a.y, a.y * r - a.x) / (b.x * r + b.y);
}`);

const complex: Omit<Numbers, 'dtype'> = {
  type: 'vec2f',
  fromReal: (x) => `vec2f(${x}, 0.0)`,
  re: (x) => `${x}.x`,
  im: (x) => `${x}.y`,
  conj: (k, x) => k.let('vec2f', `vec2f(${x}.x, -${x}.y)`),
  mul: (k, x, y) => k.call(complexMul, 'vec2f', x, y),
  div: (k, x, y) => k.call(quotient, 'vec2f', x, y),
  abs: (k, x) => k.call(complexAbs, 'f32', x),
  size: (x) => `(abs(${x}.x) + abs(${x}.y))`,
};

export const numbersOf = (dtype: DType): Numbers => ({ dtype, ...(isComplex(dtype) ? complex : real) });

/** NaN, as one of the numbers. */
export const nan = (k: Builder, { dtype, fromReal }: Numbers): Code => fromReal(k.constant(partOf(dtype), NaN));
