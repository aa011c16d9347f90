/**
 * Backends that differ from the reference as much as the specification allows, and no more: nobody may accuse them.
 * What they do depends on the call alone, so that the same call gives the same bits.
 */
import type { BackendDefinition, ProfileName } from '../../reference/core/backend.ts';
import { finfo, isComplex, isFloat, isInexact } from '../../reference/core/dtypes.ts';
import {
  avalOf,
  buildElements,
  build,
  elements,
  type HostArray,
  hostArray,
  moduli,
  numbers,
  parts,
  rounder,
  sizeOf,
} from '../../reference/core/host.ts';
import { paramsKey } from '../../reference/core/open-backend.ts';
import type { Accuracy, AnyFirstOrder, AnyPrimitive, Differentiation, Params } from '../../reference/core/primitive.ts';
import { referenceUlps } from '../../reference/primitives/accuracy.ts';
import { primitives } from '../../reference/primitives/index.ts';
import {
  accuracyOf,
  accumulatorOf,
  gpuAllowance,
  productError,
  productLeavesRange,
  roundedOnce,
  sumError,
  ulpSize,
  underflow,
} from '../../reference/transforms/rounding.ts';
import { hash32, RandomStream } from '../programs/random-stream.ts';
import { type Kernel, type KernelCall, mapParts } from './operator.ts';
import { backendOver } from './table.ts';

export interface LegalBackend {
  readonly name: string;
  /** The backend whose differences are drawn from a seed. */
  make(seed: number): BackendDefinition;
}

/** The reference with every first-order primitive computed by a kernel that has random numbers for the call. */
function legal(
  name: string,
  profile: ProfileName,
  kernel: (call: KernelCall, random: RandomStream) => readonly HostArray[],
): LegalBackend {
  return {
    name,
    make(seed) {
      const known = new Map<AnyPrimitive, AnyPrimitive>();
      const other = (primitive: AnyPrimitive): AnyPrimitive => {
        if (primitive.kind !== 'first-order') return primitive;
        let own = known.get(primitive);
        if (own === undefined)
          known.set(primitive, (own = over(primitive, (call) => kernel(call, randomFor(seed, call)))));
        return own;
      };
      return { ...backendOver(`legal:${name}`, () => other), profile };
    },
  };
}

function over(primitive: AnyFirstOrder, kernel: Kernel): AnyFirstOrder {
  return {
    ...primitive,
    evaluate(operands: readonly HostArray[], params: Params) {
      const evaluate = (xs = operands, p = params): readonly HostArray[] => primitive.evaluate(xs, p);
      return kernel({ primitive, operands, params, evaluate });
    },
  };
}

/** From what the call is: its primitive, parameters and operands. */
function randomFor(seed: number, { primitive, operands, params }: KernelCall): RandomStream {
  let hash = 0;
  for (const { data } of operands) {
    for (const byte of new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      hash = (Math.imul(hash, 31) + byte) | 0;
  }
  return new RandomStream(seed, hash32(primitive.name, paramsKey(params)), hash);
}

// ---- noise

/** How far a result's element may be from the exact one; null: not at all, or it is not said. */
type Allowed = (size: number, i: number) => number;

function allowedOf(
  accuracy: Accuracy,
  call: KernelCall,
  y: HostArray,
  j: number,
  profile: ProfileName,
): Allowed | null {
  const { primitive, operands, params, evaluate } = call;
  const { dtype } = y;
  // In double precision the reference need not be exact: half of what is allowed is for it.
  const share = isDouble(dtype) ? 0.5 : 1;
  switch (accuracy.kind) {
    case 'ulp': {
      const used = isDouble(dtype) ? referenceUlps(primitive.name) : 0;
      const allowance = gpuAllowance(primitive.name, accuracy.n, dtype);
      const x = moduli(operands[0]!);
      const ulps: Allowed =
        profile === 'gpu'
          ? (size, i) => (allowance(x[i]!, below(size)) === Infinity ? 0 : allowance(x[i]!, below(size)))
          : (size) => accuracy.n * ulpSize(below(size), dtype);
      return (size, i) => ulps(size, i) - used * ulpSize(size, dtype);
    }
    case 'sum': {
      const magnitude = accuracy.magnitude(operands);
      const { relative, absolute, last } = sumError(accuracy.terms, dtype, profile);
      const { max } = finfo(dtype);
      return (size, i) =>
        magnitude[i]! === 0 || magnitude[i]! * (1 + relative) > max
          ? 0
          : share * (relative * magnitude[i]! + absolute + last(size));
    }
    case 'product': {
      const { relative, absolute } = productError(accuracy.terms, dtype, profile);
      const leaves = productLeavesRange(primitive, operands, params, dtype, profile);
      return (size, i) => (leaves(i) ? 0 : relative * size + absolute);
    }
    case 'normwise': {
      const scale = accuracy.scale?.(operands, evaluate())[j];
      const { unitRoundoff } = finfo(dtype);
      return (size, i) => share * accuracy.n * unitRoundoff * (scale?.[i] ?? below(size)) + underflow(dtype, profile);
    }
    default:
      return null;
  }
}

/** Where the reference's own error is not below half a unit. */
const isDouble = (dtype: HostArray['dtype']): boolean => finfo(dtype).unitRoundoff === 2 ** -53;

/** Just below: the exact value may have a smaller unit than what it is rounded to. */
const below = (size: number): number => size * (1 - 2 ** -10);

/** Results anywhere within what is allowed, its ends more often than not. */
function noisy(call: KernelCall, random: RandomStream, profile: ProfileName): readonly HostArray[] {
  const { primitive, operands, params, evaluate } = call;
  const accuracy = accuracyOf(primitive, operands, params);
  const ys = evaluate();
  if (accuracy.kind === 'oneOf') {
    const choices = accuracy.choices(operands).map(elements);
    return ys.map((y) => buildElements(y.dtype, y.shape, (i) => random.pick(choices)(i)));
  }
  return ys.map((y, j) => {
    const allowed = isInexact(y.dtype) ? allowedOf(accuracy, call, y, j, profile) : null;
    return allowed === null ? y : moved(y, allowed, random);
  });
}

function moved(y: HostArray, allowed: Allowed, random: RandomStream): HostArray {
  const sizes = moduli(y);
  const perElement = isComplex(y.dtype) ? 2 : 1;
  const round = rounder(finfoDType(y));
  const turns = Array.from(sizes, () => random.unit());
  return mapParts(y, (v, k) => {
    const i = Math.floor(k / perElement);
    const size = sizes[i]!;
    if (v === 0 || !Number.isFinite(size)) return v;
    const budget = allowed(size, i);
    // The reference has rounded once, and this does again.
    const room = Math.max(0, budget - 2 * roundedOnce(size + budget, y.dtype));
    const angle = 2 * Math.PI * turns[i]!;
    const share =
      perElement === 1
        ? turns[i]! < 0.4
          ? -1
          : turns[i]! > 0.6
            ? 1
            : 10 * (turns[i]! - 0.5)
        : k % 2 === 0
          ? Math.cos(angle)
          : Math.sin(angle);
    const other = round(v + share * room);
    return Number.isFinite(other) && other !== 0 ? other : v;
  });
}
const finfoDType = ({ dtype }: HostArray): HostArray['dtype'] =>
  dtype === 'complex64' ? 'float32' : dtype === 'complex128' ? 'float64' : dtype;

// ---- order of summation

/** The operands in which a primitive is linear together; none: it is not a sum over them. */
function linearOperands(
  { differentiate }: AnyFirstOrder,
  operands: readonly HostArray[],
  params: Params,
): readonly number[] {
  const rule = differentiate as Differentiation<Params>;
  if ('zero' in rule) return [];
  if (rule.jvp === 'linear') return rule.active(operands.map(avalOf), params);
  return rule.transpose?.linearIn[0] ?? [];
}

const GROUPS = 5;

/** The terms are dealt to groups; each is summed, and then the groups in turn. */
function reordered(call: KernelCall, random: RandomStream): readonly HostArray[] {
  const { primitive, operands, params, evaluate } = call;
  const right = evaluate();
  const [y] = right;
  if (y === undefined || !isFloat(y.dtype) || accuracyOf(primitive, operands, params).kind !== 'sum') return right;
  // A group's zeros would make NaN of the infinities of another operand.
  const tame = operands.every((x) => !isInexact(x.dtype) || numbers(x).every(Number.isFinite));
  const linear = linearOperands(primitive, operands, params);
  if (!tame || linear.length === 0 || linear.some((k) => operands[k]!.dtype !== y.dtype)) return right;
  const inner = accumulatorOf(y.dtype);
  const wide = operands.map((x) => (isFloat(x.dtype) ? hostArray(inner, x.shape, numbers(x)) : x));
  const groups = wide.map((x) => Uint8Array.from({ length: sizeOf(x.shape) }, () => random.below(GROUPS)));
  const round = rounder(inner);
  let sum: Float64Array | null = null;
  for (let g = 0; g < GROUPS; g++) {
    const own = wide.map((x, k) => (linear.includes(k) ? mapParts(x, (v, i) => (groups[k]![i] === g ? v : 0)) : x));
    const terms = numbers(evaluate(own, wideParams(params, inner))[0]!);
    const before: Float64Array | null = sum;
    sum = Float64Array.from(terms, (v, i) => (before === null ? v : round(before[i]! + v)));
  }
  const total = sum!;
  // A zero keeps the sign of the exact sum, unless terms cancel; what overflows on the way may, but is not asked for.
  return [mapParts(y, (v, i) => (v === 0 || !Number.isFinite(v) || !Number.isFinite(total[i]!) ? v : total[i]!))];
}
const wideParams = (params: Params, dtype: HostArray['dtype']): Params =>
  params['preferred_element_type'] == null ? params : { ...params, preferred_element_type: dtype };

// ---- flushing

/** Subnormals become zeros of either sign, half of them. */
const flushed = (x: HostArray, random: RandomStream): HostArray => {
  if (!isInexact(x.dtype)) return x;
  const { tiny } = finfo(x.dtype);
  return mapParts(x, (v) => (v !== 0 && Math.abs(v) < tiny && random.chance(0.5) ? (random.chance(0.5) ? 0 : -0) : v));
};

function flushing({ operands, evaluate }: KernelCall, random: RandomStream): readonly HostArray[] {
  return evaluate(operands.map((x) => flushed(x, random))).map((y) => flushed(y, random));
}

// ---- contraction

/** Sums of a product and a third number, rounded once, where the product is at hand. */
function contracting(): (call: KernelCall) => readonly HostArray[] {
  const products = new WeakMap<object, readonly [HostArray, HostArray]>();
  return ({ primitive, operands, evaluate }) => {
    const right = evaluate();
    const [y] = right;
    if (y === undefined || !isFloat(y.dtype)) return right;
    const [a, b] = operands;
    if (primitive.name === 'mul') products.set(y.data, [a!, b!]);
    if (primitive.name !== 'add' && primitive.name !== 'sub') return right;
    const sign = primitive.name === 'sub' ? -1 : 1;
    const left = products.get(a!.data);
    const other = products.get(b!.data);
    if (left !== undefined) return [fused(y, left, 1, b!, sign)];
    return other === undefined ? right : [fused(y, other, sign, a!, 1)];
  };
}

/** sp·p·q + sr·r, rounded once; the zeros and what is not finite are those of `plain`. */
function fused(
  plain: HostArray,
  [p, q]: readonly [HostArray, HostArray],
  sp: number,
  r: HostArray,
  sr: number,
): HostArray {
  const n = sizeOf(plain.shape);
  const pair = (x: HostArray, s: number, y: ArrayLike<number> | null, t: number): HostArray => {
    const first = numbers(x);
    return build(plain.dtype, [n, 2], (i) => (i % 2 === 0 ? s * first[i >> 1]! : y === null ? 1 : t * y[i >> 1]!));
  };
  const dimension_numbers = [
    [[1], [1]],
    [[0], [0]],
  ] as const;
  const params = { dimension_numbers, precision: null, preferred_element_type: null };
  const operands = [pair(p, sp, numbers(r), sr), pair(q, 1, null, 1)];
  const exact = parts((primitives.dot_general as AnyFirstOrder).evaluate(operands, params)[0]!);
  return mapParts(plain, (v, i) => (v === 0 || !Number.isFinite(v) || !Number.isFinite(exact[i]!) ? v : exact[i]!));
}

export const LEGAL_BACKENDS: readonly LegalBackend[] = [
  legal('any-order-of-summation', 'strict', reordered),
  legal('noise', 'strict', (call, random) => noisy(call, random, 'strict')),
  legal('noise-of-a-gpu', 'gpu', (call, random) => noisy(call, random, 'gpu')),
  legal('flush-to-zero', 'gpu', flushing),
  legal('contraction', 'fast', contracting()),
];
