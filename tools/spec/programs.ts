/** Programs in which every higher-order primitive is called as it should be, also as the transformations make them. */
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import { customJvp, grad, jit, lax, makeJaxpr, np, type NDArray, vmap } from '../../reference/index.ts';

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
const custom = customJvp((v: NDArray) => np.log1p(np.exp(v)).sum());
custom.defjvp(([v], [dv]) => [np.log1p(np.exp(v)).sum(), np.dot(lax.logistic(v), dv)]);

/** Each function as it is, under grad, under vmap, and under both. */
export function higherOrderPrograms(): Jaxpr[] {
  const batch = np.stack([x, x.add(1)]);
  return [jitted, chosen, scanned, reduced, windowed, (v: NDArray) => custom(v)].flatMap((f) => [
    makeJaxpr(f)(x),
    makeJaxpr(grad(f))(x),
    makeJaxpr(vmap(f))(batch),
    makeJaxpr(vmap(grad(f)))(batch),
  ]);
}
