/**
 * The closed table of primitives: everything that a program can be made of. A first-order primitive is in it by being
 * exported from the file of its family.
 */
import type { AnyFirstOrder, AnyPrimitive, FirstOrder } from '../core/primitive.ts';
import * as arithmetic from './arithmetic.ts';
import * as bits from './bits.ts';
import * as comparison from './comparison.ts';
import * as complex from './complex.ts';
import { allGather, allToAll, axisIndex, pmax, pmin, ppermute, psum } from './collectives.ts';
import { check } from './higher-order/check.ts';
import { checkpoint } from './higher-order/checkpoint.ts';
import { cond } from './higher-order/cond.ts';
import * as contraction from './contraction.ts';
import * as conversion from './conversion.ts';
import * as convolution from './convolution.ts';
import * as cumulative from './cumulative.ts';
import { customJvpCall } from './higher-order/custom-jvp.ts';
import { customLinearSolve } from './higher-order/custom-linear-solve.ts';
import { customLin, customVjpCall } from './higher-order/custom-vjp.ts';
import { debugCallback } from './higher-order/debug-callback.ts';
import * as fft from './fft.ts';
import * as indexing from './indexing.ts';
import { jit } from './higher-order/jit.ts';
import * as linalg from './linalg.ts';
import * as math from './math.ts';
import * as random from './random.ts';
import { reduce, reduceWindow } from './higher-order/reduce.ts';
import * as reduction from './reduction.ts';
import { scan } from './higher-order/scan.ts';
import * as shape from './shape.ts';
import * as sorting from './sorting.ts';
import * as special from './special.ts';
import * as spectral from './spectral.ts';
import * as trigonometry from './trigonometry.ts';
import * as windowed from './windowed.ts';
import { while_ } from './higher-order/while.ts';

type Exports<Family> = Family[keyof Family];
type Exported =
  | Exports<typeof arithmetic>
  | Exports<typeof math>
  | Exports<typeof trigonometry>
  | Exports<typeof special>
  | Exports<typeof comparison>
  | Exports<typeof complex>
  | Exports<typeof bits>
  | Exports<typeof conversion>
  | Exports<typeof shape>
  | Exports<typeof reduction>
  | Exports<typeof cumulative>
  | Exports<typeof sorting>
  | Exports<typeof contraction>
  | Exports<typeof convolution>
  | Exports<typeof indexing>
  | Exports<typeof windowed>
  | Exports<typeof fft>
  | Exports<typeof spectral>
  | Exports<typeof linalg>
  | Exports<typeof random>;

/** The first-order primitives by name, each with its own parameter type. */
export type Primitives = {
  readonly [P in Extract<Exported, { readonly kind: 'first-order' }> as P['name']]: P;
};

const isPrimitive = (x: unknown): x is AnyFirstOrder =>
  typeof x === 'object' && x !== null && 'kind' in x && x.kind === 'first-order';

const families: readonly object[] = [
  arithmetic,
  math,
  trigonometry,
  special,
  comparison,
  complex,
  bits,
  conversion,
  shape,
  reduction,
  cumulative,
  sorting,
  contraction,
  convolution,
  indexing,
  windowed,
  fft,
  spectral,
  linalg,
  random,
];

// The order of a module's exports differs between loaders, so names decide.
const membersOf = (family: object): AnyFirstOrder[] =>
  Object.values<unknown>(family as Record<string, unknown>)
    .filter(isPrimitive)
    .sort((a, b) => (a.name < b.name ? -1 : 1));

/** Every first-order primitive, by name, family by family. */
export const primitives: Primitives = Object.fromEntries(
  families.flatMap(membersOf).map((p) => [p.name, p]),
) as unknown as Primitives;

/** Every primitive with jaxprs inside. */
export const higherOrder: {
  readonly jit: typeof jit;
  readonly cond: typeof cond;
  readonly scan: typeof scan;
  readonly while: typeof while_;
  readonly reduce: typeof reduce;
  readonly reduce_window: typeof reduceWindow;
  readonly custom_jvp_call: typeof customJvpCall;
  readonly custom_vjp_call: typeof customVjpCall;
  readonly custom_lin: typeof customLin;
  readonly custom_linear_solve: typeof customLinearSolve;
  readonly checkpoint: typeof checkpoint;
  readonly check: typeof check;
  readonly debug_callback: typeof debugCallback;
} = {
  jit,
  cond,
  scan,
  while: while_,
  reduce,
  reduce_window: reduceWindow,
  custom_jvp_call: customJvpCall,
  custom_vjp_call: customVjpCall,
  custom_lin: customLin,
  custom_linear_solve: customLinearSolve,
  checkpoint,
  check,
  debug_callback: debugCallback,
};

/** Every primitive over a named axis. */
export const collectives: {
  readonly psum: typeof psum;
  readonly pmax: typeof pmax;
  readonly pmin: typeof pmin;
  readonly ppermute: typeof ppermute;
  readonly all_gather: typeof allGather;
  readonly all_to_all: typeof allToAll;
  readonly axis_index: typeof axisIndex;
} = { psum, pmax, pmin, ppermute, all_gather: allGather, all_to_all: allToAll, axis_index: axisIndex };

export type PrimitiveName = keyof Primitives;
export type CollectiveName = keyof typeof collectives;
export type HigherOrderName = keyof typeof higherOrder;
export type ParamsOf<N extends PrimitiveName> = Primitives[N] extends FirstOrder<string, infer P, infer _C> ? P : never;

const byName: ReadonlyMap<string, AnyPrimitive> = new Map<string, AnyPrimitive>(
  [...Object.values(primitives), ...Object.values(higherOrder), ...Object.values(collectives)].map(
    (p: AnyPrimitive) => [p.name, p],
  ),
);

/** The primitive of a name, of any kind. */
export const primitiveNamed = (name: string): AnyPrimitive | undefined => byName.get(name);
export const allPrimitives = (): readonly AnyPrimitive[] => [...byName.values()];
