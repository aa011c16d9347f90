/**
 * Element types: their names, sizes, kinds and the promotion lattice. The page is spec/dtypes.md.
 */
import { DTypeError } from './errors.ts';

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

/** The dtypes that arrays can have in this version; the others have a name, a size and a place in the lattice only. */
export const SUPPORTED_DTYPES: readonly ['float32', 'float64', 'int32', 'uint32', 'bool'] = [
  'float32',
  'float64',
  'int32',
  'uint32',
  'bool',
];

/** Dtype classes that operand tables of the specification use. */
export const FLOATS: readonly ['float32', 'float64'] = ['float32', 'float64'];
export const SIGNED: readonly ['float32', 'float64', 'int32'] = ['float32', 'float64', 'int32'];
export const NUMBERS: readonly ['float32', 'float64', 'int32', 'uint32'] = ['float32', 'float64', 'int32', 'uint32'];
export const INTEGERS: readonly ['int32', 'uint32'] = ['int32', 'uint32'];
export const BITS: readonly ['int32', 'uint32', 'bool'] = ['int32', 'uint32', 'bool'];
export const ANY: typeof SUPPORTED_DTYPES = SUPPORTED_DTYPES;

const byShort = new Map<string, DType>(Object.entries(dtypes).map(([name, { short }]) => [short, name as DType]));

export const shortName = (dtype: DType): string => dtypes[dtype].short;
export const dtypeOfShort = (short: string): DType | undefined => byShort.get(short);
export const isDType = (name: unknown): name is DType => typeof name === 'string' && Object.hasOwn(dtypes, name);
export const isFloat = (dtype: DType): boolean => dtypes[dtype].kind === 'float';
export const isInteger = (dtype: DType): boolean => dtypes[dtype].kind === 'int' || dtypes[dtype].kind === 'uint';
/** Dtypes that carry tangents; the tangent type of the others is float0, written `null`. */
export const isInexact = (dtype: DType): boolean => dtypes[dtype].kind === 'float' || dtypes[dtype].kind === 'complex';

/** @throws DTypeError when `dtype` is not a dtype of this version. */
export function checkDType(dtype: unknown, argument: string): DType {
  if (isDType(dtype) && (SUPPORTED_DTYPES as readonly DType[]).includes(dtype)) return dtype;
  const known = isDType(dtype) ? 'is not supported in this version' : 'is not a dtype';
  throw new DTypeError(`${argument}: ${String(dtype)} ${known}; use one of ${SUPPORTED_DTYPES.join(', ')}`);
}

/** Smallest and largest finite value of a dtype; for bool 0 and 1. */
export function finfo(dtype: DType): {
  min: number;
  max: number;
  tiny: number;
  smallestSubnormal: number;
  unitRoundoff: number;
} {
  switch (dtype) {
    case 'float32':
      return { min: -MAX_F32, max: MAX_F32, tiny: 2 ** -126, smallestSubnormal: 2 ** -149, unitRoundoff: 2 ** -24 };
    case 'float64':
      return {
        min: -Number.MAX_VALUE,
        max: Number.MAX_VALUE,
        tiny: 2 ** -1022,
        smallestSubnormal: Number.MIN_VALUE,
        unitRoundoff: 2 ** -53,
      };
    default:
      throw new DTypeError(`finfo: ${dtype} is not a supported float dtype`);
  }
}
const MAX_F32 = (2 - 2 ** -23) * 2 ** 127;

export function iinfo(dtype: DType): { min: number; max: number } {
  switch (dtype) {
    case 'int32':
      return { min: -(2 ** 31), max: 2 ** 31 - 1 };
    case 'uint32':
      return { min: 0, max: 2 ** 32 - 1 };
    case 'bool':
      return { min: 0, max: 1 };
    default:
      throw new DTypeError(`iinfo: ${dtype} is not a supported integer dtype`);
  }
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
  return kind === 'bool' ? 'bool' : kind === 'complex' ? 'c*' : kind === 'float' ? 'f*' : 'i*';
}

/**
 * The dtype that operands of different dtypes are converted to: the least upper bound of JAX's lattice.
 * Without 64-bit mode a join of int32 and uint32 has no supported integer above it: it throws and names `astype`.
 */
export function promote(operands: readonly Promotable[], where: string): Promotable {
  const [first] = operands;
  if (first !== undefined && operands.every((o) => o.dtype === first.dtype)) {
    return { dtype: first.dtype, weak: operands.every((o) => o.weak) };
  }
  const common = operands.map((o) => above[nodeOf(o)]!).reduce((a, b) => a.intersection(b));
  const least = [...common].find((n) => [...common].every((m) => above[n]!.has(m)));
  const dtype = least === undefined ? undefined : strongest(least, operands);
  if (dtype === undefined || !(SUPPORTED_DTYPES as readonly DType[]).includes(dtype)) {
    const names = operands.map((o) => o.dtype).join(' and ');
    throw new DTypeError(
      `${where}: ${names} promote to ${dtype ?? 'no dtype'}, which this version lacks; convert one of them, e.g. x.astype('float32')`,
    );
  }
  return { dtype, weak: !isDType(least) };
}

/** A weak node of the lattice stands for the widest dtype among the weak operands of that kind. */
function strongest(node: string, operands: readonly Promotable[]): DType | undefined {
  if (isDType(node)) return node;
  const kinds: readonly DTypeKind[] = node === 'i*' ? ['int', 'uint'] : node === 'f*' ? ['float'] : ['complex'];
  const found = operands.map((o) => o.dtype).filter((d) => kinds.includes(dtypes[d].kind));
  return found.sort((a, b) => dtypes[b].bytes - dtypes[a].bytes)[0] ?? (node === 'f*' ? 'float32' : undefined);
}
