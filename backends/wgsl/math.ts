/** Roots, exponentials, logarithms and their kin. Errors in ulp are measured by accuracy.test.ts. */
import { type DType, isComplex, isFloat } from '../../reference/core/dtypes.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import type { Lowerer, Part } from './compile/lowering.ts';
import { registerOf } from './compile/types.ts';
import { complexMul, complexReciprocal } from './functions/complex-arithmetic.ts';
import {
  complexCos,
  complexExp,
  complexExp2,
  complexExpm1,
  complexLogistic,
  complexSin,
  complexTan,
  complexTanh,
} from './functions/complex-exponentials.ts';
import { complexLog, complexLog1p, complexPow, complexRsqrt, complexSqrt } from './functions/complex-logarithms.ts';
import { erf } from './functions/errors.ts';
import { exp, exp2, expm1, logistic, tanh } from './functions/exponentials.ts';
import { log, log1p } from './functions/logarithms.ts';
import { cbrt, pow, powOfSigned, powOfUnsigned } from './functions/powers.ts';
import { cos, sin, tan } from './functions/sines.ts';
import { called, elementwise, pointwise } from './pointwise.ts';
import { converted } from './conversion.ts';

/** In additions. */
const COST = 20;

// ---- roots

const sqrt = (k: Builder, x: Code, dtype: DType): Code =>
  isComplex(dtype) ? k.call(complexSqrt, 'vec2f', x) : `sqrt(${x})`;

const rsqrt = (k: Builder, x: Code, dtype: DType): Code =>
  isComplex(dtype) ? k.call(complexRsqrt, 'vec2f', x) : `(${k.constant(dtype, 1)} / sqrt(${x}))`;

// ---- powers

const product = (k: Builder, x: Code, y: Code, dtype: DType): Code =>
  isComplex(dtype) ? k.call(complexMul, 'vec2f', x, y) : k.value(registerOf(dtype), `${x} * ${y}`);

/** By squaring. A negative power of a real number is that of 1/x, which overflows only if the power does. */
function integerPower(k: Builder, x: Code, dtype: DType, { y }: ParamsOf<'integer_pow'>): Code {
  if (y === 0) return k.constant(dtype, 1);
  if (y < 0 && isComplex(dtype)) return k.call(complexReciprocal, 'vec2f', integerPower(k, x, dtype, { y: -y }));
  let base = y < 0 ? k.value(registerOf(dtype), `${k.constant(dtype, 1)} / ${x}`) : x;
  let power: Code | null = null;
  for (let n = Math.abs(y); n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) power = power === null ? base : product(k, power, base, dtype);
    if (n > 1) base = product(k, base, base, dtype);
  }
  return power!;
}

/** The exponent may be an integer, which float32 does not always hold. */
function power(k: Builder, x: Code, y: Code, base: DType, exponent: DType): Code {
  if (isComplex(base)) return k.call(complexPow, 'vec2f', x, k.let('vec2f', converted(k, y, exponent, base)));
  if (isFloat(exponent)) return k.call(pow, 'f32', x, y);
  return k.call(registerOf(exponent) === 'u32' ? powOfUnsigned : powOfSigned, 'f32', x, y);
}

const raised: Lowerer<unknown> = (_, [x, y], __, [result]) => {
  const { shape, dtype } = result!;
  return [pointwise({ shape, dtype }, [x!, y!], 4 * COST, (k, [a, b]) => power(k, a!, b!, dtype, y!.type.dtype))];
};

export const math: Part<
  | 'sqrt'
  | 'rsqrt'
  | 'cbrt'
  | 'exp'
  | 'exp2'
  | 'log'
  | 'expm1'
  | 'log1p'
  | 'sin'
  | 'cos'
  | 'tan'
  | 'tanh'
  | 'logistic'
  | 'erf'
  | 'pow'
  | 'integer_pow'
  | 'square'
> = {
  sqrt: elementwise((k, [x], dtype) => sqrt(k, x!, dtype), 4),
  rsqrt: elementwise((k, [x], dtype) => rsqrt(k, x!, dtype), 8),
  cbrt: called(cbrt, COST),
  exp: called(exp, COST, complexExp),
  exp2: called(exp2, COST, complexExp2),
  log: called(log, COST, complexLog),
  expm1: called(expm1, COST, complexExpm1),
  log1p: called(log1p, COST, complexLog1p),
  sin: called(sin, COST, complexSin),
  cos: called(cos, COST, complexCos),
  tan: called(tan, COST, complexTan),
  tanh: called(tanh, COST, complexTanh),
  logistic: called(logistic, COST, complexLogistic),
  erf: called(erf, COST),
  pow: raised,
  integer_pow: elementwise((k, [x], dtype, params) => integerPower(k, x!, dtype, params), 4),
  square: elementwise((k, [x], dtype) => product(k, x!, x!, dtype)),
};
