/**
 * What a primitive is: one value that says everything (spec/README.md#primitives). Leaving a rule out, or half of one,
 * does not compile. Core names no primitive: rules receive `lax` and the jaxpr transformations as arguments.
 */
import type * as FC from 'fast-check';
import type { AnyCollective } from './collective.ts';
import type { DType } from './dtypes.ts';
import { ConstraintError } from './errors.ts';
import { type Aval, type Complex, type HostArray, showAval } from './host.ts';
import type { Jaxpr } from './jaxpr.ts';
import type { NDArray } from './ndarray.ts';
import { checkKinds, checkLimits } from './parameters.ts';
import type { Lax, Transforms } from './rules.ts';

type List<T> = readonly T[];

/** Parameters of an equation: plain data, but for the jaxprs and rule functions of higher-order primitives. */
export type Params = Readonly<Record<string, unknown>>;

/** A JSON-schema fragment; programs from outside are checked against it before anything else looks at them. */
export type ParamSchema = Readonly<Record<string, unknown>>;

/** A tangent or cotangent. `null` is a symbolic zero, which core never materialises; float0 operands always have it. */
export type Tangent = NDArray | null;

/** An operand under transposition: the ones that are differentiated are known by their type only. */
export type Operand = { readonly linear: Aval } | { readonly known: NDArray };
export const operandAval = (x: Operand): Aval => ('linear' in x ? x.linear : x.known.aval);
/** The value of an operand that the rule knows not to be linear. */
export function knownOperand(x: Operand): NDArray {
  if ('known' in x) return x.known;
  throw new Error('transposition: the equation is not linear in this operand alone');
}

export type TransposeRule<P> = (
  lax: Lax,
  cotangents: List<Tangent>,
  operands: List<Operand>,
  params: P,
) => List<Tangent>;

export type JvpRule<P> = (
  lax: Lax,
  primals: List<NDArray>,
  tangents: List<Tangent>,
  results: List<NDArray>,
  params: P,
) => List<Tangent>;

/** How a first-order primitive differentiates. */
export type Differentiation<P> =
  /** The derivative is zero (or there is none): why. `stops`: a linear program may contain it, no cotangent passes. */
  | { readonly zero: string; readonly stops?: true }
  | ({
      /** Positions of the operands that can carry a tangent. */
      active(operands: List<Aval>, params: P): List<number>;
      /** Why there is no derivative in some operands: a tangent there is an error, not a zero. */
      readonly undefinedIn?: Readonly<Record<number, string>>;
      /** The tangent is another than the value's derivative, on purpose: why. */
      readonly substitute?: string;
    } & (
      | {
          /** The primitive is linear in its active operands taken together: the tangent is the primitive itself. */
          readonly jvp: 'linear';
          readonly transpose: TransposeRule<P>;
        }
      | {
          readonly jvp: JvpRule<P>;
          /** `linearIn`: sets of operands in which the primitive is jointly linear, e.g. `[[0], [1]]` for a product. */
          readonly transpose?: { readonly linearIn: List<List<number>>; readonly rule: TransposeRule<P> };
        }
    ));

/** The axis that vmap adds. */
export interface BatchAxis {
  readonly size: number;
  readonly name: string | null;
}

export interface Batched {
  readonly out: List<NDArray>;
  /** The batch axis of each result; null: the result is the same for every lane. */
  readonly at: List<number | null>;
}

/**
 * `'elementwise'`: all operands have one shape; vmap brings the batch axes to the front and applies the primitive.
 * A rule is only called if at least one operand is batched.
 */
export type BatchRule<P> =
  'elementwise' | ((lax: Lax, operands: List<NDArray>, at: List<number | null>, axis: BatchAxis, params: P) => Batched);

/** Absolute error bounds of the elements of a value: a proof (`worst`) and a likely size (`variance`, spec/numerics.md). */
export interface Bound {
  readonly worst: Float64Array;
  readonly variance: Float64Array;
}

/** What a bound rule sees of an operand or result: the reference's value, and its bound. null: exact. */
export interface Bounded {
  readonly value: HostArray;
  readonly bound: Bound | null;
}

/**
 * How errors of the operands reach the results, before the primitive's own rounding (its accuracy) is added.
 *
 * - `exact`: results do not depend continuously on the operands, or never carry an error (comparisons, integers): where
 *   an operand is uncertain the result is too (+Inf) unless the whole interval of operands gives one result.
 * - `moves`: every result element is one operand element (or a constant): bounds move alike.
 * - `linear`: results are non-negative linear maps of the operands (sums): bounds are mapped by the primitive itself.
 * - `elementwise`: one Lipschitz constant per operand over the operand's uncertain interval [lo, hi].
 * - `bilinear`: products: |a|·δb + |b|·δa + δa·δb, by evaluating the primitive on magnitudes.
 * - a rule.
 */
export type BoundRule<P> =
  | 'exact'
  | 'moves'
  | 'linear'
  | 'bilinear'
  | ElementwiseBound<P>
  | ((operands: List<Bounded>, results: List<HostArray>, params: P) => List<Bound | null>);

export interface ElementwiseBound<P> {
  /** sup |∂f/∂xₙ| for x in the box [lo, hi] of all operands, elementwise on numbers; +Infinity across a pole. */
  readonly elementwise: (lo: List<number>, hi: List<number>, params: P) => List<number>;
  /** The same for complex operands, over discs; left out, it is unknown. */
  readonly discs?: Discs<P>;
}
/** sup |∂f/∂zₙ| over the discs of all complex operands; +Infinity across a pole or a branch cut. */
export type Discs<P> = (centres: List<Complex>, radii: List<number>, params: P) => List<number>;

/** How exact a result has to be (design of tolerances: spec/numerics.md). */
export type Accuracy =
  | { readonly kind: 'exact' }
  | { readonly kind: 'rounded' }
  /** Within `n` units in the last place of the exact result, under the strict profile. */
  | { readonly kind: 'ulp'; readonly n: number }
  /**
   * γₖ·magnitude + n·η, where `magnitude` (per result element) is Σ|terms| and `n` the number of terms: any order of
   * summation is legal.
   */
  | {
      readonly kind: 'sum';
      readonly terms: number;
      readonly magnitude: (operands: List<HostArray>) => Float64Array;
    }
  /** γₙ₋₁·|result| + n·η for a product of n factors, in any order. */
  | { readonly kind: 'product'; readonly terms: number }
  /**
   * |error| ≤ n·u·scale + η per result element (of complex numbers the modulus). `scale` left out: the modulus of the
   * result element, so that the parts of a complex number share their error. `peak`: how large intermediate results get,
   * if not `scale`; where that leaves the range infinities and NaN are legal.
   */
  | {
      readonly kind: 'normwise';
      readonly n: number;
      readonly scale?: (operands: List<HostArray>, results: List<HostArray>) => List<Float64Array>;
      readonly peak?: (operands: List<HostArray>, results: List<HostArray>) => List<Float64Array>;
    }
  /**
   * Each result element is that of one of these results, whichever: where several updates meet, any of
   * them may win.
   */
  | { readonly kind: 'oneOf'; readonly choices: (operands: List<HostArray>) => List<HostArray> }
  /**
   * Results that are only determined up to a freedom (signs, order, degenerate subspaces), or that the data hardly
   * determines: judged by how well they solve the problem (residual, orthogonality, values), not by their distance.
   */
  | {
      readonly kind: 'backward';
      /**
       * `got` are somebody's results for the operands, `expected` the reference's. Evaluated in double precision. `eta`
       * is what underflow may lose (spec/numerics.md#reference).
       */
      readonly checks: (
        operands: List<HostArray>,
        expected: List<HostArray>,
        got: List<HostArray>,
        eta: number,
      ) => List<BackwardCheck>;
      /**
       * How far two solutions that pass may be apart, per result (integers too) and element, `results` being one of them:
       * Infinity where the freedom is, or where nothing is proved.
       */
      readonly forward: (operands: List<HostArray>, results: List<HostArray>, eta: number) => List<Float64Array>;
      /**
       * The same once their free choices are made alike: what errors in expressions that do not depend on these choices
       * come from (`invariants`). Left out: `forward`.
       */
      readonly aligned?: (operands: List<HostArray>, results: List<HostArray>, eta: number) => List<Float64Array>;
    };

/** One thing that results of a `backward` primitive must satisfy: error ≤ allowed (NaN does not). */
export interface BackwardCheck {
  /** In words, e.g. `‖A − L·Lᴴ‖`. */
  readonly what: string;
  readonly error: number;
  readonly allowed: number;
}

/** A valid or a broken call, as the generators make them. */
export interface Call<P> {
  readonly args: List<HostArray>;
  readonly params: P;
}

export type ShapeClass = 'scalar' | 'empty' | 'singleton' | 'odd' | 'broadcast' | 'large';
export const SHAPE_CLASSES: readonly ShapeClass[] = ['scalar', 'empty', 'singleton', 'odd', 'broadcast', 'large'];

/** What `cases` and `breaks` draw from. The implementation (fast-check arbitraries) belongs to the conformance suite. */
export interface Gen {
  readonly fc: typeof FC.default;
  /** The dtype of the cell under test. */
  readonly dtype: DType;
  readonly shapeClass: ShapeClass;
  /** A shape of the class. `broadcast` draws shapes with some dimensions of size 1. `minRank` forces a rank where the class allows it. */
  shape(options?: { readonly minRank?: number; readonly maxRank?: number }): FC.Arbitrary<number[]>;
  /** An array, special values included (±0, ±Inf, NaN, subnormals, extremes) unless `values: 'finite'` or a range is given. */
  array(
    dtype: DType,
    shape: List<number>,
    options?: { readonly values?: 'any' | 'finite'; readonly min?: number; readonly max?: number },
  ): FC.Arbitrary<HostArray>;
}

export type ConstraintId = `C${number}`;

export interface OperandSpec {
  readonly name: string;
  readonly dtypes: readonly DType[];
  /** The last operand may stand for any number of operands, at least `atLeast` of them. */
  readonly variadic?: { readonly atLeast: number };
}

/** A primitive without jaxprs inside. `C` are the ids of its constraints. */
export interface FirstOrder<Name extends string, P extends object, C extends ConstraintId> {
  readonly name: Name;
  /** Its section of the specification. */
  readonly spec: `spec/primitives/${string}.md#${NoInfer<Name>}`;
  readonly operands: List<OperandSpec>;
  /** A JSON-schema fragment per parameter. */
  readonly params: { readonly [K in keyof NoInfer<P>]: ParamSchema };
  /** The dtypes that make its cells in reports: those of `operands[0]`, or of the `dtype` parameter. */
  readonly dtypes: readonly DType[];
  /** Each returns true, or the message of the broken constraint. Called in order; C(n) may rely on those before. */
  readonly constraints: { readonly [K in C]: (operands: List<Aval>, params: P) => true | string };
  /** Types of the results; only called if the constraints hold. Weakness is handled by `inferAvals`. */
  infer(operands: List<Aval>, params: P): List<Aval>;
  /** Normative: obvious and slow. */
  evaluate(operands: List<HostArray>, params: P): List<HostArray>;
  readonly differentiate: Differentiation<P>;
  readonly batch: BatchRule<P>;
  readonly bound: BoundRule<P>;
  accuracy(operands: List<Aval>, params: P): Accuracy;
  /**
   * Expressions of the results that do not depend on the free choices in them (signs, phases, order): what the laws on
   * derivatives look at in place of the results. Left out: the results.
   */
  readonly invariants?: (lax: Lax, results: List<NDArray>, params: P) => List<NDArray>;
  /** The same result by simpler primitives, for backends that lack this one. */
  readonly decompose?: (lax: Lax, operands: List<NDArray>, params: P) => List<NDArray>;
  /** Valid calls of the dtype and shape class. */
  cases(gen: Gen): FC.Arbitrary<Call<P>>;
  /** Calls that break one constraint each. */
  readonly breaks: { readonly [K in NoInfer<C>]: (gen: Gen) => FC.Arbitrary<Call<P>> };
}

/** A call of a first-order primitive, by types. */
export interface Move {
  readonly primitive: string;
  readonly operands: List<Aval>;
  readonly params: Params;
}

/** What evaluates the jaxprs inside higher-order primitives: V is a host array, or a backend's buffer. */
export interface Machine<V> {
  interpret(jaxpr: Jaxpr, operands: List<V>): List<V>;
  apply(name: string, operands: List<V>, params: Params): List<V>;
  /** The value on the host (needed for predicates). */
  read(value: V): HostArray;
  aval(value: V): Aval;
  constant(value: HostArray): V;
  /** Says that nobody will use the value again. Values given to the rule as operands belong to the caller. */
  release(value: V): void;
}

/** How a higher-order equation splits into what can be computed now and what waits for the unknown operands. */
export interface PartialEvaluation<P> {
  /** The equation over `knownInputs`. Results: the known results in order, then the residuals. */
  readonly known: P;
  readonly knownInputs: List<number>;
  /** The equation over `unknownInputs`. Results: the unknown results in order, among others if `unknownResults` says so. */
  readonly unknown: P;
  /** Where each operand of the unknown equation comes from. */
  readonly unknownInputs: List<{ readonly operand: number } | { readonly residual: number }>;
  readonly knownResults: List<boolean>;
  /** Which results of the unknown equation are the unknown ones; left out: all. */
  readonly unknownResults?: List<boolean>;
}

/** A primitive with jaxprs inside: the second complete type. Printing, dce, gaps and diverge reach them through it. */
export interface HigherOrder<Name extends string, P extends object, C extends ConstraintId> {
  readonly name: Name;
  readonly spec: `spec/transformations/${string}.md#${NoInfer<Name>}`;
  /** JSON-schema fragments of the parameters that are plain data; `jaxpr` and `jaxprs` stand for nested programs. */
  readonly params: { readonly [K in keyof P]: ParamSchema | 'jaxpr' | 'jaxprs' | 'unsaved' };
  readonly constraints: { readonly [K in C]: (operands: List<Aval>, params: P) => true | string };
  /** True if the same jaxprs come again in later calls, so that what is compiled is worth keeping. */
  readonly recurs: boolean;
  subJaxprs(params: P): List<Jaxpr>;
  withSubJaxprs(params: P, inner: List<Jaxpr>): P;
  infer(operands: List<Aval>, params: P): List<Aval>;
  evaluate<V>(machine: Machine<V>, operands: List<V>, params: P): List<V>;
  jvp(
    t: Transforms,
    primals: List<NDArray>,
    tangents: List<Tangent>,
    params: P,
  ): { readonly out: List<NDArray>; readonly tangents: List<Tangent> };
  /**
   * What it gives if all operands are known while a function is linearised, if that is not what it computes. There, what
   * is known of a tangent does not depend on the tangents of the arguments: being linear in them, it is zero.
   */
  known?(t: Transforms, params: P): List<NDArray>;
  /** Not called if all operands are known, or none. null: the equation waits whole. */
  partialEval(t: Transforms, known: List<boolean>, params: P): PartialEvaluation<P> | null;
  transpose(t: Transforms, cotangents: List<Tangent>, operands: List<Operand>, params: P): List<Tangent>;
  batch(t: Transforms, operands: List<NDArray>, at: List<number | null>, axis: BatchAxis, params: P): Batched;
  /** `used[i]`: result i is needed, at least one is. Gives the smaller equation, the operands it needs and the results it has. */
  dce(
    t: Transforms,
    used: List<boolean>,
    params: P,
  ): { readonly params: P; readonly inputs: List<boolean>; readonly results: List<boolean> };
  /** `inner` carries bounds through a jaxpr. */
  bound(
    inner: (jaxpr: Jaxpr, operands: List<Bounded>) => List<Bounded>,
    operands: List<Bounded>,
    params: P,
  ): List<Bounded>;
  /**
   * The calls of first-order primitives that `evaluate` makes beside the equations of the nested programs, one of each
   * kind: a machine has to have them. Left out: none.
   */
  moves?(operands: List<Aval>, params: P): List<Move>;
  effects(params: P): ReadonlySet<string>;
  /**
   * Programs of rules that are traced when they are first needed, of rules that were made where an axis had that name.
   * Left out: there are none.
   */
  readonly laterJaxprs?: (params: P, axisName: string) => List<Jaxpr>;
  /**
   * What checkers call the run of a nested program: `scan, iteration 3`. `program` is its number among the nested ones,
   * `run` counts its runs from 0. Left out: the primitive's name, and the function's.
   */
  place?(params: P, program: number, run: number): string;
  /** Calls that break one constraint each, as (operand avals, params) made with the jaxpr tools. */
  readonly breaks: {
    readonly [K in NoInfer<C>]: (t: Transforms) => { readonly operands: List<Aval>; readonly params: P };
  };
}

/** A primitive of any kind, its parameter type forgotten: what equations hold. */
// Methods (not function properties) make these bivariant in P, which is what forgetting P needs.
export type AnyFirstOrder = FirstOrder<string, any, any> & { readonly kind: 'first-order' }; // eslint-disable-line @typescript-eslint/no-explicit-any
export type AnyHigherOrder = HigherOrder<string, any, any> & { readonly kind: 'higher-order' }; // eslint-disable-line @typescript-eslint/no-explicit-any
export type AnyPrimitive = AnyFirstOrder | AnyHigherOrder | AnyCollective;
/** What programs that run are made of. */
export type RunnablePrimitive = AnyFirstOrder | AnyHigherOrder;

export type FirstOrderPrimitive<Name extends string, P extends object, C extends ConstraintId> = FirstOrder<
  Name,
  P,
  C
> & {
  readonly kind: 'first-order';
};
export type HigherOrderPrimitive<Name extends string, P extends object, C extends ConstraintId> = HigherOrder<
  Name,
  P,
  C
> & {
  readonly kind: 'higher-order';
};

export const definePrimitive = <const N extends string, P extends object, C extends ConstraintId>(
  definition: FirstOrder<N, P, C>,
): FirstOrder<N, P, C> & { readonly kind: 'first-order' } => Object.freeze({ ...definition, kind: 'first-order' });

export const defineHigherOrder = <const N extends string, P extends object, C extends ConstraintId>(
  definition: HigherOrder<N, P, C>,
): HigherOrder<N, P, C> & { readonly kind: 'higher-order' } => Object.freeze({ ...definition, kind: 'higher-order' });

/**
 * Checks a call against the operand table and the constraints, and gives the types of its results. A result is weak if
 * the operands of its dtype are (and there is one): predicates and indices beside them have no say.
 * @throws ConstraintError
 */
export function inferAvals(primitive: AnyPrimitive, operands: List<Aval>, params: Params): List<Aval> {
  if (primitive.kind !== 'higher-order') checkOperands(primitive, operands);
  if (primitive.kind === 'first-order') checkKinds(primitive, params);
  const constraints = primitive.constraints as Readonly<Record<string, (x: List<Aval>, p: Params) => true | string>>;
  for (const id in constraints) {
    const verdict = constraints[id]!(operands, params);
    if (verdict !== true) throw new ConstraintError(primitive.name, id, verdict);
  }
  if (primitive.kind === 'first-order') checkLimits(primitive, params);
  const results = primitive.infer(operands, params);
  if (primitive.kind === 'higher-order' || 'weak_type' in params) return results;
  return results.map((r) => {
    const weak = areWeak(operands, r.dtype);
    return r.weak === weak ? r : { ...r, weak };
  });
}

/** Whether there are operands of the dtype, and all of them are weak. */
function areWeak(operands: List<Aval>, dtype: DType): boolean {
  let met = false;
  for (const x of operands) {
    if (x.dtype !== dtype) continue;
    if (!x.weak) return false;
    met = true;
  }
  return met;
}

function checkOperands({ name, operands: specs }: AnyFirstOrder | AnyCollective, operands: List<Aval>): void {
  const last = specs.at(-1);
  const fixed = last?.variadic ? specs.length - 1 : specs.length;
  const least = fixed + (last?.variadic?.atLeast ?? 0);
  if (operands.length < least || (!last?.variadic && operands.length > fixed)) {
    const wanted = last?.variadic ? `at least ${least}` : String(fixed);
    throw new ConstraintError(
      name,
      'I0',
      `takes ${wanted} operands (${specs.map((s) => s.name).join(', ')}), got ${operands.length}`,
    );
  }
  operands.forEach((x, i) => {
    const n = Math.min(i, specs.length - 1);
    const spec = specs[n]!;
    if (!spec.dtypes.includes(x.dtype)) {
      throw new ConstraintError(
        name,
        `I${n + 1}`,
        `${spec.name} must be one of ${spec.dtypes.join(', ')}, got ${showAval(x)}`,
      );
    }
  });
}
