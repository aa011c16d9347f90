/**
 * Matrices that calls of linear algebra are drawn from: well-conditioned, graded over many binades, of deficient rank,
 * and now and then with anything in them. All are made from an array of moderate elements, so that they shrink with it.
 */
import type * as FC from 'fast-check';
import type { Element, HostArray, Shape } from '../core/host.ts';
import type { Call, Gen } from '../core/primitive.ts';
import type { Matrix } from './numerics/matrix.ts';
import { arrayOf, matricesOf, withField } from './numerics/matrix.ts';

/** A shape of the class for a batch of matrices (or of vectors). */
export const batchShape = (gen: Gen, rank: 1 | 2): FC.Arbitrary<number[]> =>
  gen.shape({ minRank: rank, maxRank: rank + 1 });

/** The same with at most eight columns, for what is differentiated reflector by reflector. */
export const narrow = (shape: Shape): Shape => shape.with(-1, Math.min(shape.at(-1)!, 8));

/** The same with the smaller of the last two dimensions for both. */
export function square(shape: Shape): Shape {
  const n = Math.min(...shape.slice(-2));
  return [...shape.slice(0, -2), n, n];
}

/** What makes a matrix of one of moderate elements. */
type Mood = <S extends Element>(a: Matrix<S>) => Matrix<S>;

const asItIs: Mood = (a) => a;

/** A diagonal that outweighs the rest of its row: 2n + 2 beside elements of at most 2. At most 16, for the derivative law. */
const dominant: Mood = (a) => {
  const diagonal = a.field.fromReal(Math.min(2 * a.columns + 2, 16));
  return a.map((x, i, j) => (i === j ? diagonal : x));
};

/** Elements shrink by 2⁻⁴ from row to row and from column to column. */
const graded =
  (mood: Mood): Mood =>
  (a) =>
    mood(a).map((x, i, j) => a.field.scale(x, 2 ** (-4 * (i + j))));

/** The last row is the first one. */
const deficient: Mood = (a) => a.map((x, i, j) => (i === a.rows - 1 ? a.at(0, j) : x));

/** B·Bᴴ, of full rank or with a column of B left out. */
const gram: Mood = (b) => b.times(b.adjoint());
const deficientGram: Mood = (b) => gram(b.map((x, _, j) => (j === b.columns - 1 ? b.field.zero : x)));

/** A triangle of either half that is hard to invert: small on the diagonal. */
const smallDiagonal: Mood = (a) => a.map((x, i, j) => (i === j ? a.field.scale(x, 2 ** -8) : x));

function drawn(gen: Gen, shape: Shape, moods: readonly Mood[]): FC.Arbitrary<HostArray> {
  const moderate = gen.array(gen.dtype, shape, { values: 'finite', min: -2, max: 2 });
  const shaped = gen.fc.tuple(gen.fc.nat(moods.length - 1), moderate).map(([mood, x]) =>
    withField(x.dtype, (field) =>
      arrayOf(
        x.dtype,
        shape,
        matricesOf(field, x).map((a) => moods[mood]!(a)),
      ),
    ),
  );
  return gen.fc.oneof({ weight: 9, arbitrary: shaped }, { weight: 1, arbitrary: gen.array(gen.dtype, shape) });
}

export const anyMatrix = (gen: Gen, shape: Shape): FC.Arbitrary<HostArray> =>
  drawn(gen, shape, [asItIs, asItIs, dominant, graded(asItIs), deficient]);
export const positiveDefinite = (gen: Gen, shape: Shape): FC.Arbitrary<HostArray> =>
  drawn(gen, shape, [dominant, dominant, graded(dominant), gram, deficientGram, asItIs]);
export const triangular = (gen: Gen, shape: Shape): FC.Arbitrary<HostArray> =>
  drawn(gen, shape, [dominant, graded(dominant), smallDiagonal, asItIs]);

/** Moderate elements, now and then zeros or anything. */
export const anyVector = (gen: Gen, shape: Shape): FC.Arbitrary<HostArray> =>
  gen.fc.oneof(
    { weight: 19, arbitrary: gen.array(gen.dtype, shape, { values: 'finite', min: -2, max: 2 }) },
    { weight: 1, arbitrary: gen.array(gen.dtype, shape) },
  );
/** Elements that outweigh two of those. */
export const dominantVector = (gen: Gen, shape: Shape): FC.Arbitrary<HostArray> =>
  gen.array(gen.dtype, shape, { values: 'finite', min: 5, max: 8 });

/** A call with these operands. */
export const callOf = <P>(gen: Gen, operands: readonly FC.Arbitrary<HostArray>[], params: P): FC.Arbitrary<Call<P>> =>
  gen.fc.tuple(...operands).map((args) => ({ args, params }));
