/** Programs as users write them: the library's control flow and transformations. */
import { type DType, isComplex } from '../../../reference/core/dtypes.ts';
import {
  checkpoint,
  checkpointPolicies,
  customJvp,
  customVjp,
  grad,
  jacfwd,
  jacrev,
  jit,
  jvp,
  lax,
  linearize,
  type NDArray,
  np,
  stopGradient,
  vjp,
  vmap,
} from '../../../reference/index.ts';
import type { Algebra, Arithmetic, Control, DeclaredRule, Nested } from './algebra.ts';
import { blend, examples, half, MARGIN } from './algebra.ts';

type Pair = (x: NDArray, y: NDArray) => NDArray;
type Map = (x: NDArray) => NDArray;

const vector = (value: NDArray, length: number): NDArray => lax.broadcastInDim(value, [length], []);
const innerProduct: Pair = (x, y) => lax.dot(x, y);
/** The first element; of a complex number, its real part. */
export const firstOf: Map = (x) => {
  const element = lax.squeeze(lax.slice(x, [0], [1]), [0]);
  return isComplex(x.dtype) ? lax.real(element) : element;
};
const counted: Map = (x) => lax.convertElementType(lax.add(firstOf(x), 1 + MARGIN), 'int32');
const policies = Object.values(checkpointPolicies);

const declared: Readonly<Record<DeclaredRule, Map>> = { jvp: declaredTangent(), vjp: declaredCotangent() };
function declaredTangent(): Map {
  const f = customJvp((x: NDArray) => lax.sin(x));
  f.defjvp(([x], [dx]) => [f(x), lax.mul(lax.tanh(x), dx)]);
  return f;
}
function declaredCotangent(): Map {
  const f = customVjp((x: NDArray) => lax.sin(x));
  f.defvjp((x) => [lax.sin(x), { slope: lax.tanh(x) }], ({ slope }: { slope: NDArray }, ct: NDArray) => [lax.mul(slope, ct)]); // prettier-ignore
  return f;
}

/** Vectors of one length and dtype as arrays. */
export function arithmetic(length: number, dtype: DType): Arithmetic<NDArray> {
  return {
    length,
    constant: (values) => np.array(values, { dtype }),
    add: lax.add,
    sub: lax.sub,
    mul: lax.mul,
    div: lax.div,
    dot: (x, y) => vector(innerProduct(x, y), length),
    scale: lax.mul,
    rev: (x) => lax.rev(x, [0]),
    cumsum: (x) => lax.cumsum(x),
    sqrt: lax.sqrt,
    sin: lax.sin,
    cos: lax.cos,
    tanh: lax.tanh,
    logistic: lax.logistic,
    stop: (x) => stopGradient(x),
    whole: (x) => lax.convertElementType(lax.convertElementType(x, 'int32'), dtype),
    declared: (rule, x) => declared[rule](x),
  };
}

/** The whole algebra, by control flow and transformations. */
export function structured(length: number, dtype: DType): Algebra<NDArray> {
  const A = arithmetic(length, dtype);
  const holomorphic = isComplex(dtype);
  const same: Map = (x) => x;
  const stack = (xs: readonly NDArray[]): NDArray => (xs.length === 0 ? lax.full([0, length], 0, dtype) : np.stack(xs));
  const rows = (xs: NDArray): NDArray[] =>
    Array.from({ length: xs.shape[0]! }, (_, i) => lax.squeeze(lax.slice(xs, [i, 0], [i + 1, length]), [0]));
  const here = (f: Nested<NDArray>): Map & Pair => f(algebra, same);

  const control: Control<NDArray> = {
    cond: (test, yes, no, x, y) => lax.cond(lax.gt(firstOf(test), MARGIN), yes as Pair, no as Pair, x, y),
    choose: (index, branches, x, y) => lax.switch(counted(index), branches, x, y),
    scan(body, init, xs, reverse) {
      type Carry = { state: NDArray; n: NDArray; total: NDArray };
      const step = ({ state, n, total }: Carry, x: NDArray): [Carry, { y: NDArray; n: NDArray }] => {
        const next = body(state, x);
        const element = lax.squeeze(lax.slice(next, [0], [1]), [0]);
        const y = lax.cond(lax.eq(lax.rem(n, 2), 0), (v: NDArray) => v, A.rev, next);
        return [
          { state: next, n: lax.add(n, 1), total: np.add(total, element) },
          { y, n },
        ];
      };
      const start = { state: init, n: np.array(0n), total: 0 };
      const [last, ys] = lax.scan(step, start, stack(xs), { reverse }) as unknown as [Carry, { y: NDArray }];
      const total = lax.convertElementType(last.total, dtype);
      return { carry: last.state, total: vector(total, length), ys: rows(ys.y) };
    },
    repeat: (body, n, init, form) =>
      form % 2 === 0
        ? lax.foriLoop(0, n, (_, c) => body(c), init)
        : lax.scan((c: NDArray) => [body(c), null], init, null, { length: n })[0],
    repeatBy: (count, body, init) => lax.foriLoop(0, counted(count), (_, c) => body(c), init),
    whileBelow(limit, body, init) {
      type Carry = { i: NDArray; c: NDArray };
      const end = lax.add(lax.mul(firstOf(limit), 1.5), MARGIN);
      return lax.whileLoop(
        ({ i }: Carry) => lax.lt(i, end),
        ({ i, c }: Carry) => ({ i: lax.add(i, 1), c: body(c) }),
        { i: lax.zerosLike(end), c: init },
      ).c;
    },
    whilePositive: (body, init) =>
      lax.whileLoop(
        ([i, c]: readonly [NDArray, NDArray]) => lax.bitwiseAnd(lax.lt(i, 3), lax.gt(firstOf(c), MARGIN)),
        ([i, c]: readonly [NDArray, NDArray]) => [lax.add(i, 1), body(c)] as const,
        [lax.full([], 0, 'int32'), init] as const,
      )[1],
    map: (body, xs) => rows(lax.map<NDArray, NDArray>((x) => body(x), stack(xs))),
    composed(maps, reverse) {
      type Affine = { a: NDArray; b: NDArray };
      const { b } = lax.associativeScan(
        (f: Affine, g: Affine): Affine => ({ a: lax.mul(g.a, f.a), b: lax.add(lax.mul(g.a, f.b), g.b) }),
        { a: stack(maps.map(([a]) => a)), b: stack(maps.map(([, x]) => x)) },
        { reverse },
      );
      return reverse ? rows(b)[0]! : rows(b).at(-1)!;
    },
    custom(rule, body, x, y) {
      const f: Pair = (...xs) => here(body)(...xs);
      if (rule === 'jvp') {
        const g = customJvp(f);
        g.defjvp((primals, tangents) => jvp(f, primals, tangents));
        return g(x, y);
      }
      const g = customVjp(f);
      g.defvjp((...xs) => [f(...xs), xs], (xs: [NDArray, NDArray], ct: NDArray) => vjp(f, xs)[1](ct)); // prettier-ignore
      return g(x, y);
    },
    transform(t, nested, x, direction, form) {
      const f: Map = (v) => here(nested)(v);
      switch (t) {
        case 'jit':
          return jit(f)(x);
        case 'checkpoint':
          return checkpoint(f, { policy: policies[form % policies.length]! })(x);
        case 'vmap': {
          const [inAxis, outAxis] = [form % 2, (form >> 1) % 2];
          const batch = lax.moveAxis(stack(examples(A, x, direction, form)), 0, inAxis);
          return blend(A, rows(lax.moveAxis(vmap(f, { inAxes: inAxis, outAxes: outAxis })(batch), outAxis, 0)));
        }
        case 'jvp':
          return half(A, ...jvp(f, [x], [direction]));
        case 'linearize': {
          const [y, push] = linearize(f, [x]);
          return half(A, y, push(direction));
        }
        case 'jacfwd':
          return innerProduct(jacfwd(f, { holomorphic })(x), direction);
        case 'grad':
          return grad((v: NDArray) => innerProduct(f(v), direction), { holomorphic })(x);
        case 'vjp': {
          const [y, pull] = vjp(f, [x]);
          return half(A, y, pull(direction)[0]);
        }
        case 'jacrev':
          return innerProduct(direction, jacrev(f, { holomorphic })(x));
      }
    },
  };
  const algebra: Algebra<NDArray> = { ...A, ...control };
  return algebra;
}
