/**
 * Control flow on the device. Both branches of a `cond` are computed, and one is taken; loops keep their state in two sets of
 * buffers that take turns. A `while` runs ahead of what the host has seen: once its predicate is false its state no longer
 * changes, and what runs within it, or within a branch that is not taken, is told so.
 */
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import type { Params } from '../../reference/core/primitive.ts';
import type { Graph, HigherLowerings } from './compile/lowering.ts';
import type { Making } from './compile/making.ts';
import { Computation, Constant, Indexed, Input, layoutOf, type Node, Pointwise } from './compile/node.ts';
import type { Step } from './compile/plan.ts';
import { schedule } from './compile/schedule.ts';
import type { Type } from './compile/types.ts';

const FLAG: Type = { shape: [], dtype: 'bool' };
const COUNTER: Type = { shape: [], dtype: 'uint32' };

/** A value of its own, so that it gets a buffer of its own. */
const copyOf = (x: Node): Node => new Pointwise(x.type, [x], 0, (_, [code]) => code!);
const both = (a: Node, b: Node): Node => new Pointwise(FLAG, [a, b], 1, (_, [x, y]) => `(${x} & ${y})`);
const chosen = (condition: Node, yes: Node, no: Node): Node =>
  new Pointwise(yes.type, [condition, yes, no], 1, (k, [c, x, y]) =>
    // Of complex numbers both parts go by one condition.
    k.lanes === 1 && yes.type.dtype === 'complex64'
      ? `select(${y}, ${x}, vec2<bool>(${c}))`
      : `select(${y}, ${x}, ${c})`,
  );

// ---- loops

/** How a loop's state goes on: the values after an iteration, from those before, what does not change, and rows. */
interface Body {
  /** The nodes of the next state, and the rows that are written, as the last thing of an iteration. */
  next(
    graph: Graph,
    state: readonly Node[],
    fixed: readonly Node[],
  ): { readonly state: readonly Node[]; readonly rows: readonly Node[] };
}

/** Where the rows of an iteration go: after so many others. */
interface Rows {
  readonly into: readonly Node[];
  /** Which of the state counts. */
  readonly counter: number;
}

/** The steps from one set of buffers to the other. */
function iteration(
  making: Making,
  graph: Graph,
  body: Body,
  from: readonly Node[],
  to: readonly Node[],
  fixed: readonly Node[],
  rows: Rows | null,
): readonly Step[] {
  const { buffers, target } = making;
  const next = body.next(graph, from, fixed);
  const outputs = next.state.map(copyOf);
  outputs.forEach((node, j) => buffers.alias(node, buffers.of(to[j]!)!));
  const written = next.rows.map(copyOf);
  written.forEach((node, j) => buffers.alias(node, buffers.of(layoutOf(rows!.into[j]!))!, from[rows!.counter]));
  return schedule([...outputs, ...written], buffers, target, graph.origins);
}

/** What is in a buffer, however it got there. */
function leafIn(making: Making, type: Type, buffer: number): Node {
  const leaf = new Input(type);
  making.buffers.alias(leaf, buffer);
  return leaf;
}

/** A buffer for each value, `results` in theirs if they have some. */
const stateBuffers = (making: Making, types: readonly Type[], results: readonly Node[] = []): readonly Node[] =>
  types.map((type, j) => {
    const result = results[j];
    const buffer = result === undefined ? null : making.buffers.of(result);
    return buffer === null ? making.temporary(type) : leafIn(making, type, buffer);
  });

const start = (making: Making, initial: readonly Node[], state: readonly Node[]): void =>
  initial.forEach((x, j) => making.copy(x, state[j]!));

/** Nodes that stand for operands within a loop: leaves that are in the operands' buffers. */
const leavesFor = (making: Making, operands: readonly Node[]): readonly Node[] =>
  operands.map((x) => leafIn(making, x.type, making.buffers.of(layoutOf(x))!));

// ---- scan

interface ScanParams {
  readonly jaxpr: Jaxpr;
  readonly length: number;
  readonly reverse: boolean;
  readonly num_consts: number;
  readonly num_carry: number;
}

/** The row that a counter points at. */
const rowOf = (x: Node, counter: Node): Node =>
  new Indexed({ shape: x.type.shape.slice(1), dtype: x.type.dtype }, [x, counter], (k, index) =>
    k.at(x, [k.at(counter, []), ...index.dims(k)]),
  );

const scan = (graph: Graph, operands: readonly Node[], params: Params): readonly Node[] => {
  const { jaxpr, length, reverse, num_consts, num_carry } = params as unknown as ScanParams;
  const consts = operands.slice(0, num_consts);
  const carry = operands.slice(num_consts, num_consts + num_carry);
  const xs = operands.slice(num_consts + num_carry);
  const rowTypes = jaxpr.outAvals.slice(num_carry).map(({ shape, dtype }) => ({ shape: [length, ...shape], dtype }));
  if (length === 0) return [...carry, ...rowTypes.map((type) => new Constant(type, 0))];
  const first = new Constant(COUNTER, reverse ? length - 1 : 0);
  const initial = [...carry, first];
  const active = graph.active === null ? [] : [graph.active];
  const body: Body = {
    next(inner, state, fixed) {
      const counter = state.at(-1)!;
      inner.active = fixed[consts.length + xs.length] ?? null;
      const slices = fixed.slice(consts.length, consts.length + xs.length).map((x) => rowOf(x, counter));
      const out = inner.enter(jaxpr, [...fixed.slice(0, consts.length), ...state.slice(0, -1), ...slices]);
      const step = new Pointwise(COUNTER, [counter], 1, (_, [i]) => (reverse ? `(${i} - 1u)` : `(${i} + 1u)`));
      return { state: [...out.slice(0, num_carry), step], rows: out.slice(num_carry) };
    },
  };
  const types = initial.map(({ type }) => type);
  const make = (making: Making, { results }: Computation): void => {
    const last = results.slice(0, num_carry);
    const isOdd = length % 2 === 1;
    const a = stateBuffers(making, types, isOdd ? [] : last);
    const b = stateBuffers(making, types, isOdd ? last : []);
    const rows: Rows = {
      into: results.slice(num_carry).map((y) => (making.buffers.allocate(y), y)),
      counter: num_carry,
    };
    const fixed = leavesFor(making, [...consts, ...xs, ...active]);
    start(making, initial, a);
    const there = iteration(making, graph.child(), body, a, b, fixed, rows);
    if (length > 1) {
      const back = iteration(making, graph.child(), body, b, a, fixed, rows);
      making.steps.push({ kind: 'repeat', times: Math.floor(length / 2), steps: [...there, ...back] });
    }
    if (isOdd) making.steps.push(...there);
  };
  const results = [...carry.map(({ type }) => type), ...rowTypes];
  return new Computation({ name: 'scan', operands: [...consts, ...initial, ...xs, ...active], results, make }).results;
};

// ---- while

interface WhileParams {
  readonly cond_jaxpr: Jaxpr;
  readonly body_jaxpr: Jaxpr;
  readonly cond_nconsts: number;
  readonly body_nconsts: number;
}

const whileLoop = (graph: Graph, operands: readonly Node[], params: Params): readonly Node[] => {
  const { cond_jaxpr, body_jaxpr, cond_nconsts: m, body_nconsts: n } = params as unknown as WhileParams;
  const consts = operands.slice(0, m + n);
  const carry = operands.slice(m + n);
  const holds = (inner: Graph, fixed: readonly Node[], state: readonly Node[]): Node =>
    inner.enter(cond_jaxpr, [...fixed.slice(0, m), ...state])[0]!;
  const begins = holds(graph, consts, carry);
  const initial = [...carry, graph.active === null ? begins : both(graph.active, begins)];
  const body: Body = {
    next(inner, state, fixed) {
      const flag = state.at(-1)!;
      const before = state.slice(0, -1);
      inner.active = flag;
      const out = inner.enter(body_jaxpr, [...fixed.slice(m), ...before]);
      const after = out.map((x, j) => chosen(flag, x, before[j]!));
      return { state: [...after, both(flag, holds(inner, fixed, after))], rows: [] };
    },
  };
  const types = initial.map(({ type }) => type);
  const make = (making: Making, { results }: Computation): void => {
    const a = stateBuffers(making, types, results);
    const b = stateBuffers(making, types);
    const fixed = leavesFor(making, consts);
    start(making, initial, a);
    const steps = [
      ...iteration(making, graph.child(), body, a, b, fixed, null),
      ...iteration(making, graph.child(), body, b, a, fixed, null),
    ];
    making.steps.push({ kind: 'while', flag: making.buffers.of(a.at(-1)!)!, steps });
  };
  const results = carry.map(({ type }) => type);
  return new Computation({ name: 'while', operands: [...consts, ...initial], results, make }).results;
};

// ---- cond

/** Of an index out of range, the nearest branch is taken. */
const takes = (index: Node, branch: number, count: number): Node =>
  new Pointwise(FLAG, [index], 1, (_, [i]) => {
    if (branch === count - 1) return `(${i} >= ${branch})`;
    return branch === 0 ? `(${i} <= 0)` : `(${i} == ${branch})`;
  });

const cond = (graph: Graph, [index, ...operands]: readonly Node[], params: Params): readonly Node[] => {
  const { branches } = params as unknown as { readonly branches: readonly Jaxpr[] };
  if (branches.length === 1) return graph.enter(branches[0]!, operands);
  const outer = graph.active;
  const flags = branches.map((_, i) => takes(index!, i, branches.length));
  const results = branches.map((branch, i) => {
    graph.active = outer === null ? flags[i]! : both(outer, flags[i]!);
    return graph.enter(branch, operands);
  });
  graph.active = outer;
  return results.reduceRight((rest, own, i) => own.map((x, j) => chosen(flags[i]!, x, rest[j]!)));
};

/** Loops without elements in their state still run: their predicate may never hold for ever. */
export const control: HigherLowerings = { scan, while: whileLoop, cond };
