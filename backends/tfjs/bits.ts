/** Bitwise operations; on bool, those of logic. Shifts and counts of bits; the floats next to one another. */
import { finfo } from '../../reference/core/dtypes.ts';
import type { Tensor } from './engine.ts';
import type { Kernels } from './kernels.ts';
import { elementwise, type Part } from './lowering.ts';

// ---- shifts

const STEPS = [1, 2, 4, 8, 16];

const invert = (k: Kernels, x: Tensor): Tensor => k.sub(k.like(x, -1), x);

/** Shifts by fixed numbers of places, one for each bit of the count; from 32 places on nothing is left. */
function shifted(k: Kernels, x: Tensor, y: Tensor, by: (x: Tensor, places: number) => Tensor): Tensor {
  const zero = k.like(x, 0);
  const within = k.eq(k.bitAnd(y, k.like(y, -32)), zero);
  const result = STEPS.reduce(
    (part, step) => k.where(k.eq(k.bitAnd(y, k.like(y, step)), zero), part, by(part, step)),
    x,
  );
  return k.where(within, result, zero);
}

/** The cpu engine multiplies in double precision, where an int32 times 2¹⁶ is exact. */
const shiftLeft = (k: Kernels, x: Tensor, y: Tensor): Tensor =>
  shifted(k, x, y, (part, places) => k.mul(part, k.like(part, 2 ** places)));
const shiftRight = (k: Kernels, x: Tensor, y: Tensor): Tensor =>
  shifted(k, x, y, (part, places) => k.shiftRight(part, places));

/** Where the highest bit is set, the inverse takes in zeros. */
function shiftRightArithmetic(k: Kernels, x: Tensor, y: Tensor): Tensor {
  const negative = k.lt(x, k.like(x, 0));
  const moved = shiftRight(k, k.where(negative, invert(k, x), x), y);
  return k.where(negative, invert(k, moved), moved);
}

// ---- counts

/** Sums of neighbouring pairs of bits, of pairs of those, and so on; a product adds the last four. */
function populationCount(k: Kernels, x: Tensor): Tensor {
  const low = (v: Tensor, mask: number): Tensor => k.bitAnd(v, k.like(v, mask));
  const pairs = k.sub(x, low(k.shiftRight(x, 1), 0x55555555));
  const fours = k.add(low(pairs, 0x33333333), low(k.shiftRight(pairs, 2), 0x33333333));
  const bytes = low(k.add(fours, k.shiftRight(fours, 4)), 0x0f0f0f0f);
  return k.shiftRight(k.mulInt(bytes, k.like(x, 0x01010101)), 24);
}

/** With every bit below the highest one set, what is unset stands above it. */
function leadingZeros(k: Kernels, x: Tensor): Tensor {
  const filled = STEPS.reduce((part, step) => k.bitOr(part, k.shiftRight(part, step)), x);
  return populationCount(k, invert(k, filled));
}

// ---- neighbours

const { max: MAX, smallestSubnormal: ETA, unitRoundoff: U } = finfo('float32');
/** Below this the spacing is η. */
const SMALL = ETA / U;
/** From here on φ|x| is a normal number. */
const SAFE = ETA / U ** 2 / 2;

/**
 * |x| + φ|x| with φ = u(1 + 2u), rounded, is the float after |x|, and |x| − φ|x| the one before it (Rump, Zimmermann, Boldo
 * and Melquiond, "Computing predecessor and successor in rounding to nearest", 2009). Where φ|x| would underflow it is
 * computed of |x|/u.
 */
function nextafter(k: Kernels, x: Tensor, y: Tensor): Tensor {
  const at = (value: number): Tensor => k.like(x, value);
  const size = k.absFloat(x);
  const product = (v: Tensor): Tensor => k.mul(v, at(U * (1 + 2 * U)));
  const scaled = k.mul(size, at(1 / U));
  const up = k.gt(y, x);
  const outward = k.ne(k.lt(x, at(0)), up);
  const step = (v: Tensor, by: Tensor): Tensor => k.where(outward, k.add(v, by), k.sub(v, by));
  const normal = k.where(k.ge(size, at(SAFE)), step(size, product(size)), k.mul(step(scaled, product(scaled)), at(U)));
  const beside = k.where(k.lt(size, at(SMALL)), step(size, at(ETA)), normal);
  const finite = k.where(k.eq(size, at(Infinity)), at(MAX), beside);
  const signed = k.where(k.lt(x, at(0)), k.negFloat(finite), finite);
  const fromZero = k.where(up, at(ETA), at(-ETA));
  const next = k.where(k.eq(x, at(0)), fromZero, signed);
  return k.where(k.or(k.isNaN(x), k.isNaN(y)), k.add(x, y), k.where(k.eq(x, y), y, next));
}

export const bits: Part<
  | 'and'
  | 'or'
  | 'xor'
  | 'not'
  | 'shift_left'
  | 'shift_right_logical'
  | 'shift_right_arithmetic'
  | 'population_count'
  | 'clz'
  | 'nextafter'
> = {
  and: elementwise((k, [x, y], type) => (type === 'bool' ? k.and(x!, y!) : k.bitAnd(x!, y!))),
  or: elementwise((k, [x, y], type) => (type === 'bool' ? k.or(x!, y!) : k.bitOr(x!, y!))),
  xor: elementwise((k, [x, y], type) => (type === 'bool' ? k.ne(x!, y!) : k.bitXor(x!, y!))),
  not: elementwise((k, [x], type) => (type === 'bool' ? k.not(x!) : invert(k, x!))),
  shift_left: elementwise((k, [x, y]) => shiftLeft(k, x!, y!)),
  shift_right_logical: elementwise((k, [x, y]) => shiftRight(k, x!, y!)),
  shift_right_arithmetic: elementwise((k, [x, y]) => shiftRightArithmetic(k, x!, y!)),
  population_count: elementwise((k, [x]) => populationCount(k, x!)),
  clz: elementwise((k, [x]) => leadingZeros(k, x!)),
  nextafter: elementwise((k, [x, y]) => nextafter(k, x!, y!)),
};
