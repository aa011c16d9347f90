/** Logarithms of sums of exponentials, which are kept relative to the largest of them so that none overflows. */
import { type DType, isComplex } from '../../reference/core/dtypes.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { wgslFunction, type WgslFunction } from './compile/wgsl-function.ts';
import { complexLog } from './functions/complex-logarithms.ts';
import { exp } from './functions/exponentials.ts';
import { log } from './functions/logarithms.ts';
import { cos, sin } from './functions/sines.ts';
import type { Monoid } from './monoids.ts';
import { extremeKey, keyOf, numberOf } from './ordering.ts';
import { narrowed } from './pointwise.ts';

/** exp(x − largest), 1 where both are the same infinity. */
const weight: WgslFunction = wgslFunction(
  `
fn exponential_weight(x: f32, largest: f32, is_largest: bool) -> f32 {
  if (is_largest) { return 1.0; }
  let d = x - largest;
  return select(0.0, exp_of(d), d >= -104.0);
}`,
  [exp],
);

/** Infinities and NaN stand for themselves: what is added to them counts nothing. */
const logOfSum: WgslFunction = wgslFunction(
  `
fn log_of_sum(largest: f32, sum: f32) -> f32 {
  let is_special = (bitcast<u32>(largest) & 0x7f800000u) == 0x7f800000u;
  return select(largest + log_of(sum), largest, is_special);
}`,
  [log],
);
const logOfComplexSum: WgslFunction = wgslFunction(
  `
fn log_of_complex_sum(largest: f32, sum: vec2f) -> vec2f {
  let is_special = (bitcast<u32>(largest) & 0x7f800000u) == 0x7f800000u;
  let own = complex_log(sum);
  return vec2f(select(largest + own.x, largest, is_special), own.y);
}`,
  [complexLog],
);

const LEAST: number = extremeKey('float32', 'least');

/** The state: the key of the largest exponent, of complex numbers of its real part, and the sum. */
export function logSum(dtype: DType): Monoid {
  const ofComplex = isComplex(dtype);
  const realKey = (k: Builder, x: Code): Code => keyOf(k, x, 'float32', { nan: 'last', zeros: 'apart' });
  const numberAt = (k: Builder, key: Code): Code => k.let('f32', numberOf(k, key, 'float32'));
  return {
    state: ['int32', ofComplex ? 'complex64' : 'float32'],
    initial: (k) => [k.constant('int32', LEAST), ofComplex ? 'vec2f()' : k.constant('float32', 0)],
    lift(k, x) {
      if (!ofComplex) return [realKey(k, x), k.constant('float32', 1)];
      const key = realKey(k, `${x}.x`);
      const turned = `vec2f(${k.call(cos, 'f32', `${x}.y`)}, ${k.call(sin, 'f32', `${x}.y`)})`;
      // An exponential that is 0 is 0 at any angle.
      return [key, k.let('vec2f', `select(${turned}, vec2f(), ${key} == ${k.constant('int32', LEAST)})`)];
    },
    combine(k, [a, x], [b, y]) {
      const key = k.let('i32', `max(${a}, ${b})`);
      const weighed = (own: Code, sum: Code): Code =>
        `${sum} * ${k.call(weight, 'f32', numberAt(k, own), numberAt(k, key), `${own} == ${key}`)}`;
      return [key, `${weighed(a!, x!)} + ${weighed(b!, y!)}`];
    },
    lower(k, [key, sum]) {
      const largest = numberAt(k, key!);
      if (ofComplex) return k.call(logOfComplexSum, 'vec2f', largest, sum!);
      return narrowed(k, k.call(logOfSum, 'f32', largest, sum!), dtype);
    },
  };
}
