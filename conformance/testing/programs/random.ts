/** Random programs over an algebra: steps that name their operands, and whose bodies are programs too. */
import type * as FC from 'fast-check';
import {
  type Algebra,
  type Arithmetic,
  blend,
  type Body,
  firstEverywhere,
  FORWARD,
  REVERSE,
  half,
  type Nested,
  TRANSFORMATIONS,
  type Transformation,
} from './algebra.ts';

/** `x` and `y` count values from the last one backwards; `form` chooses among spellings and sizes. */
export interface Step {
  readonly op: string;
  readonly x: number;
  readonly y: number;
  readonly form: number;
  readonly bodies: readonly Program[];
}
/** The value is that of the last step. */
export type Program = readonly Step[];

/** All values stay within ±2, so that long programs do too. */
const ARITHMETIC: Readonly<Record<string, <V>(A: Arithmetic<V>, x: V, y: V, form: number) => V>> = {
  sin: (A, x) => A.sin(x),
  tanh: (A, x) => A.tanh(x),
  logistic: (A, x) => A.logistic(x),
  add: (A, x, y) => half(A, x, y),
  sub: (A, x, y) => A.scale(A.sub(x, y), 0.5),
  mul: (A, x, y) => A.scale(A.mul(x, y), 0.5),
  div: (A, x, y) => A.div(x, A.add(A.mul(y, y), A.constant(Array.from({ length: A.length }, () => 1)))),
  dot: (A, x, y) => A.sin(A.dot(x, y)),
  rev: (A, x) => A.rev(x),
  cumsum: (A, x) => A.scale(A.cumsum(x), 1 / A.length),
  constant: (A, _, _y, form) => A.constant(Array.from({ length: A.length }, (_v, i) => (form - i) / 4)),
  stop: (A, x, y) => half(A, A.stop(x), y),
  whole: (A, x, y) => half(A, A.whole(x), y),
  declared: (A, x) => A.declared('jvp', x),
};

type Construct = <V>(A: Algebra<V>, x: V, y: V, form: number, bodies: readonly Nested<V>[]) => V;
const here = <V>(A: Algebra<V>, f: Nested<V>): Body<V> => f(A, (v) => v);
/** Up to three vectors, not the same ones. */
const few = <V>(A: Algebra<V>, x: V, y: V, form: number): readonly V[] =>
  [x, A.rev(y), half(A, x, y)].slice(0, form % 4);

const CONTROL: Readonly<Record<string, { readonly bodies: number; readonly run: Construct }>> = {
  cond: { bodies: 2, run: (A, x, y, _, [f, g]) => A.cond(x, here(A, f!), here(A, g!), x, y) },
  switch: { bodies: 3, run: (A, x, y, _, all) => A.choose(y, all.map((f) => here(A, f)), x, y) }, // prettier-ignore
  scan: {
    bodies: 1,
    run(A, x, y, form, [f]) {
      const { carry, total, ys } = A.scan(here(A, f!), x, few(A, y, x, form), form > 3);
      return blend(A, [carry, A.scale(total, 1 / 3), ...ys]);
    },
  },
  repeat: { bodies: 1, run: (A, x, _, form, [f]) => A.repeat(here(A, f!), form >> 1, x, form) },
  repeatBy: { bodies: 1, run: (A, x, y, _, [f]) => A.repeatBy(x, here(A, f!), y) },
  while: {
    bodies: 1,
    run: (A, x, y, form, [f]) => (form % 2 === 0 ? A.whileBelow(x, here(A, f!), y) : A.whilePositive(here(A, f!), y)),
  },
  // Roots of negative numbers, in examples of a batch that do not take this way: NaN, and so are their derivatives.
  root: { bodies: 0, run: (A, x, y) => A.cond(x, (a) => A.sqrt(firstEverywhere(A, a)), (_, b) => b, x, y) }, // prettier-ignore
  roots: { bodies: 0, run: (A, x, y) => A.whilePositive((c) => half(A, A.sqrt(firstEverywhere(A, c)), A.scale(y, -1)), x) }, // prettier-ignore
  map: { bodies: 1, run: (A, x, y, form, [f]) => blend(A, A.map(here(A, f!), few(A, x, y, form))) },
  associativeScan: {
    bodies: 0,
    run(A, x, y, form) {
      const maps = few(A, x, y, form).map((v) => [A.sin(v), A.scale(y, 1 / 3)] as const);
      return maps.length === 0 ? y : A.composed(maps, form > 3);
    },
  },
};
const transformation =
  (t: Transformation): Construct =>
  (A, x, y, form, [f]) =>
    A.tanh(A.transform(t, f!, x, y, form));
const TRANSFORMED = Object.fromEntries(TRANSFORMATIONS.map((t) => [t, { bodies: 1, run: transformation(t) }]));
const CONSTRUCTS = { ...CONTROL, ...TRANSFORMED };

/** Runs a program on `inputs`, the newest last; `outer` are the values that it may close over. */
export function run<V>(A: Algebra<V>, program: Program, inputs: readonly V[], outer: readonly V[] = []): V {
  const values = [...outer, ...inputs];
  const at = (back: number): V => values[values.length - 1 - (back % values.length)]!;
  for (const { op, x, y, form, bodies } of program) values.push(apply(A, op, at(x), at(y), form, bodies, values));
  return values.at(-1)!;
}

function apply<V>(
  A: Algebra<V>,
  op: string,
  x: V,
  y: V,
  form: number,
  bodies: readonly Program[],
  values: readonly V[],
): V {
  const simple = ARITHMETIC[op];
  if (simple !== undefined) return simple(A, x, y, form);
  const closed = (f: Program): Nested<V> => (B) => (...xs) => run(B, f, xs); // prettier-ignore
  const open = (f: Program): Nested<V> => (B, lift) => (...xs) => run(B, f, xs, values.map(lift)); // prettier-ignore
  if (op === 'customJvp') return A.custom('jvp', closed(bodies[0]!), x, y);
  if (op === 'customVjp') return A.custom('vjp', closed(bodies[0]!), x, y);
  if (op === 'declaredVjp') return A.declared('vjp', x);
  return CONSTRUCTS[op]!.run(A, x, y, form, bodies.map(open)); // prettier-ignore
}

/**
 * Which functions with a backward pass of the user's own there are: none where forward mode differentiates. A derivative
 * that its argument does not take part in leaves such a function to the next one out, which the plain meaning, with a
 * number for every tangent, cannot tell: of derivatives of derivatives only passes that give the true derivative are asked.
 */
export type CustomVjps = 'none' | 'true' | 'declared';

/** What may be drawn. */
export interface Choices {
  readonly depth: number;
  readonly steps: number;
  readonly customVjps: CustomVjps;
  /** Left out of the program. */
  readonly without?: readonly string[];
}

/** What the bodies of an operation may hold of them, where it may hold `around` itself. The rule of a customJvp uses `jvp`. */
function withinBody(op: string, around: CustomVjps): CustomVjps {
  if (around === 'none' || op === 'customJvp' || FORWARD.some((t) => t === op)) return 'none';
  return op === 'customVjp' || REVERSE.some((t) => t === op) ? 'true' : around;
}
/** Operations that forward mode cannot differentiate. */
export const REVERSE_ONLY: readonly string[] = ['customVjp', 'declaredVjp'];
const CUSTOM_VJPS: Readonly<Record<CustomVjps, readonly string[]>> = {
  none: [],
  true: ['customVjp'],
  declared: REVERSE_ONLY,
};

const bodyCount = (op: string): number => CONSTRUCTS[op]?.bodies ?? (op === 'customJvp' || op === 'customVjp' ? 1 : 0);

export function programs(fc: typeof FC, { depth, steps, customVjps, without = [] }: Choices): FC.Arbitrary<Program> {
  const allowed = (ops: readonly string[]): string[] => ops.filter((op) => !without.includes(op));
  const simple = allowed(Object.keys(ARITHMETIC));
  const nested = allowed(['customJvp', ...CUSTOM_VJPS[customVjps], ...Object.keys(CONSTRUCTS)]);
  const below = (op: string): FC.Arbitrary<Program> =>
    programs(fc, { depth: depth - 1, steps: 2, customVjps: withinBody(op, customVjps), without });
  const step = (op: string): FC.Arbitrary<Step> =>
    fc.record({
      op: fc.constant(op),
      x: fc.nat(3),
      y: fc.nat(3),
      form: fc.nat(7),
      bodies: bodyCount(op) === 0 ? fc.constant([]) : fc.array(below(op), { minLength: bodyCount(op), maxLength: bodyCount(op) }), // prettier-ignore
    });
  const ordinary = fc.constantFrom(...simple).chain(step);
  const any =
    depth === 0
      ? ordinary
      : fc.oneof(
          { arbitrary: ordinary, weight: 3 - depth },
          { arbitrary: fc.constantFrom(...nested).chain(step), weight: 1 },
        );
  return fc.array(any, { minLength: depth === 0 ? 0 : 1, maxLength: steps, size: 'max' });
}

/** Programs that do nothing but one operation, on their arguments. */
export const calling = (fc: typeof FC, op: string): FC.Arbitrary<Program> =>
  fc
    .array(programs(fc, { depth: 1, steps: 2, customVjps: 'none' }), {
      minLength: bodyCount(op),
      maxLength: bodyCount(op),
    })
    .map((bodies) => [{ op, x: 0, y: 0, form: 0, bodies }]);

/** Every operation that a step can be, under any transformation. */
export const OPERATIONS: readonly string[] = [...Object.keys(ARITHMETIC), ...Object.keys(CONSTRUCTS), 'customJvp'];
/** The operations of a program, those of its bodies too. */
export const operationsIn = (program: Program): string[] =>
  program.flatMap(({ op, bodies }) => [op, ...bodies.flatMap(operationsIn)]);

/** One step a line, bodies indented. */
export function showProgram(program: Program, indent: string = '  '): string {
  const line = ({ op, x, y, form, bodies }: Step): string =>
    [`${indent}${op} x=${x} y=${y} form=${form}`, ...bodies.map((b) => showProgram(b, `${indent}  | `))].join('\n');
  return program.length === 0 ? `${indent}its argument` : program.map(line).join('\n');
}
