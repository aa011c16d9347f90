/**
 * Programs that do not say how they run: functions of vectors of one length, written over an algebra of operations. Run
 * by `structured` they use the library's control flow and transformations; run by `unrolled` they use JavaScript's loops
 * and branches and, for derivatives, dual numbers. Both are the same mathematics.
 */

/** Arithmetic on vectors. */
export interface Arithmetic<V> {
  readonly length: number;
  constant(values: readonly number[]): V;
  add(x: V, y: V): V;
  sub(x: V, y: V): V;
  mul(x: V, y: V): V;
  div(x: V, y: V): V;
  /** Σ xᵢyᵢ, in every element. */
  dot(x: V, y: V): V;
  scale(x: V, factor: number): V;
  rev(x: V): V;
  cumsum(x: V): V;
  sqrt(x: V): V;
  sin(x: V): V;
  cos(x: V): V;
  tanh(x: V): V;
  logistic(x: V): V;
  /** x, but a constant to derivatives. */
  stop(x: V): V;
  /** x rounded towards zero, by way of int32. */
  whole(x: V): V;
  /** The sine, whose derivative is declared to be tanh: by a rule for tangents, or for cotangents. */
  declared(rule: DeclaredRule, x: V): V;
}
export type DeclaredRule = 'jvp' | 'vjp';

/** A function of values of this algebra, or of one that is built on it, into which values of this one are lifted. */
export type Nested<V> = <W>(algebra: Algebra<W>, lift: (x: V) => W) => Body<W>;
export type Body<V> = (...xs: readonly V[]) => V;

/** Forward mode gives derivatives along a direction, reverse mode those of the inner product with it. */
export type Forward = 'jvp' | 'linearize' | 'jacfwd';
export type Reverse = 'grad' | 'vjp' | 'jacrev';
export type Transformation = 'jit' | 'checkpoint' | 'vmap' | Forward | Reverse;
export const FORWARD: readonly Transformation[] = ['jvp', 'linearize', 'jacfwd'];
export const REVERSE: readonly Transformation[] = ['grad', 'vjp', 'jacrev'];
export const TRANSFORMATIONS: readonly Transformation[] = ['jit', 'checkpoint', 'vmap', ...FORWARD, ...REVERSE];

/** Keeps thresholds away from numbers that programs often give, where rounding would decide. Exact in bfloat16. */
export const MARGIN: number = 13 / 128;

/** Control flow and transformations. `form` chooses among spellings of the same (axes, policies, who passes what). */
export interface Control<V> {
  /** x₀ > MARGIN chooses. */
  cond(test: V, yes: Body<V>, no: Body<V>, x: V, y: V): V;
  /** The whole part of x₀ + 1 + MARGIN, clamped, chooses. */
  choose(index: V, branches: readonly Body<V>[], x: V, y: V): V;
  /** `body(carry, x)` is the next carry; of odd iterations the reverse is stacked. Also the sum of the carries' x₀. */
  scan(body: Body<V>, init: V, xs: readonly V[], reverse: boolean): { carry: V; total: V; ys: readonly V[] };
  /** `body` n times. */
  repeat(body: Body<V>, n: number, init: V, form: number): V;
  /** `body` as often as the whole part of x₀ + 1 + MARGIN. */
  repeatBy(count: V, body: Body<V>, init: V): V;
  /** `body` for i = 0, 1, 2 as long as i < 1.5·x₀ + MARGIN. */
  whileBelow(limit: V, body: Body<V>, init: V): V;
  /** `body` at most three times, as long as the carry's first element is above MARGIN. */
  whilePositive(body: Body<V>, init: V): V;
  map(body: Body<V>, xs: readonly V[]): readonly V[];
  /** The last of the compositions of x ↦ a·x + b, at 0. */
  composed(maps: readonly (readonly [a: V, b: V])[], reverse: boolean): V;
  /** `body`, its derivative written by hand for the transformation that the rule names. */
  custom(rule: DeclaredRule, body: Nested<V>, x: V, y: V): V;
  /** The function transformed, at x; `direction` is the tangent or cotangent where there is one. */
  transform(t: Transformation, f: Nested<V>, x: V, direction: V, form: number): V;
}

export type Algebra<V> = Arithmetic<V> & Control<V>;

/** The vector whose elements are all x₀. */
export const firstEverywhere = <V>(A: Arithmetic<V>, x: V): V =>
  A.dot(x, A.constant(Array.from({ length: A.length }, (_, i) => Number(i === 0))));

export const half = <V>(A: Arithmetic<V>, x: V, y: V): V => A.scale(A.add(x, y), 0.5);

/** Σ xᵢ·2⁻ⁱ⁻¹: no two of them weigh the same. */
export const blend = <V>(A: Arithmetic<V>, xs: readonly V[]): V =>
  xs.reduceRight((sum, x) => half(A, x, sum), A.constant(Array.from({ length: A.length }, () => 0)));

/** The batch that vmap makes of one vector: none to three examples. */
export const examples = <V>(A: Arithmetic<V>, x: V, direction: V, form: number): readonly V[] =>
  [x, A.rev(x), A.scale(direction, 0.5)].slice(0, [2, 3, 1, 0][form % 4]);
