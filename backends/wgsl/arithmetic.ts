/** Arithmetic, rounding to integers, extremes. */
import { type DType, isComplex, isFloat, isInexact } from '../../reference/core/dtypes.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import type { Part } from './compile/lowering.ts';
import { registerOf } from './compile/types.ts';
import { complexAbs, complexDiv, complexMul, complexSign } from './functions/complex-arithmetic.ts';
import { remainder } from './functions/remainder.ts';
import { bitcast, type Emit, elementwise, isNaN, magnitudeBits, opaque } from './pointwise.ts';

type Unary = (k: Builder, x: Code, dtype: DType) => Code;
const unary = (emit: Unary): Part<'neg'>['neg'] => elementwise((k, [x], dtype) => emit(k, x!, dtype));

// ---- sums
// What compilers know to be the same number they cancel: x − x, x + (−x) and x / x, which are NaN for infinities and NaN.

const neg: Unary = (k, x, dtype) =>
  isInexact(dtype) ? opaque(k, `-${x}`, dtype) : dtype.startsWith('uint') ? `(~${x} + 1u)` : `(-${x})`;

const sub = (k: Builder, x: Code, y: Code, dtype: DType): Code =>
  `(${x} - ${isInexact(dtype) ? opaque(k, y, dtype) : y})`;

// ---- signs and rounding

const abs: Unary = (k, x, dtype) => (isComplex(dtype) ? k.call(complexAbs, 'f32', x) : `abs(${x})`);

/** `size` with the sign of a float. */
function signed(k: Builder, x: Code, size: Code): Code {
  const sign = `${bitcast(k, 'u32', x)} & ${k.constant('uint32', 0x80000000)}`;
  return bitcast(k, 'f32', `${bitcast(k, 'u32', size)} | (${sign})`);
}

/** Zeros and NaN are their own signs. */
function sign(k: Builder, x: Code, dtype: DType): Code {
  if (isComplex(dtype)) return k.call(complexSign, 'vec2f', x);
  if (dtype.startsWith('uint')) return `min(${x}, ${k.constant(dtype, 1)})`;
  if (!isFloat(dtype)) return `sign(${x})`;
  const isOwn = k.value('bool', `(${magnitudeBits(k, x)} == ${k.constant('uint32', 0)}) | ${isNaN(k, x)}`);
  return `select(${signed(k, x, k.constant('float32', 1))}, ${x}, ${isOwn})`;
}

/** WGSL's own `round` takes the even one of two integers. */
function round(k: Builder, x: Code, method: ParamsOf<'round'>['rounding_method']): Code {
  if (method === 'TO_NEAREST_EVEN') return `round(${x})`;
  const whole = k.value('f32', `trunc(${x})`);
  const away = k.value('f32', `${whole} + ${signed(k, x, k.constant('float32', 1))}`);
  return `select(${whole}, ${away}, abs(${x} - ${whole}) >= ${k.constant('float32', 0.5)})`;
}

// ---- division

/** Truncates, and the smallest integer by −1 is itself, in WGSL too; x/0 has all bits set. */
function div(k: Builder, x: Code, y: Code, dtype: DType): Code {
  if (isComplex(dtype)) return k.call(complexDiv, 'vec2f', x, y);
  if (isFloat(dtype)) return `(${x} / ${opaque(k, y, dtype)})`;
  const zero = k.constant(dtype, 0);
  return `select(${x} / ${y}, ~${zero}, ${y} == ${zero})`;
}

function rem(k: Builder, x: Code, y: Code, dtype: DType): Code {
  if (isFloat(dtype)) return k.call(remainder, 'f32', x, y);
  return `select(${x} % ${y}, ${x}, ${y} == ${k.constant(dtype, 0)})`;
}

function mul(k: Builder, x: Code, y: Code, dtype: DType): Code {
  return isComplex(dtype) ? k.call(complexMul, 'vec2f', x, y) : `(${x} * ${y})`;
}

// ---- extremes

/** The larger or smaller of two. WGSL's own lose NaN. */
export function extreme(k: Builder, x: Code, y: Code, dtype: DType, wins: '>' | '<'): Code {
  if (dtype === 'bool') return `(${x} ${wins === '>' ? '|' : '&'} ${y})`;
  if (!isFloat(dtype)) return `${wins === '>' ? 'max' : 'min'}(${x}, ${y})`;
  return `select(${y}, ${x}, (${x} ${wins} ${y}) | ${isNaN(k, x)})`;
}

const clamp: Emit<unknown> = (k, [lo, x, hi], dtype) => {
  const raised = k.value(registerOf(dtype), extreme(k, x!, lo!, dtype, '>'));
  return extreme(k, raised, hi!, dtype, '<');
};

export const arithmetic: Part<
  | 'neg'
  | 'abs'
  | 'sign'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'rem'
  | 'max'
  | 'min'
  | 'clamp'
  | 'stop_gradient'
> = {
  neg: unary(neg),
  abs: unary(abs),
  sign: unary(sign),
  floor: unary((_, x) => `floor(${x})`),
  ceil: unary((_, x) => `ceil(${x})`),
  round: elementwise((k, [x], _, { rounding_method }) => round(k, x!, rounding_method)),
  add: elementwise((_, [x, y]) => `(${x} + ${y})`),
  sub: elementwise((k, [x, y], dtype) => sub(k, x!, y!, dtype)),
  mul: elementwise((k, [x, y], dtype) => mul(k, x!, y!, dtype)),
  div: elementwise((k, [x, y], dtype) => div(k, x!, y!, dtype)),
  rem: elementwise((k, [x, y], dtype) => rem(k, x!, y!, dtype), 20),
  max: elementwise((k, [x, y], dtype) => extreme(k, x!, y!, dtype, '>')),
  min: elementwise((k, [x, y], dtype) => extreme(k, x!, y!, dtype, '<')),
  clamp: elementwise(clamp, 2),
  stop_gradient: (_, operands) => operands,
};
