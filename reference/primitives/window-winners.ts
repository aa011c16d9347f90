/**
 * What happens to the largest or smallest element of each window: select_and_gather_add reads beside it,
 * select_and_scatter_add writes there (spec/primitives/windowed.md). They are what extremes of windows differentiate
 * through, and transposes of one another.
 */
import { isInexact, REALS } from '../core/dtypes.ts';
import {
  allocate,
  buildElements,
  type Element,
  elements,
  type HostArray,
  sameShape,
  sizeOf,
  take,
} from '../core/host.ts';
import { type Bound, type Bounded, definePrimitive, type Gen, knownOperand } from '../core/primitive.ts';
import { inFront, show, toFront } from './axes.ts';
import { call, choices, type Pick, smallShape } from './draw.ts';
import { along, type Defined, exact } from './elementwise.ts';
import { magnitudes } from './layout.ts';
import { totalOf } from './numerics/totals.ts';
import {
  batchedWindows,
  drawnWindows,
  forEachWindow,
  mostWindows,
  plainWindows,
  windowBreaks,
  type WindowConstraint,
  windowConstraints,
  WINDOW_SCHEMAS,
  windowCounts,
  windowOptions,
  type WindowParams,
} from './window-shapes.ts';

export type SelectPrimitive = 'ge' | 'le';
export interface SelectParams extends WindowParams {
  /** `ge` selects the largest element of a window, `le` the smallest. */
  readonly select_prim: SelectPrimitive;
}
type SelectConstraint = WindowConstraint | 'C7' | 'C8' | 'C9';
type Selecting<N extends string> = Defined<N, SelectParams, SelectConstraint>;
const PRIMITIVES: readonly SelectPrimitive[] = ['ge', 'le'];
const SCHEMAS: Selecting<string>['params'] = { select_prim: { enum: PRIMITIVES }, ...WINDOW_SCHEMAS };

/** Calls `visit` with each window's selected element, the first NaN or else the first best; −1: it holds none. */
function forEachWinner(operand: HostArray, p: SelectParams, visit: (window: number, winner: number) => void): void {
  const at = elements(operand) as (i: number) => number | bigint;
  const isBetter = (a: number | bigint, b: number | bigint): boolean => (p.select_prim === 'ge' ? a > b : a < b);
  const isNaN = (i: number): boolean => Number.isNaN(at(i));
  const better = (best: number, i: number): number =>
    isNaN(best) ? best : isNaN(i) || isBetter(at(i), at(best)) ? i : best;
  forEachWindow(operand.shape, p, (window, places) => visit(window, places.length === 0 ? -1 : places.reduce(better)));
}

/** Calls `visit` with every element that may be the selected one, given the errors of the operand. */
function forEachCandidate(
  { value, bound }: Bounded,
  p: SelectParams,
  visit: (window: number, candidates: readonly number[], winner: number) => void,
): void {
  const at = elements(value);
  const sign = p.select_prim === 'ge' ? 1 : -1;
  const error = (i: number): number => bound?.worst[i] ?? 0;
  const reach = (i: number): number => sign * Number(at(i)) + error(i);
  const winners: number[] = [];
  forEachWinner(value, p, (_, winner) => winners.push(winner));
  forEachWindow(value.shape, p, (window, places) => {
    const winner = winners[window]!;
    if (winner < 0) return;
    const low = sign * Number(at(winner)) - error(winner);
    const others = places.filter((i) => i !== winner && (error(i) > 0 || error(winner) > 0) && !(reach(i) < low));
    visit(window, [winner, ...others], winner);
  });
}

// ---- select_and_gather_add

function gathered([tangents, operand]: readonly HostArray[], p: SelectParams): HostArray {
  const winners: number[] = [];
  forEachWinner(operand!, p, (_, winner) => winners.push(winner));
  const zero: HostArray = { shape: [], dtype: tangents!.dtype, data: allocate(tangents!.dtype, 1) };
  return take(tangents!, windowCounts(operand!.shape, p), (i) => winners[i]!, zero);
}

export const selectAndGatherAdd: Selecting<'select_and_gather_add'> = definePrimitive<
  'select_and_gather_add',
  SelectParams,
  SelectConstraint
>({
  name: 'select_and_gather_add',
  spec: 'spec/primitives/windowed.md#select_and_gather_add',
  operands: [
    { name: 'tangents', dtypes: REALS },
    { name: 'operand', dtypes: REALS },
  ],
  params: SCHEMAS,
  dtypes: REALS,
  constraints: {
    ...windowConstraints(1),
    C7: ([t, x]) =>
      t!.dtype === x!.dtype || `tangents and operand must have one dtype, got ${t!.dtype} and ${x!.dtype}`,
    C8: ([t, x]) =>
      sameShape(t!.shape, x!.shape) ||
      `tangents and operand must have one shape, got ${show(t!.shape)} and ${show(x!.shape)}`,
    C9: (_, p) => checkSelect(p),
  },
  infer: ([t, x], p) => [{ ...t!, shape: windowCounts(x!.shape, p) }],
  evaluate: (xs, p) => [gathered(xs, p)],
  differentiate: {
    active: ([t]) => (isInexact(t!.dtype) ? [0] : []),
    jvp: 'linear',
    transpose: (lax, [ct], [, operand], p) => [
      along(ct, (t) =>
        lax.selectAndScatterAdd(t, knownOperand(operand!), p.select_prim, p.window_dimensions, windowOptions(p)),
      ),
      null,
    ],
  },
  batch(lax, [t, x], [atT, atX], axis, p) {
    const wide = batchedWindows(p);
    const [tangents, operand] = [toFront(lax, t!, atT!, axis), toFront(lax, x!, atX!, axis)];
    return inFront(
      lax.selectAndGatherAdd(tangents, operand, p.select_prim, wide.window_dimensions, windowOptions(wide)),
    );
  },
  /** Of several that may be selected, the tangent of any. */
  bound([t, x], [y], p) {
    if (t!.bound === null && x!.bound === null) return [null];
    const at = elements(t!.value);
    const result = emptyBound(sizeOf(y!.shape));
    forEachCandidate(x!, p, (window, candidates, winner) => {
      for (const i of candidates) {
        const apart = i === winner ? 0 : distance(Number(at(i)), Number(at(winner)));
        result.worst[window] = Math.max(result.worst[window]!, apart + (t!.bound?.worst[i] ?? 0));
        result.variance[window] = Math.max(result.variance[window]!, apart ** 2 + (t!.bound?.variance[i] ?? 0));
      }
    });
    return [result];
  },
  accuracy: exact,
  cases: (gen) =>
    gen.shape().chain((shape) => drawn(gen, shape.length).chain((p) => call(gen, [[gen.dtype, shape], [gen.dtype, shape]], p))), // prettier-ignore
  breaks: {
    ...windowBreaks((p) => (gen: Gen) => vectors(gen, [0, 0], { select_prim: 'ge', ...p })),
    C7: (gen) => smallShape(gen, 1, 1).chain((s) => call(gen, [[gen.dtype === 'int32' ? 'float32' : 'int32', s], [gen.dtype, s]], PLAIN)), // prettier-ignore
    C8: (gen) => vectors(gen, [1, 0], PLAIN),
    C9: (gen) => vectors(gen, [0, 0], { ...PLAIN, select_prim: 'gt' as SelectPrimitive }),
  },
});

const emptyBound = (n: number): Bound => ({ worst: new Float64Array(n), variance: new Float64Array(n) });
/** What is between NaN, or infinities, and another is unknown. */
const distance = (a: number, b: number): number =>
  Object.is(a, b) ? 0 : Number.isNaN(a - b) ? Infinity : Math.abs(a - b);

// ---- select_and_scatter_add

/** For each operand element the sources of the windows that select it, put together. */
function scattered<T extends Element>(
  [source, operand]: readonly HostArray[],
  p: SelectParams,
  total: (terms: readonly Element[]) => T,
): T[] {
  const at = elements(source!);
  const sums = Array.from({ length: sizeOf(operand!.shape) }, (): Element[] => []);
  forEachWinner(operand!, p, (window, winner) => {
    if (winner >= 0) sums[winner]!.push(at(window));
  });
  return sums.map(total);
}

export const selectAndScatterAdd: Selecting<'select_and_scatter_add'> = definePrimitive<
  'select_and_scatter_add',
  SelectParams,
  SelectConstraint
>({
  name: 'select_and_scatter_add',
  spec: 'spec/primitives/windowed.md#select_and_scatter_add',
  operands: [
    { name: 'source', dtypes: REALS },
    { name: 'operand', dtypes: REALS },
  ],
  params: SCHEMAS,
  dtypes: REALS,
  constraints: {
    ...windowConstraints(1),
    C7: ([s, x]) => s!.dtype === x!.dtype || `source and operand must have one dtype, got ${s!.dtype} and ${x!.dtype}`,
    C8: ([s, x], p) =>
      sameShape(s!.shape, windowCounts(x!.shape, p)) ||
      `source must have one element per window: ${show(windowCounts(x!.shape, p))}, got ${show(s!.shape)}`,
    C9: (_, p) => checkSelect(p),
  },
  infer: ([s, x]) => [{ ...s!, shape: x!.shape }],
  evaluate(xs, p) {
    const { shape, dtype } = xs[1]!;
    const sums = scattered(xs, p, (terms) => totalOf(terms, dtype));
    return [buildElements(dtype, shape, (i) => sums[i]!)];
  },
  differentiate: {
    active: ([s]) => (isInexact(s!.dtype) ? [0] : []),
    jvp: 'linear',
    transpose: (lax, [ct], [, operand], p) => [
      along(ct, (t) =>
        lax.selectAndGatherAdd(t, knownOperand(operand!), p.select_prim, p.window_dimensions, windowOptions(p)),
      ),
      null,
    ],
  },
  batch(lax, [s, x], [atS, atX], axis, p) {
    const wide = batchedWindows(p);
    const [source, operand] = [toFront(lax, s!, atS!, axis), toFront(lax, x!, atX!, axis)];
    return inFront(
      lax.selectAndScatterAdd(source, operand, p.select_prim, wide.window_dimensions, windowOptions(wide)),
    );
  },
  /** Of several that may be selected, each may get the source or not. */
  bound([s, x], [y], p) {
    if (s!.bound === null && x!.bound === null) return [null];
    const at = elements(s!.value);
    const result = emptyBound(sizeOf(y!.shape));
    forEachCandidate(x!, p, (window, candidates) => {
      const open = candidates.length > 1 ? Math.abs(Number(at(window))) : 0;
      for (const i of candidates) {
        result.worst[i]! += Number.isNaN(open) ? Infinity : open + (s!.bound?.worst[window] ?? 0);
        result.variance[i]! += Number.isNaN(open) ? Infinity : open ** 2 + (s!.bound?.variance[window] ?? 0);
      }
    });
    return [result];
  },
  accuracy([s, x], p) {
    if (!isInexact(s!.dtype)) return { kind: 'exact' };
    const add = (terms: readonly Element[]): number => (terms as number[]).reduce((a, b) => a + b, 0);
    const magnitude = ([source, operand]: readonly HostArray[]): Float64Array =>
      Float64Array.from(scattered([magnitudes(source!), operand!], p, add));
    return { kind: 'sum', terms: mostWindows(x!.shape, p), magnitude };
  },
  cases: (gen) =>
    gen.shape().chain((shape) => drawn(gen, shape.length).chain((p) => call(gen, [[gen.dtype, windowCounts(shape, p)], [gen.dtype, shape]], p))), // prettier-ignore
  breaks: {
    ...windowBreaks((p) => (gen: Gen) => vectors(gen, [0, 0], { select_prim: 'ge', ...p })),
    C7: (gen) => smallShape(gen, 1, 1).chain((s) => call(gen, [[gen.dtype === 'int32' ? 'float32' : 'int32', s], [gen.dtype, s]], PLAIN)), // prettier-ignore
    C8: (gen) => vectors(gen, [1, 0], PLAIN),
    C9: (gen) => vectors(gen, [0, 0], { ...PLAIN, select_prim: 'gt' as SelectPrimitive }),
  },
});

// ---- calls

const checkSelect = ({ select_prim }: SelectParams): true | string =>
  PRIMITIVES.includes(select_prim) || `select_prim must be one of ${PRIMITIVES.join(', ')}, got ${String(select_prim)}`;
const PLAIN: SelectParams = { select_prim: 'ge', ...plainWindows(1) };
const drawn = (gen: Gen, rank: number) =>
  choices(gen, (pick: Pick): SelectParams => ({ select_prim: PRIMITIVES[pick(2)]!, ...drawnWindows(rank, pick) }));
/** Two vectors of one length, but for what is added to it. */
const vectors = (gen: Gen, more: readonly [number, number], p: SelectParams) =>
  smallShape(gen, 1, 1).chain(([n]) => call(gen, more.map((m) => [gen.dtype, [n! + m]] as const), p)); // prettier-ignore
