/** Kernels that get numbers wrong: special values, rounding, the arithmetic of integers. */
import {
  type DType,
  dtypes,
  finfo,
  integerLimits,
  isComplex,
  isFloat,
  isInexact,
  isInteger,
  partOf,
} from '../../reference/core/dtypes.ts';
import {
  buildElements,
  type Complex,
  type Element,
  elements,
  type HostArray,
  rounder,
  widened,
} from '../../reference/core/host.ts';
import { rowsOf } from '../../reference/primitives/layout.ts';
import { ulpSize } from '../../reference/transforms/rounding.ts';
import {
  accuracyKind,
  floats,
  type Kernel,
  type KernelOperator,
  mapElements,
  mapParts,
  onOperands,
  onResults,
  operator,
} from './operator.ts';

const inexact = (_: unknown, dtype: DType): boolean => isInexact(dtype);
/** Solutions are judged by their residuals, which see neither signs of zeros nor subnormals. */
const isSolved = (spec: string): boolean => /\/(linalg|spectral)\.md/.test(spec);
const seesTiny: KernelOperator['fits'] = (p, dtype) => isInexact(dtype) && !isSolved(p.spec);
/** Beside another part that is not zero the sign of a complex number's zero is a matter of rounding. */
const hasSigns: KernelOperator['fits'] = (p, dtype) =>
  seesTiny(p, dtype) &&
  (floats(dtype) || (isComplex(dtype) && ['exact', 'rounded'].includes(accuracyKind(p, dtype) ?? '')));
const isSubnormal = (v: number, dtype: DType): boolean => v !== 0 && Math.abs(v) < finfo(dtype).tiny;

const specials: readonly KernelOperator[] = [
  operator(
    'nan-is-zero',
    inexact,
    onOperands((v) => (Number.isNaN(v) ? 0 : v)),
  ),
  operator(
    'nan-is-infinity',
    inexact,
    onResults((v) => (Number.isNaN(v) ? Infinity : v)),
  ),
  operator(
    'minus-zero-lost',
    hasSigns,
    onResults((v) => v + 0),
  ),
  operator(
    'minus-zero-not-seen',
    hasSigns,
    onOperands((v) => v + 0),
  ),
  operator(
    'results-flushed',
    seesTiny,
    onResults((v, y) => (isSubnormal(v, y.dtype) ? 0 * v : v)),
  ),
  operator(
    'operands-flushed',
    seesTiny,
    onOperands((v, x) => (isSubnormal(v, x.dtype) ? 0 * v : v)),
  ),
  operator(
    'infinity-is-largest',
    inexact,
    onResults((v, y) => Math.max(-finfo(y.dtype).max, Math.min(finfo(y.dtype).max, v))),
  ),
  operator(
    'largest-is-infinity',
    inexact,
    onOperands((v, x) => (Math.abs(v) === finfo(x.dtype).max ? v * Infinity : v)),
  ),
];

// ---- rounding

/** The next narrower format. */
const narrower = (dtype: DType): DType => (partOf(dtype) === 'float64' ? 'float32' : 'bfloat16');

/** Rounded to the format with `bits` more bits, as far as double precision has them. */
function roundedTo(v: number, dtype: DType, bits: number): number {
  if (!Number.isFinite(v) || v === 0) return v;
  const unit = ulpSize(v, dtype) / 2 ** bits;
  const scaled = v / unit;
  const low = Math.floor(scaled);
  const up = scaled - low > 0.5 || (scaled - low === 0.5 && low % 2 !== 0);
  return (low + Number(up)) * unit;
}

function towardsZero(v: number, dtype: DType): number {
  const y = rounder(dtype)(v);
  if (!Number.isFinite(v) || Math.abs(y) <= Math.abs(v)) return y;
  const max = finfo(dtype).max;
  return Math.abs(y) > max ? Math.sign(v) * max : rounder(dtype)(y - Math.sign(y) * ulpSize(v, dtype));
}

/** Results from the exact ones, which double precision holds or nearly holds. */
const fromExact =
  (round: (exact: number, dtype: DType) => number): Kernel =>
  ({ operands, evaluate }) => {
    const ys = evaluate();
    const exact = evaluate(operands.map(widened));
    return ys.map((y, j) =>
      isFloat(y.dtype) ? mapParts(y, (_, k) => round(Number(elements(exact[j]!)(k)), y.dtype)) : y,
    );
  };

const isRounded: KernelOperator['fits'] = (p, dtype) =>
  floats(dtype) && dtype !== 'float64' && accuracyKind(p, dtype) === 'rounded';

/** By more units than any table allows. */
const BEYOND = 200;
const off = (v: number, dtype: DType): number => rounder(partOf(dtype))(v + BEYOND * ulpSize(v, partOf(dtype)));
const isSettled: KernelOperator['fits'] = (p, dtype) =>
  isInexact(dtype) && ['rounded', 'ulp', 'sum', 'product', 'normwise'].includes(accuracyKind(p, dtype) ?? '');
const isUlp: KernelOperator['fits'] = (p, dtype) => floats(dtype) && accuracyKind(p, dtype) === 'ulp';

/** Off where the operand is as `which` says. */
const offWhere =
  (which: (size: number) => boolean): Kernel =>
  ({ operands, evaluate }) => {
    const x = elements(operands[0]!);
    return evaluate().map((y) => mapParts(y, (v, k) => (which(Math.abs(Number(x(k)))) ? off(v, y.dtype) : v)));
  };

/** By formulas that cancel, overflow or have holes; each step rounded. */
const NAIVE: Readonly<Record<string, (x: number, r: (v: number) => number) => number>> = {
  expm1: (x, r) => r(r(Math.exp(x)) - 1),
  log1p: (x, r) => r(Math.log(r(1 + x))),
  sinh: (x, r) => r(r(r(Math.exp(x)) - r(Math.exp(-x))) / 2),
  cosh: (x, r) => r(r(r(Math.exp(x)) + r(Math.exp(-x))) / 2),
  tanh: (x, r) => r(r(r(Math.exp(x)) - r(Math.exp(-x))) / r(r(Math.exp(x)) + r(Math.exp(-x)))),
  asinh: (x, r) => r(Math.log(r(x + r(Math.sqrt(r(r(x * x) + 1)))))),
  atanh: (x, r) => r(Math.log(r(r(1 + x) / r(1 - x))) / 2),
  acosh: (x, r) => r(Math.log(r(x + r(Math.sqrt(r(r(x * x) - 1)))))),
  logistic: (x, r) => r(r(Math.exp(x)) / r(1 + r(Math.exp(x)))),
  cbrt: (x, r) => r(x ** (1 / 3)),
  erfc: (x, r) => (x > 2 ? 0 : r(Math.exp(-x * x))),
  sin: (x, r) => r(Math.sin(r(x % r(2 * Math.PI)))),
  cos: (x, r) => r(Math.cos(r(x % r(2 * Math.PI)))),
  tan: (x, r) => r(Math.tan(r(x % r(Math.PI)))),
  exp2: (x, r) => r(Math.exp(r(x * r(Math.LN2)))),
  sqrt: (x, r) => r(Math.exp(r(r(Math.log(x)) / 2))),
  rsqrt: (x, r) => r(1 / Math.sqrt(r(x * x) / x)),
  round: (x) => Math.floor(x + 0.5),
  floor: Math.trunc,
  ceil: Math.trunc,
  sign: (x) => (x > 0 ? 1 : -1),
};
const naively: Kernel = ({ primitive, operands: [x], evaluate }) => {
  const formula = NAIVE[primitive.name]!;
  return evaluate().map((y) => {
    const at = elements(x!);
    return mapParts(y, (_, k) => formula(at(k) as number, rounder(y.dtype)));
  });
};

const roundings: readonly KernelOperator[] = [
  operator(
    'rounded-twice',
    isRounded,
    fromExact((v, d) => rounder(d)(roundedTo(v, d, 1))),
  ),
  operator('truncated', isRounded, fromExact(towardsZero)),
  operator(
    'one-unit-off',
    isRounded,
    onResults((v, y) => rounder(y.dtype)(v + ulpSize(v, y.dtype))),
  ),
  operator(
    'in-a-narrower-format',
    isSettled,
    onResults((v, y) => (y.dtype === 'bfloat16' ? v : rounder(narrower(y.dtype))(v))),
  ),
  operator(
    'off-for-large-arguments',
    isUlp,
    offWhere((size) => size > 256),
  ),
  operator(
    'off-for-small-arguments',
    isUlp,
    offWhere((size) => size < 2 ** -6),
  ),
  operator(
    'off-around-one',
    isUlp,
    offWhere((size) => size > 0.75 && size < 1.25),
  ),
  operator('by-a-naive-formula', (p, d) => floats(d) && NAIVE[p.name] !== undefined, naively),
  operator('other-bits-the-second-time', isSettled, restless()),
];

/** Every other run is off by a unit: within many a budget, but not the same twice. */
function restless(): Kernel {
  let runs = 0;
  const shaken = onResults((v, y) => rounder(partOf(y.dtype))(v + ulpSize(v, partOf(y.dtype))));
  return (call) => (runs++ % 2 === 0 ? call.evaluate() : shaken(call));
}

// ---- complex numbers

const mapComplex =
  (f: (z: Complex) => Complex): Kernel =>
  ({ evaluate }) =>
    evaluate().map((y) => (isComplex(y.dtype) ? mapElements(y, (z) => f(z as Complex)) : y));
const complex = (_: unknown, dtype: DType): boolean => isComplex(dtype);

const complexes: readonly KernelOperator[] = [
  operator(
    'conjugated',
    complex,
    mapComplex(({ re, im }) => ({ re, im: -im })),
  ),
  operator(
    'imaginary-part-lost',
    complex,
    mapComplex(({ re }) => ({ re, im: 0 })),
  ),
  operator(
    'parts-exchanged',
    complex,
    mapComplex(({ re, im }) => ({ re: im, im: re })),
  ),
];

// ---- integers and bools

/** The elements as integers of another dtype, by their value, which wraps. */
const cast = (x: HostArray, dtype: DType): HostArray => {
  const at = elements(x);
  const wide = dtypes[dtype].bytes === 8;
  const whole = (v: Element): bigint => BigInt(typeof v === 'object' ? 0 : Number.isFinite(Number(v)) ? v : 0);
  const low = (v: bigint): number => Number(BigInt.asIntN(32, v));
  return buildElements(dtype, x.shape, (i) => (wide ? BigInt.asIntN(64, whole(at(i))) : low(whole(at(i)))));
};

/** Integer operands as another dtype, and the results, made by `back`, as what they should be. */
const through =
  (dtype: DType, back: (v: Element, of: DType) => Element): Kernel =>
  ({ operands, evaluate }) => {
    const ys = evaluate();
    const own = operands[0]!.dtype;
    const made = evaluate(
      operands.map((x) => (x.dtype !== own ? x : dtypes[dtype].kind === 'float' ? asFloats(x, dtype) : cast(x, dtype))),
    );
    return ys.map((y, j) => {
      const at = elements(made[j]!);
      if (made[j]!.dtype === y.dtype) return made[j]!;
      return buildElements(y.dtype, y.shape, (i) => back(at(i), y.dtype));
    });
  };
const asFloats = (x: HostArray, dtype: DType): HostArray => {
  const at = elements(x);
  return buildElements(dtype, x.shape, (i) => Number(at(i)));
};

const isLong = (dtype: DType): boolean => dtypes[dtype].bytes === 8;
const stored = (v: Element, of: DType): Element => {
  const whole = BigInt(Number.isFinite(Number(v)) ? (typeof v === 'bigint' ? v : Math.trunc(Number(v))) : 0);
  return isLong(of) ? whole : Number(BigInt.asIntN(32, whole));
};
const saturated = (v: Element, of: DType): Element => {
  const { min, max } = integerLimits(of);
  const clamped = (v as bigint) < min ? min : (v as bigint) > max ? max : (v as bigint);
  return isLong(of) ? clamped : Number(clamped);
};
const other: Readonly<Partial<Record<DType, DType>>> = {
  int8: 'uint8', int16: 'uint16', int32: 'uint32', int64: 'uint64',
  uint8: 'int8', uint16: 'int16', uint32: 'int32', uint64: 'int64',
}; // prettier-ignore
const withOtherSigns: Kernel = (call) => through(other[call.operands[0]!.dtype]!, stored)(call);

const ofIntegers: KernelOperator['fits'] = (p, dtype) =>
  isInteger(dtype) && p.operands.length > 0 && p.operands[0]!.dtypes.includes(dtype);
const takes =
  (also: DType): KernelOperator['fits'] =>
  (p, dtype) =>
    ofIntegers(p, dtype) && p.operands[0]!.dtypes.includes(also);

const divides: KernelOperator['fits'] = (p, dtype) => ofIntegers(p, dtype) && ['div', 'rem'].includes(p.name);
const byZero: Kernel = ({ operands: [, y], evaluate }) =>
  evaluate().map((q) => mapElements(q, (v, i) => (Number(elements(y!)(i)) === 0 ? (isLong(q.dtype) ? 0n : 0) : v)));
const floored: Kernel = ({ primitive, operands: [x, y], evaluate }) => {
  const [a, b] = [elements(x!), elements(y!)];
  const down = (v: Element, i: number): Element => {
    const [n, d] = [BigInt(Number.isInteger(Number(a(i))) ? (a(i) as number) : 0), BigInt(b(i) as number)];
    if (d === 0n || n % d === 0n || n < 0n === d < 0n) return v;
    const value = primitive.name === 'div' ? n / d - 1n : (n % d) + d;
    return typeof v === 'bigint' ? value : Number(value);
  };
  return evaluate().map((q) => mapElements(q, down));
};
const shifts: KernelOperator['fits'] = (p, dtype) => ofIntegers(p, dtype) && p.name.startsWith('shift');
const masked: Kernel = ({ operands: [x, y], evaluate }) => {
  const mask = 8 * dtypes[x!.dtype].bytes - 1;
  return evaluate([x!, mapElements(y!, (v) => (typeof v === 'bigint' ? v & BigInt(mask) : (v as number) & mask))]);
};

const integers: readonly KernelOperator[] = [
  operator(
    'integers-through-doubles',
    (p, d) => takes('float64')(p, d) && dtypes[d].bytes >= 4,
    through('float64', stored),
  ),
  operator(
    'integers-through-floats',
    (p, d) => takes('float32')(p, d) && dtypes[d].bytes >= 4,
    through('float32', stored),
  ),
  operator('saturates', (p, d) => takes('int64')(p, d) && !isLong(d), through('int64', saturated)),
  operator('upper-half-lost', (p, d) => takes('int32')(p, d) && isLong(d), through('int32', stored)),
  operator('signedness-mixed-up', (p, d) => other[d] !== undefined && takes(other[d])(p, d), withOtherSigns),
  operator('division-by-zero-is-zero', divides, byZero),
  operator('division-floors', divides, floored),
  operator('shift-is-masked', shifts, masked),
  operator(
    'true-is-255',
    (p, d) => d === 'bool' || p.spec.includes('comparison'),
    ({ evaluate }) => evaluate().map((y) => (y.dtype === 'bool' ? mapElements(y, (v) => 255 * Number(v)) : y)),
  ),
];

// ---- sums

/** One term after the other, rounded each time. */
const running: Kernel = ({ operands: [x], params, evaluate }) => {
  const { rows, length } = rowsOf(x!, (params as { readonly axes: readonly number[] }).axes);
  const at = elements(rows);
  const round = rounder(x!.dtype);
  const sum = (r: number): number => {
    let total = 0;
    for (let i = 0; i < length; i++) total = round(total + Number(at(r * length + i)));
    return total;
  };
  return evaluate().map((y) => mapElements(y, (_, r) => sum(r)));
};

const sums: readonly KernelOperator[] = [
  operator('a-running-sum', (p, d) => p.name === 'reduce_sum' && floats(d) && d !== 'float64', running),
  operator(
    'infinities-cancel',
    (p, d) => isInexact(d) && accuracyKind(p, d) === 'sum',
    onResults((v) => (Number.isNaN(v) ? 0 : v)),
  ),
];

export const NUMBER_OPERATORS: readonly KernelOperator[] = [
  ...specials,
  ...roundings,
  ...complexes,
  ...integers,
  ...sums,
];
