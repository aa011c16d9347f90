/**
 * The plain meaning of programs: loops and branches of JavaScript, derivatives by dual numbers. Nothing here calls a
 * transformation.
 */
import {
  type Algebra,
  type Arithmetic,
  blend,
  type Control,
  examples,
  firstEverywhere,
  FORWARD,
  half,
  MARGIN,
  type Nested,
} from './algebra.ts';

/** Arithmetic on values that can be looked at. */
export interface Concrete<V> extends Arithmetic<V> {
  first(x: V): number;
}

/** A value and its tangent; null: zero. */
export interface Dual<V> {
  readonly p: V;
  readonly d: V | null;
}

/** Dual numbers over an arithmetic. Duals of duals give second derivatives. */
export function dual<V>(A: Concrete<V>): Concrete<Dual<V>> {
  const sum = (x: V | null, y: V | null): V | null => (x === null || y === null ? (x ?? y) : A.add(x, y));
  const times = (x: V, d: V | null): V | null => d && A.mul(x, d);
  const constant = (p: V): Dual<V> => ({ p, d: null });
  const linear =
    (f: (x: V) => V) =>
    ({ p, d }: Dual<V>): Dual<V> => ({ p: f(p), d: d && f(d) });
  const bilinear =
    (f: (x: V, y: V) => V) =>
    (x: Dual<V>, y: Dual<V>): Dual<V> => ({ p: f(x.p, y.p), d: sum(x.d && f(x.d, y.p), y.d && f(x.p, y.d)) });
  /** `slope(d, y, x)`: the derivative at x, where the value is y, times d. */
  const smooth =
    (f: (x: V) => V, slope: (d: V, y: V, x: V) => V) =>
    ({ p, d }: Dual<V>): Dual<V> => {
      const y = f(p);
      return { p: y, d: d && slope(d, y, p) };
    };
  return {
    length: A.length,
    first: ({ p }) => A.first(p),
    constant: (values) => constant(A.constant(values)),
    add: (x, y) => ({ p: A.add(x.p, y.p), d: sum(x.d, y.d) }),
    sub: (x, y) => ({ p: A.sub(x.p, y.p), d: sum(x.d, y.d && A.scale(y.d, -1)) }),
    mul: bilinear((x, y) => A.mul(x, y)),
    dot: bilinear((x, y) => A.dot(x, y)),
    div(x, y) {
      const q = A.div(x.p, y.p);
      const top = sum(x.d, times(A.scale(q, -1), y.d));
      return { p: q, d: top && A.div(top, y.p) };
    },
    scale: (x, factor) => linear((v) => A.scale(v, factor))(x),
    rev: linear((x) => A.rev(x)),
    cumsum: linear((x) => A.cumsum(x)),
    sqrt: smooth((x) => A.sqrt(x), (d, y) => A.div(A.scale(d, 0.5), y)), // prettier-ignore
    sin: smooth((x) => A.sin(x), (d, _, x) => A.mul(A.cos(x), d)), // prettier-ignore
    cos: smooth((x) => A.cos(x), (d, _, x) => A.scale(A.mul(A.sin(x), d), -1)), // prettier-ignore
    tanh: smooth((x) => A.tanh(x), (d, y) => A.sub(d, A.mul(A.mul(y, y), d))), // prettier-ignore
    logistic: smooth((x) => A.logistic(x), (d, y) => A.mul(A.sub(y, A.mul(y, y)), d)), // prettier-ignore
    stop: ({ p }) => constant(A.stop(p)),
    whole: ({ p }) => constant(A.whole(p)),
    // A rule for tangents calls the function itself again, one for cotangents computes the plain sine.
    declared: (rule, { p, d }) => ({
      p: rule === 'jvp' ? A.declared(rule, p) : A.sin(p),
      d: times(A.tanh(p), d),
    }),
  };
}

const times = (n: number): readonly number[] => Array.from({ length: Math.max(n, 0) }, (_, i) => i);
const zero = <V>(A: Arithmetic<V>): V => A.constant(times(A.length).map(() => 0));

/** Control flow as JavaScript has it. */
export function unrolled<V>(A: Concrete<V>): Algebra<V> {
  const same = (x: V): V => x;
  const repeated = (n: number, body: (x: V) => V, init: V): V => times(n).reduce((c) => body(c), init);
  const along = (f: Nested<V>, x: V, direction: V | null): Dual<V> => {
    const D = dual(A);
    return f(unrolled(D), (p) => ({ p, d: null }))({ p: x, d: direction });
  };
  const derivatives = {
    forward(f: Nested<V>, x: V, direction: V): readonly [value: V, tangent: V] {
      const { p, d } = along(f, x, direction);
      return [p, d ?? zero(A)];
    },
    /** Column by column. */
    reverse(f: Nested<V>, x: V, direction: V): readonly [value: V, cotangent: V] {
      const parts = times(A.length).map((i) => {
        const axis = A.constant(times(A.length).map((k) => Number(k === i)));
        const [, column] = derivatives.forward(f, x, axis);
        return A.mul(axis, A.dot(column, direction));
      });
      return [along(f, x, null).p, parts.reduce((a, b) => A.add(a, b))];
    },
  };
  const control: Control<V> = {
    cond: (test, yes, no, x, y) => (A.first(test) > MARGIN ? yes(x, y) : no(x, y)),
    choose: (index, branches, x, y) => {
      const i = Math.min(Math.max(Math.trunc(A.first(index) + 1 + MARGIN), 0), branches.length - 1);
      return branches[i]!(x, y);
    },
    scan(body, init, xs, reverse) {
      let [carry, total] = [init, zero(A)];
      const ys = new Array<V>(xs.length);
      times(xs.length).forEach((n) => {
        const k = reverse ? xs.length - 1 - n : n;
        carry = body(carry, xs[k]!);
        total = A.add(total, firstEverywhere(A, carry));
        ys[k] = n % 2 === 0 ? carry : A.rev(carry);
      });
      return { carry, total, ys };
    },
    repeat: (body, n, init) => repeated(n, body, init),
    repeatBy: (count, body, init) => repeated(Math.trunc(A.first(count) + 1 + MARGIN), body, init),
    whileBelow: (limit, body, init) => repeated(Math.ceil(A.first(limit) * 1.5 + MARGIN), body, init),
    whilePositive(body, init) {
      let carry = init;
      for (let i = 0; i < 3 && A.first(carry) > MARGIN; i++) carry = body(carry);
      return carry;
    },
    map: (body, xs) => xs.map((x) => body(x)),
    composed(maps, reverse) {
      const order = reverse ? maps.toReversed() : maps;
      return order.reduce((x, [a, b]) => A.add(A.mul(a, x), b), zero(A));
    },
    custom: (_, body, x, y) => body(algebra, same)(x, y),
    transform(t, f, x, direction, form) {
      const here = f(algebra, same);
      if (t === 'jit' || t === 'checkpoint') return here(x);
      if (t === 'vmap') return blend(A, examples(A, x, direction, form).map((row) => here(row))); // prettier-ignore
      const [y, dy] = FORWARD.includes(t) ? derivatives.forward(f, x, direction) : derivatives.reverse(f, x, direction);
      return t === 'jvp' || t === 'linearize' || t === 'vjp' ? half(A, y, dy) : dy;
    },
  };
  const algebra: Algebra<V> = { ...A, ...control };
  return algebra;
}
