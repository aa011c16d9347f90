/**
 * Kernels that combine runs of states: by one invocation each, or, on GPUs, by a workgroup whose invocations read
 * neighbours and combine what they have pair by pair. A few long runs are split, and what the parts give is combined by
 * another kernel.
 */
import type { Builder } from './compile/builder.ts';
import { type Code, type Lanes, typeText } from './compile/statements.ts';
import { Index } from './compile/index-space.ts';
import type { Making } from './compile/making.ts';
import type { Input, Result } from './compile/node.ts';
import { registerOf } from './compile/types.ts';
import type { Monoid, State } from './monoids.ts';
import type { Runs } from './runs.ts';

/** Elements that are combined one after the other: longer runs are combined in blocks, which keeps to the bound of sums. */
export const LONGEST_CHAIN = 512;
/** Invocations that make a device busy: a software driver's threads, or a GPU's. */
const BUSY = { cpu: 1024, gpu: 65_536 } as const;
/** Runs up to so long are not split for a CPU: another kernel would cost more. */
const SHORT = 2048;
/** Runs from this length on that are only read are combined into several states that do not wait for one another. */
const INTERLEAVED = 256;
/** How many. */
const STATES = 4;
/** What an invocation should have to do, in elements. */
export const WORTHWHILE = 64;

/** Runs of states: the j-th of run r, both u32. */
export interface Source {
  readonly count: number;
  readonly length: number;
  readonly lanes: Lanes;
  /** Lanes are elements of one run, not of four runs. */
  readonly isContiguous: boolean;
  /** States are read, not computed. */
  readonly isRead?: boolean;
  state(k: Builder, r: Code, j: Code): State;
}

/** Reduces an operand along axes. */
export function reduce(making: Making, runs: Runs, monoid: Monoid, result: Result): void {
  reduceSource(making, monoid, result, {
    ...pick(runs),
    isRead: making.holds(runs.x),
    state: (k, r, j) => monoid.lift(k, runs.element(k, r, j), () => runs.positions(k, j)),
  });
}
const pick = ({ count, length, lanes, isContiguous }: Runs): Omit<Source, 'state' | 'isRead'> => ({
  count,
  length,
  lanes,
  isContiguous,
});

/** How many parts runs are split into, each of which so many invocations combine. */
export function partsFor({ target: { cpu } }: Making, { count, length }: Source, invocations: number): number {
  if (cpu && length <= SHORT) return 1;
  const busy = BUSY[cpu ? 'cpu' : 'gpu'] / (count * invocations);
  return Math.max(1, Math.ceil(Math.min(busy, length / (WORTHWHILE * invocations))));
}

function reduceSource(making: Making, monoid: Monoid, result: Result, source: Source): void {
  const { count, length, isContiguous } = source;
  const { cpu } = making.target;
  const byWorkgroup = !cpu && isContiguous && length >= 2 * WORTHWHILE;
  const size = byWorkgroup ? (length >= 1024 ? 256 : 64) : 1;
  const parts = partsFor(making, source, size);
  const combine = byWorkgroup ? byTree(size) : byOne;
  const lanes = isContiguous ? 1 : source.lanes;
  if (parts === 1) {
    combine(making, monoid, source, 1, (k, r, _, state) =>
      k.define(result, Index.flat(result.type.shape, r), monoid.lower(k, state)),
    );
    return;
  }
  const between = monoid.state.map((dtype) => making.temporary({ shape: [parts, count * lanes], dtype }));
  combine(making, monoid, source, parts, (k, r, part, state) => {
    const at = k.let('u32', `${part} * ${count}u + ${r}`);
    between.forEach((node, i) => k.store(node, at, state[i]!));
  });
  reduceSource(making, monoid, result, ofParts(between, count, parts, lanes));
}

/** The states that parts of runs have given. */
const ofParts = (between: readonly Input[], count: number, length: number, lanes: Lanes): Source => ({
  count,
  length,
  lanes,
  isContiguous: lanes === 1 && count === 1,
  isRead: true,
  state: (k, r, j) => {
    const at = k.let('u32', `${j} * ${count}u + ${r}`);
    return between.map((node) => k.inLanes(lanes, () => k.element(node, Index.flat(node.type.shape, at))));
  },
});

/** What to do with the state of a part of a run; the lanes are four runs, or one. */
export type Use = (k: Builder, r: Code, part: Code, state: State) => void;
export type Combine = (making: Making, monoid: Monoid, source: Source, parts: number, use: Use) => void;

/** Which run and which part of it an invocation has, and where that part begins and ends. */
export function partOf(
  k: Builder,
  i: Code,
  parts: number,
  { count, length }: Pick<Source, 'count' | 'length'>,
): { readonly r: Code; readonly part: Code; readonly from: Code; readonly to: Code } {
  if (parts === 1) return { r: i, part: '0u', from: '0u', to: `${length}u` };
  const each = Math.ceil(length / parts);
  const r = k.let('u32', `${i} % ${count}u`);
  const part = k.let('u32', `${i} / ${count}u`);
  const from = k.let('u32', `${part} * ${each}u`);
  return { r, part, from, to: k.let('u32', `min(${from} + ${each}u, ${length}u)`) };
}

/** One invocation per part. */
export const byOne: Combine = (making, monoid, source, parts, use) => {
  const each = Math.ceil(source.length / parts);
  making.eachLong(source.count * parts, (k, i) => {
    const { r, part, from, to } = partOf(k, i, parts, source);
    const state = chained(k, monoid, source, r, { from, to, step: 1, length: each });
    k.inLanes(source.isContiguous ? 1 : source.lanes, () => use(k, r, part, state));
  });
};

/** One workgroup per part, of which each invocation takes every `size`-th element. */
export const byTree =
  (size: number): Combine =>
  (making, monoid, source, parts, use) => {
    const { count, length } = source;
    const each = Math.ceil(length / parts);
    making.workgroups(count * parts, size, (k) => {
      const r = k.let('u32', `workgroup % ${count}u`);
      const part = k.let('u32', `workgroup / ${count}u`);
      const start = k.let('u32', `${part} * ${each}u`);
      const to = k.let('u32', `min(${start} + ${each}u, ${length}u)`);
      const from = k.let('u32', `${start} + local`);
      const own = chained(k, monoid, source, r, { from, to, step: size, length: Math.ceil(each / size) });
      const shared = monoid.state.map((dtype) => k.shared(registerOf(dtype), size));
      const at = (i: Code): State => shared.map((name) => `${name}[${i}]`);
      const put = (state: State): void => state.forEach((code, i) => k.line(`${shared[i]}[local] = ${code};`));
      put(own);
      k.line('workgroupBarrier();');
      k.block(`for (var half = ${size / 2}u; half > 0u; half = half >> 1u)`, () => {
        k.block('if (local < half)', () => {
          const [a, b] = [at('local'), at('local + half')].map((state) => state.map((code) => k.read(code)));
          put(monoid.combine(k, a!, b!));
        });
        k.line('workgroupBarrier();');
      });
      k.block(`if (local == 0u && workgroup < ${count * parts}u)`, () =>
        use(
          k,
          r,
          part,
          at('0u').map((code) => k.read(code)),
        ),
      );
    });
  };

interface Span {
  readonly from: Code;
  readonly to: Code;
  readonly step: number;
  /** How many elements it has at most. */
  readonly length: number;
}

/** Combines states one after the other, those of long runs in blocks; lanes of one run at the end. */
function chained(k: Builder, monoid: Monoid, source: Source, r: Code, { from, to, step, length }: Span): State {
  const state = k.inLanes(source.lanes, () => {
    const total = variables(k, monoid);
    const isInterleaved = monoid.isOne === true && source.isRead === true && length >= INTERLEAVED;
    const next = (j: Code, into: State): void => accumulate(k, monoid, into, source.state(k, r, j));
    const each = (start: Code, end: Code, into: State): void => {
      const begin = isInterleaved ? interleaved(k, monoid, { start, end, step, into }, next) : start;
      k.loop(begin, end, `${step}u`, (j) => next(j, into));
    };
    if (length <= LONGEST_CHAIN) {
      if (length > 0) each(from, to, total);
    } else {
      const block = Math.ceil(Math.sqrt(length)) * step;
      k.loop(from, to, `${block}u`, (start) => {
        const inner = variables(k, monoid);
        each(start, k.let('u32', `min(${start} + ${block}u, ${to})`), inner);
        accumulate(
          k,
          monoid,
          total,
          inner.map((code) => k.read(code)),
        );
      });
    }
    return total.map((code) => k.read(code));
  });
  if (source.lanes === 1 || !source.isContiguous) return state;
  const [x, y, z, w] = ['x', 'y', 'z', 'w'].map((lane) => state.map((code) => `${code}.${lane}`));
  const both = (a: State, b: State): State =>
    monoid.combine(k, a, b).map((code, i) => k.let(registerOf(monoid.state[i]!), code));
  return both(both(x!, y!), both(z!, w!));
}

/** Combines as many elements as come out even, and gives the first of the rest. */
function interleaved(
  k: Builder,
  monoid: Monoid,
  { start, end, step, into }: { readonly start: Code; readonly end: Code; readonly step: number; readonly into: State },
  next: (j: Code, into: State) => void,
): Code {
  const stride = STATES * step;
  const rest = k.let('u32', `${start} + (max(${end}, ${start}) - ${start}) / ${stride}u * ${stride}u`);
  const states = [into, ...Array.from({ length: STATES - 1 }, () => variables(k, monoid))];
  k.loop(start, rest, `${stride}u`, (j) => states.forEach((state, n) => next(n === 0 ? j : k.let('u32', `${j} + ${n * step}u`), state))); // prettier-ignore
  const read = (state: State): State => state.map((code) => k.read(code));
  for (const state of states.slice(1)) accumulate(k, monoid, into, read(state));
  return rest;
}

/** Variables that hold a state, none of whose elements are there yet. */
export const variables = (k: Builder, monoid: Monoid): State =>
  monoid.initial(k).map((code, i) => k.variable(typeText(registerOf(monoid.state[i]!), k.lanes), code));

/** Adds a state to one that is held in variables. */
export function accumulate(k: Builder, monoid: Monoid, total: State, state: State): void {
  const before = total.map((code) => k.read(code));
  monoid.combine(k, before, state).forEach((code, i) => k.line(`${total[i]} = ${code};`));
}
