/** Programs in which every higher-order primitive is called as it should be, also as the transformations make them. */
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import {
  checkify,
  checkpoint,
  customJvp,
  customVjp,
  debug,
  grad,
  jit,
  lax,
  makeJaxpr,
  np,
  type NDArray,
  vmap,
} from '../../reference/index.ts';
import { higherOrder } from '../../reference/primitives/index.ts';
import { transforms } from '../../reference/transforms/rules.ts';

const x = np.array([1, 2, 3]);

const jitted = (v: NDArray): NDArray => jit((w: NDArray) => np.sin(w).mul(2).sum())(v);
const chosen = (v: NDArray): NDArray =>
  lax.cond(
    v.sum().greater(1),
    (w: NDArray) => np.exp(w).sum(),
    (w: NDArray) => w.sum(),
    v,
  );
const scanned = (v: NDArray): NDArray =>
  lax.scan((c: NDArray, w: NDArray) => [c.mul(w).add(v.sum()), c], np.array(1), v)[0];
const reduced = (v: NDArray): NDArray => lax.reduce(v, 0, (a: NDArray, b: NDArray) => a.add(b), [0]);
const windowed = (v: NDArray): NDArray => lax.reduceWindow(v, 1, lax.mul, [2]).sum();
const looped = (v: NDArray): NDArray =>
  lax.whileLoop(
    (c: NDArray) => lax.lt(c, v.sum()),
    (c: NDArray) => c.mul(2).add(v.max()),
    np.array(1),
  );
const asked = (v: NDArray): NDArray => {
  checkify.check(v.sum().less(9), 'sum of {}', v);
  return np.sin(v).sum();
};
const again = checkpoint((v: NDArray) => np.sin(np.sin(v)).sum());
const backwards = customVjp((v: NDArray) => np.sin(v).sum());
backwards.defvjp(
  (v) => [np.sin(v).sum(), v],
  (v: NDArray, ct: NDArray) => [np.cos(v).mul(ct)],
);
const custom = customJvp((v: NDArray) => np.log1p(np.exp(v)).sum());
custom.defjvp(([v], [dv]) => [np.log1p(np.exp(v)).sum(), np.dot(lax.logistic(v), dv)]);

const implicit = (v: NDArray): NDArray =>
  lax
    .customLinearSolve(
      (w: NDArray) => w.mul(v),
      np.sin(v),
      (_, b) => b.div(v),
      { symmetric: true },
    )
    .sum();
const watched = (v: NDArray): NDArray => {
  const y = np.sin(v);
  debug.callback(() => undefined, v, y);
  return y.sum();
};

/** The tangent of `backwards`, which only its transpose is known of. */
const tangentOf = (v: NDArray): NDArray =>
  transforms.bind(higherOrder.custom_lin, [v], {
    name: 'double',
    backward: makeJaxpr((ct: NDArray) => ct.mul(2))(x),
    num_residuals: 0,
    rule: null,
  })[0]!;

/** Programs that only transposition can make something of. */
export const tangentPrograms = (): Jaxpr[] => [
  makeJaxpr(tangentOf)(x),
  makeJaxpr(vmap(tangentOf))(np.stack([x, x.add(1)])),
];

/** Programs that hold collectives, for an axis of three lanes. */
export const collectivePrograms = (): Jaxpr[] =>
  [
    (v: NDArray) => v.div(lax.psum(v, 'i')),
    (v: NDArray) => lax.pmax(v, 'i').sub(lax.pmin(v, 'i')),
    (v: NDArray) => lax.ppermute(v, 'i', [[0, 1], [1, 0]]).mul(lax.axisIndex('i')), // prettier-ignore
    (v: NDArray) => lax.allGather(v, 'i', { tiled: true }),
    (v: NDArray) => jit((w: NDArray) => lax.pswapaxes(w, 'i', 0))(v),
  ].flatMap((f) => [f, grad((v: NDArray) => f(v).sum())].map((g) => makeJaxpr(g, { axisEnv: [['i', 3]] })(x)));

/** Each function as it is, under grad, under vmap, and under both. */
export function higherOrderPrograms(): Jaxpr[] {
  const batch = np.stack([x, x.add(1)]);
  const functions = [
    jitted,
    chosen,
    scanned,
    looped,
    reduced,
    windowed,
    again,
    implicit,
    asked,
    watched,
    (v: NDArray) => backwards(v),
    (v: NDArray) => custom(v),
  ];
  return [
    ...functions.flatMap((f) => [
      makeJaxpr(f)(x),
      makeJaxpr(grad(f))(x),
      makeJaxpr(vmap(f))(batch),
      makeJaxpr(vmap(grad(f)))(batch),
    ]),
  ];
}
