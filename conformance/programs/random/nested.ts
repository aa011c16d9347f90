/** Steps of random programs that have programs within: calls, branches, loops, functions with rules of their own. */
import { isInexact } from '../../../reference/core/dtypes.ts';
import { type Aval, aval, avalOf, hostScalar } from '../../../reference/core/host.ts';
import type { Jaxpr } from '../../../reference/core/jaxpr.ts';
import type { NDArray } from '../../../reference/core/ndarray.ts';
import type { Bounded } from '../../../reference/core/primitive.ts';
import { evaluateJaxpr } from '../../../reference/interpreter.ts';
import { higherOrder, type HigherOrderName } from '../../../reference/primitives/index.ts';
import { transforms as t } from '../../../reference/transforms/rules.ts';
import type { RandomStream } from '../random-stream.ts';
import { vjpOf } from '../sample.ts';
import { fitted, Growing, type Source } from './growing.ts';
import { drawArray } from './steps.ts';

const { lax } = t;

/** What a nested step is made with. */
export interface Nesting {
  readonly program: Growing;
  readonly random: RandomStream;
  /** Adds some steps to the program within. */
  readonly grow: (inner: Growing) => void;
}

/** A program within: its first inputs are the given values, the others are new arrays. */
interface Body {
  readonly jaxpr: Jaxpr;
  readonly sources: readonly Source[];
}

/** null: nothing came of it. */
function bodyOn({ grow }: Nesting, given: readonly Bounded[], sources: readonly Source[]): Body | null {
  const inner = new Growing();
  given.forEach((x) => inner.input(x));
  grow(inner);
  const { jaxpr, inputs } = inner.sample();
  if (jaxpr.outputs.length === 0) return null;
  return { jaxpr, sources: [...sources, ...inputs.slice(given.length)] };
}

/** A program within, on one or two values of the program. */
function body(nesting: Nesting): Body | null {
  const { program, random } = nesting;
  const picked = Array.from({ length: 1 + random.below(2) }, () => program.pick(random)).filter((i) => i !== null);
  return picked.length === 0 ? null : bodyOn(nesting, picked.map((i) => program.value(i)), picked); // prettier-ignore
}

type Params = (jaxpr: Jaxpr, body: Body) => object | null;

/** A step that calls the program within with parameters made for it; null: they cannot be. */
const calling =
  (name: HigherOrderName, paramsFor: Params) =>
  (nesting: Nesting): boolean => {
    const inner = body(nesting);
    const params = inner && paramsFor(inner.jaxpr, inner);
    return params !== null && added(nesting, inner!.jaxpr.inAvals, inner!.sources, name, params);
  };

const added = (
  { program }: Nesting,
  avals: readonly Aval[],
  sources: readonly Source[],
  name: HigherOrderName,
  params: object,
): boolean =>
  program.add(
    t.trace((...xs) => t.bind(higherOrder[name], xs, params as never), avals),
    sources,
  );

const isInexactAval = ({ dtype }: Aval): boolean => isInexact(dtype);

/** The derivative of the program within as a rule of its own: results, then their tangents, as all have one. */
function tangentRule(jaxpr: Jaxpr): Jaxpr {
  const n = jaxpr.inputs.length;
  const dual = t.jvp(jaxpr, jaxpr.inAvals.map(isInexactAval), jaxpr.outAvals.map(isInexactAval)); // prettier-ignore
  return t.trace((...args) => {
    const tangents = args.slice(n).filter((_, i) => isInexactAval(jaxpr.inAvals[i]!));
    const all = t.evaluate(dual.jaxpr, [...args.slice(0, n), ...tangents]);
    const results = all.slice(0, jaxpr.outputs.length);
    const made = all.slice(results.length)[Symbol.iterator]();
    return [...results, ...results.map((y) => (isInexact(y.dtype) ? made.next().value! : lax.zerosLike(y)))];
  }, [...jaxpr.inAvals, ...jaxpr.inAvals]); // prettier-ignore
}

/** The same as forward and backward; null where an integer or a constant result has no cotangent. */
function cotangentRule(jaxpr: Jaxpr, { random, program }: Nesting, { sources }: Body): object | null {
  const all = jaxpr.inAvals.map((_, i) => i);
  const hasAll = t.jvp(jaxpr, jaxpr.inAvals.map(() => true)).out.every(Boolean); // prettier-ignore
  if (![...jaxpr.inAvals, ...jaxpr.outAvals].every(isInexactAval) || !hasAll) return null;
  const inputs = sources.map((s) => program.value(s).value);
  const back = vjpOf({ jaxpr, inputs, active: all }, random).jaxpr;
  const forward = t.trace((...xs) => [...t.evaluate(jaxpr, xs), ...xs], jaxpr.inAvals);
  const backward = t.trace((...args) => t.evaluate(back, args).slice(jaxpr.outputs.length), back.inAvals);
  return { name: 'f', jaxpr, num_consts: 0, rule: { forward: () => forward, backward: () => backward } };
}

/** Two or three branches with results of the same types; which one is taken may follow from a value. */
function branches(nesting: Nesting): boolean {
  const { program, random } = nesting;
  const first = body(nesting);
  if (first === null) return false;
  const results = first.jaxpr.outAvals;
  const values = first.sources.map((s) => program.value(s));
  const others = Array.from({ length: 1 + random.below(2) }, () => {
    const from = random.below(values.length);
    const fits = results.map((type) => fitted(values[from]!, type));
    return t.trace((...xs) => fits.map((fit) => fit(xs[from]!)), first.jaxpr.inAvals);
  });
  const live = random.chance(0.5) ? program.pick(random) : null;
  const index = live ?? hostScalar('int32', random.below(5) - 1);
  const number = fitted(program.value(index), { shape: [], dtype: 'int32' });
  const params = { branches: random.chance(0.5) ? [first.jaxpr, ...others] : [...others, first.jaxpr] };
  const sources = [index, ...first.sources];
  const avals = sources.map((s) => avalOf(program.value(s).value));
  return program.add(
    t.trace((i, ...xs) => t.bind(higherOrder.cond, [number(i), ...xs], params), avals),
    sources,
  );
}

/** One step of a loop: from the carry, and an element of each step's own, to the carry. */
interface Iteration {
  readonly carry: number;
  readonly element: Bounded;
  readonly body: Body;
  /** `(new inputs…, carry, element) → [carry, results…]`. */
  readonly jaxpr: Jaxpr;
}

function iteration(nesting: Nesting, element: Bounded): Iteration | null {
  const { program, random } = nesting;
  const carry = program.pick(random);
  const inner = carry === null ? null : bodyOn(nesting, [program.value(carry), element], []);
  if (carry === null || inner === null) return null;
  const start = program.value(carry);
  const drawn = inner.sources.map((s) => program.value(s).value);
  const last = evaluateJaxpr(inner.jaxpr, [start.value, element.value, ...drawn]).at(-1)!;
  const again = fitted({ value: last, bound: null }, start.value);
  const run = (c: NDArray, x: NDArray, rest: readonly NDArray[]): readonly NDArray[] => {
    const results = t.evaluate(inner.jaxpr, [c, x, ...rest]);
    return [again(results.at(-1)!), ...results.slice(0, -1)];
  };
  const avals = [...drawn, start.value, element.value].map(avalOf);
  const jaxpr = t.trace((...xs) => run(xs.at(-2)!, xs.at(-1)!, xs.slice(0, -2)), avals);
  return { carry, element, body: inner, jaxpr };
}

function scanned(nesting: Nesting): boolean {
  const { random } = nesting;
  const [length, shape] = [random.pick([1, 2, 3, 5]), random.pick([[], [2], [3, 2]])];
  const one = iteration(nesting, { value: drawArray('float32', shape, random), bound: null });
  if (one === null) return false;
  const { jaxpr, carry, body: inner } = one;
  const xs = drawArray('float32', [length, ...shape], random);
  const sources = [...inner.sources, carry, xs];
  const params = { jaxpr, length, reverse: random.chance(0.5), num_consts: inner.sources.length, num_carry: 1 };
  return added(nesting, [...jaxpr.inAvals.slice(0, -1), avalOf(xs)], sources, 'scan', params);
}

/** A loop that runs some times; how often stands in an operand. */
function repeated(nesting: Nesting): boolean {
  const { random } = nesting;
  const one = iteration(nesting, { value: hostScalar('int32', 0), bound: null });
  if (one === null) return false;
  const { jaxpr, carry, body: inner } = one;
  const count = aval([], 'int32');
  const [type, consts] = [jaxpr.inAvals.at(-2)!, jaxpr.inAvals.slice(0, -2)];
  const params = {
    cond_jaxpr: t.trace((n, i) => [lax.lt(i, n)], [count, count, type]),
    body_jaxpr: t.trace((...xs) => {
      const [i, c] = xs.slice(-2) as [NDArray, NDArray];
      return [lax.add(i, 1), t.evaluate(jaxpr, [...xs.slice(0, -2), c, i])[0]!];
    }, [...consts, count, type]), // prettier-ignore
    cond_nconsts: 1,
    body_nconsts: consts.length,
  };
  const sources = [hostScalar('int32', random.below(4)), ...inner.sources, hostScalar('int32', 0), carry];
  return added(nesting, [count, ...consts, count, type], sources, 'while', params);
}

/** The kinds of nested steps, by the primitive that they are about. */
export const NESTED: Readonly<Partial<Record<HigherOrderName, (nesting: Nesting) => boolean>>> = {
  jit: calling('jit', (jaxpr) => ({ name: 'f', jaxpr, backend: null })),
  checkpoint: calling('checkpoint', (jaxpr) => ({ jaxpr, policy: null })),
  custom_jvp_call: calling('custom_jvp_call', (jaxpr) => {
    const rule = tangentRule(jaxpr);
    return { name: 'f', jaxpr, num_consts: 0, jvp: { jaxpr: () => rule } };
  }),
  custom_vjp_call: (nesting) =>
    calling('custom_vjp_call', (jaxpr, inner) => cotangentRule(jaxpr, nesting, inner))(nesting),
  cond: branches,
  scan: scanned,
  while: repeated,
};
