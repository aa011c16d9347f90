/** Kernels that put things in the wrong place: axes, parameters, indices, edges, buffers. */
import { type DType, dtypes, isInteger } from '../../reference/core/dtypes.ts';
import {
  allocate,
  avalOf,
  type Element,
  forEachIndex,
  type HostArray,
  sameAval,
  sizeOf,
  stridesOf,
  take,
} from '../../reference/core/host.ts';
import { type AnyFirstOrder, inferAvals, type Params } from '../../reference/core/primitive.ts';
import { primitives } from '../../reference/primitives/index.ts';
import { count, type Kernel, type KernelCall, type KernelOperator, mapElements, operator } from './operator.ts';

const any = (): boolean => true;

// ---- parameters

/** The call with other operands or parameters, where these are legal and give results of the same types. */
function instead(call: KernelCall, operands: readonly HostArray[], params: Params): readonly HostArray[] {
  const { primitive, evaluate } = call;
  try {
    const right = inferAvals(primitive, call.operands.map(avalOf), call.params);
    const other = inferAvals(primitive, operands.map(avalOf), params);
    if (right.every((a, j) => sameAval(a, other[j]!))) return evaluate(operands, params);
  } catch {
    // Nothing legal: then it does what it should.
  }
  return evaluate();
}

/** A parameter, or what stands in it, changed; as it is where there is nothing to change. */
type Change = (v: unknown, key: string, operands: readonly HostArray[]) => unknown;

/** Changes one after the other, the outermost that `change` knows what to do with. */
function variants(params: Params, change: Change, operands: readonly HostArray[]): Params[] {
  return Object.entries(params).flatMap(([key, v]) =>
    inside(v, (x) => change(x, key, operands)).map((changed) => ({ ...params, [key]: changed })),
  );
}

/** The value changed; else with one of its members changed. */
function inside(v: unknown, change: (v: unknown) => unknown): unknown[] {
  const changed = change(v);
  if (changed !== undefined) return [changed];
  if (Array.isArray(v)) {
    const list: readonly unknown[] = v;
    return list.flatMap((member, i) => inside(member, change).map((m) => list.with(i, m)));
  }
  if (typeof v !== 'object' || v === null) return [];
  return Object.entries(v).flatMap(([k, member]) => inside(member, change).map((m) => ({ ...v, [k]: m })));
}

/** The first change that is legal and gives something else. */
const withParams =
  (change: Change): Kernel =>
  (call) => {
    for (const params of variants(call.params, change, call.operands)) {
      const made = instead(call, call.operands, params);
      const right = call.evaluate();
      if (made.some((y, j) => String(y.data) !== String(right[j]!.data))) return made;
    }
    return call.evaluate();
  };

const hasParams = ({ params }: AnyFirstOrder): boolean => Object.keys(params).length > 0;
const isList = (v: unknown): v is number[] => Array.isArray(v) && v.length > 0 && v.every((n) => typeof n === 'number');
const NAMES_AN_AXIS = /axis|axes|dimension(s|$)|permutation|offset_dims|map/;

const CHOICES = [
  'clip',
  'fill_or_drop',
  'promise_in_bounds',
  'to_nearest_even',
  'away_from_zero',
  'ge',
  'le',
  'fft',
  'ifft',
];

const parameters: readonly KernelOperator[] = [
  operator('axis-off-by-one', hasParams, withParams((v, key, [x]) => {
    const rank = x?.shape.length ?? 0;
    if (!NAMES_AN_AXIS.test(key) || rank < 2) return undefined;
    if (typeof v === 'number') return (v + 1) % rank;
    return isList(v) ? v.map((d) => (d + 1) % rank).sort((a, b) => a - b) : undefined;
  })),
  operator('list-reversed', hasParams, withParams((v) => (isList(v) && v.length > 1 ? v.toReversed() : undefined))),
  operator('flag-not-seen', hasParams, withParams((v) => (v === true ? false : undefined))),
  operator('flag-always-seen', hasParams, withParams((v) => (v === false ? true : undefined))),
  operator('strides-not-seen', hasParams, withParams((v, key) => (/strides|dilation/.test(key) && isList(v) ? v.map(() => 1) : undefined))),
  operator('number-not-seen', hasParams, withParams((v) => (typeof v === 'number' && v !== 0 ? 0 : undefined))),
  operator('number-off-by-one', hasParams, withParams((v) => (typeof v === 'number' ? v + 1 : undefined))),
  ...CHOICES.map((choice) => operator(`choice-always-${choice}`, hasParams, withParams((v) =>
    typeof v === 'string' && CHOICES.includes(v) && v !== choice ? choice : undefined))),
  operator('batch-dimensions-exchanged', hasParams, withParams((v, key) =>
    key === 'dimension_numbers' && isList(v) && v.length > 1 ? v.toReversed() : undefined)),
]; // prettier-ignore

// ---- operands and indices

const swapped: Kernel = (call) => {
  const [x, y, ...rest] = call.operands;
  return y === undefined ? call.evaluate() : instead(call, [y, x!, ...rest], call.params);
};

/** The integer operands beside one of another dtype, or beyond the first: indices. */
const INDEX_OPERANDS = ['starts', 'indices', 'which'];
const indexAt = ({ operands }: AnyFirstOrder): number =>
  operands.findIndex(({ name }) => INDEX_OPERANDS.includes(name));
const isIndexed = (p: AnyFirstOrder): boolean => indexAt(p) >= 0;

const withIndices =
  (f: (v: number, operand: HostArray, i: number) => number): Kernel =>
  ({ primitive, operands, evaluate }) => {
    const from = indexAt(primitive);
    const last = primitive.operands[from]!.variadic ? operands.length : from + 1;
    const like = (v: Element, to: number): Element => (typeof v === 'bigint' ? BigInt(to) : to);
    return evaluate(
      operands.map((x, k) =>
        k < from || k >= last || !isInteger(x.dtype)
          ? x
          : mapElements(x, (v, i) =>
              like(v, f(Number(v), operands[0]!, primitive.operands[from]!.variadic ? k - from : i)),
            ),
      ),
    );
  };

/** With the elements in the opposite order where they tie: what counts is along the last axis. */
const TIES: Readonly<Record<string, string>> = { argmax: 'axes', argmin: 'axes', sort: 'dimension' };
const fromTheEnd: Kernel = ({ primitive, operands, params, evaluate }) => {
  const axis = [params[TIES[primitive.name]!] as number | number[]].flat()[0]!;
  const reversed = operands.map((x) => primitives.rev.evaluate([x], { dimensions: [axis] })[0]!);
  const ys = evaluate(reversed);
  if (primitive.name === 'sort') return ys;
  const last = operands[0]!.shape[axis]! - 1;
  return ys.map((y) => mapElements(y, (v) => (typeof v === 'bigint' ? BigInt(last) - v : last - Number(v))));
};

const overwriting: Kernel = ({ operands, params }) => (primitives.scatter as AnyFirstOrder).evaluate(operands, params);

const operands: readonly KernelOperator[] = [
  operator('operands-swapped', (p) => p.operands.length > 1 || p.operands[0]?.variadic !== undefined, swapped),
  operator('first-operand-for-both', (p) => p.operands.length === 2, (call) =>
    instead(call, [call.operands[0]!, call.operands[0]!], call.params)),
  operator('indices-off-by-one', isIndexed, withIndices((v) => v + 1)),
  operator('negative-indices-from-the-end', isIndexed, withIndices((v, x, i) => (v < 0 ? v + (x.shape[i % Math.max(1, x.shape.length)] ?? 0) : v))),
  operator('negative-indices-are-zero', isIndexed, withIndices((v) => Math.max(0, v))),
  operator('indices-wrap', isIndexed, withIndices((v, x, i) => {
    const n = x.shape[i % Math.max(1, x.shape.length)] ?? 1;
    return n === 0 ? v : ((v % n) + n) % n;
  })),
  operator('last-tie-wins', (p) => TIES[p.name] !== undefined, fromTheEnd),
  operator('overwrites', (p) => /^scatter_/.test(p.name), overwriting),
  operator('updates-twice', (p) => /^scatter_(add|mul)/.test(p.name), ({ operands: [, i, u], evaluate }) => evaluate([evaluate()[0]!, i!, u!])),
]; // prettier-ignore

// ---- edges and lanes

const rearranged =
  (from: (y: HostArray) => (i: number) => number): Kernel =>
  ({ evaluate }) =>
    evaluate().map((y) => (count(y) < 2 ? y : take(y, y.shape, from(y))));

/** Some elements are never written. */
const unwritten =
  (which: (i: number, n: number) => boolean): Kernel =>
  ({ evaluate }) =>
    evaluate().map((y) => {
      const zero = { ...y, shape: [], data: allocate(y.dtype, 1) };
      return take(y, y.shape, (i) => (which(i, count(y)) ? -1 : i), zero);
    });

/** The last two axes exchanged where they have one size. */
function exchanged({ shape }: HostArray): (i: number) => number {
  const [m, n] = shape.slice(-2);
  if (shape.length < 2 || m !== n) return (i) => i;
  const block = m! * n!;
  return (i) => i - (i % block) + (i % n!) * n! + Math.floor((i % block) / n!);
}

/** All slices along the first axis are the first one. */
const firstLane = ({ shape }: HostArray): ((i: number) => number) =>
  shape.length < 3 ? (i) => i : (i) => i % sizeOf(shape.slice(1));

function columnMajor({ shape }: HostArray): (i: number) => number {
  if (shape.length < 2) return (i) => i;
  const from: number[] = [];
  const strides = stridesOf(shape.toReversed()).toReversed();
  forEachIndex(shape, (index, flat) => (from[flat] = index.reduce((at, k, d) => at + k * strides[d]!, 0)));
  return (i) => from[i]!;
}

const edges: readonly KernelOperator[] = [
  operator('last-of-odd-sizes-unwritten', any, unwritten((i, n) => n % 2 === 1 && n > 1 && i === n - 1)),
  operator('rest-of-four-unwritten', any, unwritten((i, n) => n > 4 && i >= n - (n % 4))),
  operator('beyond-1024-unwritten', any, unwritten((i) => i >= 1024)),
  operator('single-elements-unwritten', any, unwritten((_, n) => n === 1)),
  operator('axes-exchanged-where-square', any, rearranged(exchanged)),
  operator('column-major', any, rearranged(columnMajor)),
  operator('first-lane-for-all', any, rearranged(firstLane)),
  operator('elements-reversed', any, rearranged((y) => (i) => count(y) - 1 - i)),
  operator('first-element-everywhere', any, rearranged(() => () => 0)),
  operator('empty-operands-give-ones', any, ({ operands: xs, evaluate }) =>
    evaluate().map((y) => (xs.some((x) => count(x) === 0) ? mapElements(y, (v) => one(v)) : y))),
]; // prettier-ignore
const one = (v: Element): Element => (typeof v === 'bigint' ? 1n : typeof v === 'number' ? 1 : { re: 1, im: 1 });

// ---- types and buffers

const retyped: Kernel = ({ evaluate }) =>
  evaluate().map((y) => (WIDER[y.dtype] === undefined ? y : converted(y, WIDER[y.dtype]!)));
const WIDER: Readonly<Partial<Record<DType, DType>>> = {
  float16: 'float32', bfloat16: 'float32', float32: 'float64', complex64: 'complex128', int8: 'int32', int16: 'int32', int32: 'int64',
  uint8: 'uint32', uint16: 'uint32', uint32: 'uint64', bool: 'int32',
}; // prettier-ignore
const converted = (x: HostArray, new_dtype: DType): HostArray =>
  primitives.convert_element_type.evaluate([x], { new_dtype, weak_type: false })[0]!;

/** Writes its first result into its first operand's buffer. */
const inPlace: Kernel = ({ operands: [x], evaluate }) => {
  const ys = evaluate();
  const [y] = ys;
  if (x === undefined || y === undefined || x.dtype !== y.dtype || x.data.length !== y.data.length) return ys;
  (x.data as Float64Array).set(y.data as Float64Array); // or both are of another type
  return ys;
};

const types: readonly KernelOperator[] = [
  operator('result-stays-wide', (_, d) => WIDER[d] !== undefined, retyped),
  operator('rank-lost', any, ({ evaluate }) =>
    evaluate().map((y) => (y.shape[0] === 1 ? { ...y, shape: y.shape.slice(1) } : y)),
  ),
  operator('one-result-too-many', any, ({ evaluate }) => [...evaluate(), ...evaluate().slice(0, 1)]),
  operator('writes-into-its-operand', (p, d) => p.operands.length > 0 && dtypes[d].kind !== 'bool', inPlace),
];

export const PLACE_OPERATORS: readonly KernelOperator[] = [...parameters, ...operands, ...edges, ...types];
