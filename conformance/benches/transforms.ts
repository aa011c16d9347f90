/** What is measured of the transformations, on the reference backend: overheads, long programs, loops. */
import { parseProgram } from '../../reference/core/parse.ts';
import { printProgram } from '../../reference/core/text.ts';
import { grad, jit, jvp, lax, makeJaxpr, type NDArray, np, vmap } from '../../reference/index.ts';
import { allPrimitives } from '../../reference/primitives/index.ts';
import type { Benchmark } from './benchmark.ts';

const MICROSECOND = 0.001;
const x = np.array(0.5);
const v = np.array([0.1, 0.2, 0.3]);

const double = jit((a: NDArray) => a.mul(2));
const slope = grad(np.tanh);
const sines = vmap(np.sin);

/** One call of something small: what surrounds the arithmetic. */
function overhead(
  name: string,
  work: string,
  limit: number,
  call: () => unknown,
  calls: number,
  jax: string,
): Benchmark {
  return {
    name: `overhead/${name}`,
    work,
    limit: limit * MICROSECOND,
    calls,
    jax,
    setup: (scale) => () => {
      for (let i = 0; i < scale * calls; i++) call();
    },
  };
}

const overheads = (): Benchmark[] => [
  overhead('jit-cached', 'jit(x => x·2), called again', 10, () => double(x), 10_000, 'double(x)'),
  overhead('eager-add', 'x + x', 10, () => np.add(x, x), 10_000, 'jnp.add(x, x)'),
  overhead('grad', 'grad(tanh), not jitted', 300, () => slope(x), 1_000, 'slope(x)'),
  overhead('vmap', 'vmap(sin) over 3 numbers, not jitted', 150, () => sines(v), 1_000, 'sines(v)'),
];

/** A program of n equations, each of which uses the result of the one before. */
const chain =
  (n: number) =>
  (a: NDArray): NDArray => {
    let y = a;
    for (let i = 0; i < n / 2; i++) y = lax.sin(lax.mul(y, a));
    return y;
  };

const table = new Map(allPrimitives().map((p) => [p.name, p]));

/** What is done with long programs; `prepare` is not measured. Of some, JAX's time is known where it is no minutes. */
const treatments: readonly {
  readonly name: string;
  readonly prepare: (n: number) => () => unknown;
  readonly jax?: { readonly expression: (n: number) => string; readonly most: number };
}[] = [
  {
    name: 'trace',
    prepare: (n) => () => makeJaxpr(chain(n))(x),
    jax: { expression: (n) => `jax.make_jaxpr(chain(${n}))(x)`, most: 100_000 },
  },
  { name: 'jit', prepare: (n) => () => jit(chain(n))(x) },
  {
    name: 'jvp',
    prepare: (n) => () => jvp(chain(n), [x], [1]),
    jax: { expression: (n) => `jax.jvp(chain(${n}), (x,), (x,))`, most: 1_000 },
  },
  {
    name: 'grad',
    prepare: (n) => () => grad(chain(n))(x),
    jax: { expression: (n) => `jax.grad(chain(${n}))(x)`, most: 1_000 },
  },
  { name: 'jit.grad', prepare: (n) => () => jit(grad(chain(n)))(x) },
  {
    name: 'vmap',
    prepare: (n) => () => vmap(chain(n))(v),
    jax: { expression: (n) => `jax.vmap(chain(${n}))(v)`, most: 1_000 },
  },
  {
    name: 'print',
    prepare(n) {
      const jaxpr = makeJaxpr(chain(n))(x);
      return () => jaxpr.toString();
    },
  },
  {
    name: 'parse',
    prepare(n) {
      const text = printProgram(makeJaxpr(chain(n))(x));
      return () => parseProgram(text, table);
    },
  },
];

/** Time per equation is to be the same at any length. */
const deep = (): Benchmark[] =>
  treatments.flatMap(({ name, prepare, jax }) =>
    [1_000, 10_000, 100_000].map((n) => ({
      name: `deep/${name}/${n / 1_000}k`,
      work: `${n.toLocaleString('en')} equations in a row`,
      limit: n * 200 * MICROSECOND,
      repetitions: n === 100_000 ? 1 : 3,
      ...(jax !== undefined && n <= jax.most ? { jax: jax.expression(n) } : {}),
      setup: (scale: 1 | 2) => prepare(scale * n),
    })),
  );

const step = (c: NDArray): NDArray => lax.sin(lax.mul(c, 0.9));
const scanned =
  (length: number) =>
  (a: NDArray): NDArray =>
    lax.scan((c: NDArray) => [step(c), c], a, null, { length })[0];
const repeated =
  (times: number) =>
  (a: NDArray): NDArray =>
    lax.whileLoop(
      ({ i }: { i: NDArray; c: NDArray }) => i.less(times),
      ({ i, c }) => ({ i: i.add(1), c: step(c) }),
      { i: np.array(0, { dtype: 'int32' }), c: a },
    ).c;

function loop(
  name: string,
  work: string,
  limit: number,
  n: number,
  f: (n: number) => (a: NDArray) => NDArray,
  jax?: string,
): Benchmark {
  return {
    name: `loops/${name}`,
    work,
    limit,
    ...(jax === undefined ? {} : { jax }),
    setup(scale) {
      const compiled = jit(f(scale * n));
      return () => void compiled(x);
    },
  };
}

const loops = (): Benchmark[] => [
  loop('scan', 'scan, 10,000 steps', 1_000, 10_000, scanned, 'run_loop(x)'),
  loop('scan-grad', 'its gradient', 5_000, 10_000, (n) => grad(scanned(n)), 'loop_slope(x)'),
  loop('while', 'while, 10,000 steps', 1_000, 10_000, repeated),
  loop('while-grad', 'its gradient, 1,000 steps', 5_000, 1_000, (n) => grad(repeated(n))),
];

export const transformBenchmarks = (): Benchmark[] => [...overheads(), ...deep(), ...loops()];
