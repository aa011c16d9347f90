/** Control flow without its programs: as JavaScript inside of `disableJit`, and written out by `unroll`. */
import { ConcretizationError, NoSyncReadError } from '../core/errors.ts';
import type { Aval } from '../core/host.ts';
import type { Jaxpr } from '../core/jaxpr.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { TreeDef } from '../core/tree.ts';
import * as lax from '../lax.ts';
import type { FlatFunction } from './call.ts';
import { evaluate } from './evaluate.ts';
import { stageClosed } from './staging.ts';

/** The number of a scalar; null if it has none yet (under vmap), or its backend cannot tell at once. */
export function numberOf(x: NDArray): number | null {
  try {
    return Number(x.item());
  } catch (error) {
    if (error instanceof ConcretizationError || error instanceof NoSyncReadError) return null;
    throw error;
  }
}

/** The first arrays strong where `types` are, as bodies see their carry. */
const typedAs = (xs: readonly NDArray[], types: readonly Aval[]): NDArray[] =>
  xs.map((x, i) => (types[i]?.weak === false && x.weakType ? lax.convertElementType(x, x.dtype) : x));

/** One iteration on flat arrays: carry and slices of xs to carry and slices of ys. */
type Step = (inputs: readonly NDArray[]) => readonly NDArray[];

/** The iterations of a scan of at least one slice, one after the other. */
export function scanPlainly(
  step: Step,
  initial: readonly NDArray[],
  xs: readonly NDArray[],
  length: number,
  reverse: boolean,
): NDArray[] {
  let carry = initial;
  const rows: NDArray[][] = [];
  for (let i = 0; i < length; i++) {
    const k = reverse ? length - 1 - i : i;
    const slices = xs.map((x) => lax.squeeze(lax.sliceInDim(x, k, k + 1), [0]));
    const out = step([...carry, ...slices]);
    carry = out.slice(0, initial.length);
    rows.push(out.slice(initial.length));
  }
  if (reverse) rows.reverse();
  const ys = rows[0]!.map((_, j) => {
    const stacked = lax.concatenate(rows.map((row) => lax.expandDims(row[j]!, [0])), 0); // prettier-ignore
    return lax.convertElementType(stacked, stacked.dtype);
  });
  return [...carry, ...ys];
}

/**
 * A loop for as long as `goesOn` says so, or until it cannot tell: then `done` is false, and the carry is where it got.
 * It is the list that was given if there was no iteration.
 */
export function whilePlainly(
  goesOn: (carry: readonly NDArray[]) => boolean | null,
  step: Step,
  given: readonly NDArray[],
): { readonly carry: readonly NDArray[]; readonly done: boolean } {
  for (let carry = given; ; carry = step(carry)) {
    const answer = goesOn(carry);
    if (answer !== true) return { carry, done: answer === false };
  }
}

/**
 * The body of a loop as a step on values. Like a traced body it sees the types of the initial carry, and its first call
 * is repeated as long as weak values of that have to take the types that it gives them.
 */
export function settling(
  given: readonly NDArray[],
  body: () => { flat: FlatFunction; outTree(): TreeDef },
  check: (outTree: TreeDef, initial: readonly Aval[], outAvals: readonly Aval[]) => void,
): { step: Step; outTree(): TreeDef } {
  const n = given.length;
  let initial: readonly NDArray[] | undefined;
  let tree: TreeDef | undefined;
  const run = (inputs: readonly NDArray[]): readonly NDArray[] => {
    const { flat, outTree } = body();
    const out = flat(inputs);
    tree = outTree();
    return out;
  };
  const first = (inputs: readonly NDArray[]): readonly NDArray[] => {
    for (let carry = given; ;) {
      const out = run([...carry, ...inputs.slice(n)]);
      initial = settledCarry(carry, out.map((y) => y.aval)); // prettier-ignore
      if (initial === carry) return out;
      carry = initial;
    }
  };
  const step: Step = (inputs) => {
    const out = initial === undefined ? first(inputs) : run(inputs);
    const types = initial!.map((c) => c.aval);
    check(tree!, types, out.map((y) => y.aval)); // prettier-ignore
    return typedAs(out, types);
  };
  return { step, outTree: () => tree! };
}

/** The initial carry, its weak values in the types that the body gives; the list itself if they are so already. */
export function settledCarry(given: readonly NDArray[], outAvals: readonly Aval[]): readonly NDArray[] {
  const initial = given.map((c, i) => {
    const out = outAvals[i];
    return c.weakType && out?.weak === false ? lax.convertElementType(c, out.dtype) : c;
  });
  return initial.some((c, i) => c !== given[i]) ? initial : given;
}

export interface ScanCall {
  readonly jaxpr: Jaxpr;
  readonly consts: readonly NDArray[];
  readonly carry: readonly NDArray[];
  readonly xs: readonly NDArray[];
  readonly length: number;
  readonly reverse: boolean;
}

/**
 * A scan whose body does `unroll` iterations; those that are left over are written out after it. The equations are those
 * of the plain scan, in its order.
 */
export function unrolled(
  call: ScanCall,
  unroll: number,
  scan: (call: ScanCall) => readonly NDArray[],
): readonly NDArray[] {
  const { jaxpr, consts, carry, xs, length, reverse } = call;
  const types = carry.map((c) => c.aval);
  const blocks = unroll < length ? Math.floor(length / unroll) : 0;
  const inBlocks = blocks * unroll;
  const several = (own: readonly NDArray[], from: readonly NDArray[], slices: readonly NDArray[], count: number) =>
    scanPlainly((inputs) => typedAs(evaluate(jaxpr, [...own, ...inputs]), types), from, slices, count, reverse);
  // In the direction of the scan the blocks come first.
  const [first, end] = reverse ? [length - inBlocks, length] : [0, inBlocks];
  if (blocks === 0) return several(consts, carry, xs, length);

  const folded = xs.map((x) => lax.reshape(lax.sliceInDim(x, first, end), [blocks, unroll, ...x.shape.slice(1)]));
  const block = stageClosed(
    (args) => {
      const own = args.slice(0, consts.length);
      const from = args.slice(consts.length, consts.length + carry.length);
      return several(own, from, args.slice(consts.length + carry.length), unroll);
    },
    [...consts, ...carry].map((x) => x.aval).concat(folded.map(({ aval }) => ({ ...aval, shape: aval.shape.slice(1) }))), // prettier-ignore
  );
  const out = scan({ ...call, jaxpr: block, xs: folded, length: blocks });
  const between = out.slice(0, carry.length);
  const ys = out.slice(carry.length).map((y) => lax.reshape(y, [inBlocks, ...y.shape.slice(2)]));
  if (inBlocks === length) return [...between, ...ys];

  const [from, to] = reverse ? [0, first] : [end, length];
  const rest = several(consts, between, xs.map((x) => lax.sliceInDim(x, from, to)), to - from); // prettier-ignore
  const joined = ys.map((y, j) => lax.concatenate(reverse ? [rest[carry.length + j]!, y] : [y, rest[carry.length + j]!], 0)); // prettier-ignore
  return [...rest.slice(0, carry.length), ...joined];
}
