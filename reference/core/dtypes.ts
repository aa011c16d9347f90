/**
 * Element types: their names, sizes, kinds and the promotion lattice. The page is spec/dtypes.md.
 */
import { x64Enabled } from './config.ts';
import { describe, DTypeError, refuseExtra } from './errors.ts';

export type DType =
  | 'float16'
  | 'bfloat16'
  | 'float32'
  | 'float64'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'complex64'
  | 'complex128';

export type DTypeKind = 'float' | 'int' | 'uint' | 'bool' | 'complex';

interface DTypeInfo {
  readonly short: string;
  readonly kind: DTypeKind;
  /** Bytes of one element in host storage. */
  readonly bytes: number;
}

/** Every dtype of the specification, in the order in which tables list them. */
export const dtypes: { readonly [D in DType]: DTypeInfo } = {
  bool: { short: 'bool', kind: 'bool', bytes: 1 },
  uint8: { short: 'u8', kind: 'uint', bytes: 1 },
  uint16: { short: 'u16', kind: 'uint', bytes: 2 },
  uint32: { short: 'u32', kind: 'uint', bytes: 4 },
  uint64: { short: 'u64', kind: 'uint', bytes: 8 },
  int8: { short: 'i8', kind: 'int', bytes: 1 },
  int16: { short: 'i16', kind: 'int', bytes: 2 },
  int32: { short: 'i32', kind: 'int', bytes: 4 },
  int64: { short: 'i64', kind: 'int', bytes: 8 },
  bfloat16: { short: 'bf16', kind: 'float', bytes: 2 },
  float16: { short: 'f16', kind: 'float', bytes: 2 },
  float32: { short: 'f32', kind: 'float', bytes: 4 },
  float64: { short: 'f64', kind: 'float', bytes: 8 },
  complex64: { short: 'c64', kind: 'complex', bytes: 8 },
  complex128: { short: 'c128', kind: 'complex', bytes: 16 },
};

/** Every dtype, in the order of `dtypes`. */
export const ALL_DTYPES: readonly DType[] = Object.keys(dtypes) as DType[];

/** Dtype classes that operand tables of the specification use. */
export const FLOATS: readonly DType[] = ['float32', 'float64', 'float16', 'bfloat16'];
export const COMPLEX: readonly DType[] = ['complex64', 'complex128'];
/** What linear algebra decomposes. */
export const DECOMPOSABLE: readonly DType[] = ['float32', 'float64', ...COMPLEX];
/** What carries tangents. */
export const INEXACT: readonly DType[] = [...FLOATS, ...COMPLEX];
export const INTEGERS: readonly DType[] = ['int32', 'uint32', 'int8', 'uint8', 'int16', 'uint16', 'int64', 'uint64'];
export const SIGNED: readonly DType[] = [...INEXACT, 'int32', 'int8', 'int16', 'int64'];
/** Numbers that have an order. */
export const REALS: readonly DType[] = [...FLOATS, ...INTEGERS];
export const NUMBERS: readonly DType[] = [...INEXACT, ...INTEGERS];
export const BITS: readonly DType[] = [...INTEGERS, 'bool'];
/** All that has an order: every dtype but the complex ones. */
export const ORDERED: readonly DType[] = [...REALS, 'bool'];
export const ANY: readonly DType[] = [...NUMBERS, 'bool'];

const byShort = new Map<string, DType>(Object.entries(dtypes).map(([name, { short }]) => [short, name as DType]));

export const shortName = (dtype: DType): string => dtypes[dtype].short;
export const dtypeOfShort = (short: string): DType | undefined => byShort.get(short);
export const isDType = (name: unknown): name is DType => typeof name === 'string' && Object.hasOwn(dtypes, name);
export const isFloat = (dtype: DType): boolean => dtypes[dtype].kind === 'float';
export const isInteger = (dtype: DType): boolean => dtypes[dtype].kind === 'int' || dtypes[dtype].kind === 'uint';
/** Dtypes that carry tangents; the tangent type of the others is float0, written `null`. */
export const isInexact = (dtype: DType): boolean => dtypes[dtype].kind === 'float' || dtypes[dtype].kind === 'complex';

export const isComplex = (dtype: DType): boolean => dtypes[dtype].kind === 'complex';

/** What stands for one element in JavaScript: 64-bit integers are bigints, complex numbers pairs, all others numbers. */
export type Domain = 'number' | 'bigint' | 'complex';
export function domainOf(dtype: DType): Domain {
  const { kind, bytes } = dtypes[dtype];
  if (kind === 'complex') return 'complex';
  return bytes === 8 && kind !== 'float' ? 'bigint' : 'number';
}

/** The float dtype of the parts of a complex dtype; a float dtype itself. */
export function partOf(dtype: DType): DType {
  if (!isComplex(dtype)) return dtype;
  return dtype === 'complex64' ? 'float32' : 'float64';
}
/** The complex dtype whose parts have the float dtype; those of 16 bits have none. */
export const complexOf = (part: DType): DType => (part === 'float64' ? 'complex128' : 'complex64');
/** The dtype in double precision that holds a float or complex dtype. */
export const doubleOf = (dtype: DType): DType => (isComplex(dtype) ? 'complex128' : 'float64');

/** @throws DTypeError when `dtype` is not a dtype. */
export function checkDType(dtype: unknown, argument: string): DType {
  if (isDType(dtype)) return dtype;
  throw new DTypeError(`${argument}: ${describe(dtype)} is not a dtype; use one of ${ALL_DTYPES.join(', ')}`);
}

export interface FloatInfo {
  readonly min: number;
  readonly max: number;
  /** The smallest normal number. */
  readonly tiny: number;
  readonly smallestSubnormal: number;
  /** Half the distance from 1 to the next larger number: the relative error of rounding to nearest. */
  readonly unitRoundoff: number;
  /** Bits of the significand, the leading one included. */
  readonly digits: number;
}

const format = (digits: number, minExponent: number, maxExponent: number): FloatInfo => {
  const max = (2 - 2 ** (1 - digits)) * 2 ** maxExponent;
  return {
    min: -max,
    max,
    tiny: 2 ** minExponent,
    smallestSubnormal: 2 ** (minExponent - digits + 1),
    unitRoundoff: 2 ** -digits,
    digits,
  };
};
const formats: Partial<Record<DType, FloatInfo>> = {
  bfloat16: format(8, -126, 127),
  float16: format(11, -14, 15),
  float32: format(24, -126, 127),
  float64: format(53, -1022, 1023),
};

/** The limits of a float dtype; of a complex one those of its parts. */
export function finfo(dtype: DType, ...more: []): FloatInfo {
  refuseExtra(more, 'np.finfo');
  const info = formats[partOf(checkDType(dtype, 'finfo'))];
  if (info === undefined) throw new DTypeError(`finfo: ${dtype} is not a float or complex dtype`);
  return info;
}

/** Smallest and largest value of an integer dtype of at most 32 bits, or bool. */
export function iinfo(dtype: DType): { readonly min: number; readonly max: number } {
  const { kind, bytes } = dtypes[dtype];
  if (kind === 'bool') return { min: 0, max: 1 };
  if (!isInteger(dtype) || bytes > 4) {
    throw new DTypeError(`iinfo: ${dtype} is not an integer dtype of at most 32 bits`);
  }
  const values = 2 ** (8 * bytes);
  return kind === 'uint' ? { min: 0, max: values - 1 } : { min: -values / 2, max: values / 2 - 1 };
}

/** Smallest and largest value of any integer dtype. */
export function integerLimits(dtype: DType): { readonly min: bigint; readonly max: bigint } {
  const { kind, bytes } = dtypes[dtype];
  const values = 1n << BigInt(8 * bytes);
  return kind === 'uint' ? { min: 0n, max: values - 1n } : { min: -values / 2n, max: values / 2n - 1n };
}

/** An operand of promotion: a dtype, and whether it is weak (came from a JavaScript number). */
export interface Promotable {
  readonly dtype: DType;
  readonly weak: boolean;
}

/**
 * JAX's type promotion lattice ("Type promotion semantics", JAX documentation), as the list of each node's direct
 * upper neighbours. Nodes `i*`, `f*`, `c*` are the weak int, float and complex.
 */
const lattice: Record<string, readonly string[]> = {
  bool: ['i*'],
  'i*': ['uint8', 'int8'],
  uint8: ['int16', 'uint16'],
  uint16: ['int32', 'uint32'],
  uint32: ['int64', 'uint64'],
  uint64: ['f*'],
  int8: ['int16'],
  int16: ['int32'],
  int32: ['int64'],
  int64: ['f*'],
  'f*': ['c*', 'float16', 'bfloat16'],
  float16: ['float32'],
  bfloat16: ['float32'],
  float32: ['float64', 'complex64'],
  float64: ['complex128'],
  'c*': ['complex64'],
  complex64: ['complex128'],
  complex128: [],
};

function upwards(node: string): Set<string> {
  const seen = new Set([node]);
  for (const n of seen) for (const up of lattice[n] ?? []) seen.add(up);
  return seen;
}
const above: Record<string, Set<string>> = Object.fromEntries(Object.keys(lattice).map((n) => [n, upwards(n)]));

function nodeOf({ dtype, weak }: Promotable): string {
  if (!weak) return dtype;
  const { kind } = dtypes[dtype];
  return kind === 'complex' ? 'c*' : kind === 'float' ? 'f*' : 'i*'; // a weak bool too: whatever is above bool is above i*
}

/** The dtype that operands of different dtypes are converted to: the least upper bound of JAX's lattice. */
export function promote(operands: readonly Promotable[]): Promotable {
  const [first] = operands;
  if (first !== undefined && operands.every((o) => o.dtype === first.dtype)) {
    return { dtype: first.dtype, weak: operands.every((o) => o.weak) };
  }
  const common = operands.map((o) => above[nodeOf(o)]!).reduce((a, b) => a.intersection(b));
  const least = [...common].find((n) => [...common].every((m) => above[n]!.has(m)))!;
  return { dtype: strongest(least, operands), weak: !isDType(least) };
}

/** The dtype of arrays made from JavaScript numbers. */
export const defaultFloat = (): DType => (x64Enabled() ? 'float64' : 'float32');

/** The dtype itself if it is inexact, else a float: what division, `exp`, `mean` … compute in. */
export const inexactOf = (dtype: DType): DType =>
  isInexact(dtype) ? dtype : dtypes[dtype].bytes === 8 ? 'float64' : 'float32';

/** The dtype of arrays made from bigints. */
export const defaultInt = (): DType => (x64Enabled() ? 'int64' : 'int32');

/**
 * A weak node of the lattice stands for what its weak operands would promote to if they were not; where that is another
 * kind, as above int64 and uint64, for the default.
 */
function strongest(node: string, operands: readonly Promotable[]): DType {
  if (isDType(node)) return node;
  const weak = operands.filter((o) => o.weak);
  if (weak.length === 0) return defaultFloat();
  const { dtype } = promote(weak.map((o) => ({ dtype: o.dtype, weak: false })));
  return nodeOf({ dtype, weak: true }) === node ? dtype : defaultFloat();
}
