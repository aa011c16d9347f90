/** Cases of collectives: the programs that vmap makes of them, which are what a backend sees. */
import { type DType, isComplex } from '../../reference/core/dtypes.ts';
import { aval, type Shape } from '../../reference/core/host.ts';
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import type { NDArray } from '../../reference/core/ndarray.ts';
import { toFront } from '../../reference/primitives/axes.ts';
import { type CollectiveName, collectives } from '../../reference/primitives/index.ts';
import { transforms as t } from '../../reference/transforms/rules.ts';
import { batchFlat } from '../../reference/transforms/vmap.ts';
import type { Unit } from './case.ts';
import { NUMBER, type Recipe, recipeUnits, refusalUnit, sampleOf } from './higher-order.ts';
import type { RandomStream } from './random-stream.ts';

const { lax } = t;
const LANES = 3;
const ORDERED: readonly DType[] = NUMBER.filter((dtype) => !isComplex(dtype));

type Lane = (x: NDArray, y: NDArray) => readonly NDArray[];

/** `f` on all lanes: `x` has them somewhere, `y` is the same in every lane. */
function lanes(f: Lane, dtype: DType, shape: Shape, random: RandomStream): Jaxpr {
  const at = random.below(shape.length + 1);
  const axis = { size: LANES, name: 'lanes' };
  return t.trace(
    (...xs) => {
      const { out, at: where } = batchFlat(t, ([x, y]) => f(x!, y!), xs, [at, null], axis);
      return out.map((y, j) => toFront(lax, y, where[j]!, axis));
    },
    [aval(shape.toSpliced(at, 0, LANES), dtype), aval(shape, dtype)],
  );
}

const recipe = (
  subject: CollectiveName,
  variant: string,
  dtypes: readonly DType[],
  shape: Shape,
  f: (random: RandomStream) => Lane,
): Recipe => ({
  subject,
  variant,
  dtypes,
  make: (dtype, random) => sampleOf(lanes(f(random), dtype, shape, random), random),
});

/** A shift, in which the last lane may send nothing. */
const shift = (random: RandomStream): [number, number][] => {
  const by = 1 + random.below(LANES - 1);
  return Array.from({ length: LANES - random.below(2) }, (_, k) => [k, (k + by) % LANES]);
};

const RECIPES: readonly Recipe[] = [
  recipe('psum', 'normed', NUMBER, [2], () => (x, y) => [lax.mul(x, lax.psum(x, 'lanes')), lax.psum(y, 'lanes')]),
  recipe('pmax', 'distance', ORDERED, [2], () => (x, y) => [lax.sub(lax.pmax(x, 'lanes'), x), lax.pmax(y, 'lanes')]),
  recipe('pmin', 'distance', ORDERED, [2], () => (x, y) => [lax.sub(x, lax.pmin(x, 'lanes')), lax.pmin(y, 'lanes')]),
  recipe('ppermute', 'shift', NUMBER, [2], (random) => {
    const perm = shift(random);
    return (x, y) => [lax.mul(x, lax.ppermute(x, 'lanes', perm)), lax.ppermute(y, 'lanes', perm)];
  }),
  recipe('all_gather', 'new-axis', NUMBER, [2], (random) => {
    const axis = random.below(2);
    return (x, y) => [
      lax.reduceSum(lax.allGather(lax.mul(x, y), 'lanes', { axis }), [axis]),
      lax.allGather(y, 'lanes'),
    ];
  }),
  recipe('all_gather', 'tiled', NUMBER, [2, 2], (random) => {
    const axis = random.below(2);
    return (x, y) => [lax.allGather(lax.mul(x, y), 'lanes', { axis, tiled: true })];
  }),
  recipe('all_to_all', 'parts', NUMBER, [LANES, 2, LANES], (random) => {
    const [split, concat] = [random.pick([0, 2]), random.below(3)];
    return (x, y) => [lax.allToAll(lax.mul(x, y), 'lanes', split, concat), lax.allToAll(y, 'lanes', split, concat)];
  }),
  recipe('all_to_all', 'tiled', NUMBER, [2 * LANES, 2], (random) => {
    const concat = random.below(2);
    return (x, y) => [lax.allToAll(lax.mul(x, y), 'lanes', 0, concat, { tiled: true })];
  }),
  recipe('axis_index', 'weighted', NUMBER, [2], () => (x, y) => {
    const lane = lax.convertElementType(lax.axisIndex('lanes'), x.dtype);
    return [lax.mul(x, lax.broadcast(lane, [2])), lax.mul(y, lax.broadcast(lane, [2]))];
  }),
];

/** The units of the collectives. `count`: cases per cell and recipe. */
export function* collectiveUnits(count: number, ofRules: boolean): Generator<Unit> {
  for (const subject of Object.keys(collectives) as CollectiveName[]) {
    const recipes = RECIPES.filter((r) => r.subject === subject);
    for (const dtype of recipes[0]!.dtypes) yield* recipeUnits(subject, dtype, recipes, count, ofRules);
    const { breaks } = collectives[subject];
    if (Object.keys(breaks).length > 0) yield refusalUnit(collectives[subject], breaks);
  }
}
