/**
 * Tangents are the limit of difference quotients: Romberg's extrapolation in double precision, whatever the dtype of the
 * tangents. Real and imaginary parts are two functions of a real step.
 */
import { doubleOf, isComplex, isDType, isInexact } from '../../reference/core/dtypes.ts';
import { avalOf, buildParts, type HostArray, moduli, parts, sizeOf, widened } from '../../reference/core/host.ts';
import { oneEquation } from '../../reference/core/open-backend.ts';
import { inferAvals } from '../../reference/core/primitive.ts';
import { evaluateJaxpr } from '../../reference/interpreter.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import { judgeProgram } from '../budgets.ts';
import type { RandomStream } from '../programs/random-stream.ts';
import { jvpOf, type Sample, tangentResults, tangentsOf } from '../programs/sample.ts';
import { judgement, type Law } from './law.ts';

/** Steps h = 2⁻⁶ … 2⁻¹⁰. Points are multiples of 2⁻²⁰ below 2⁵ and directions multiples of 2⁻⁴, so that x + h·v is exact. */
const STEPS = [6, 7, 8, 9, 10].map((k) => 2 ** -k);
const GRID = 2 ** -20;

export const derivative: Law = {
  name: 'derivative',
  anchor: 'spec/conformance.md#derivative',
  ofRules: true,
  program: (sample, random) => jvpOf(moderate(sample, random), random),
  async check(bench, sample, random) {
    const tame = moderate(sample, random);
    const { jaxpr, inputs } = jvpOf(tame, random);
    const results = tame.jaxpr.outputs.length;
    const carried = errorBound(jaxpr, inputs, bench.profile, 'alike');
    const wide = inDoubles(tame);
    const directions = inputs.slice(tame.inputs.length);
    const smooth = quotients(wide, directions.map(widened));
    const has = tangentResults(tame);
    const got = carried.slice(results).map((y) => widened(y.value));
    const outOfRange = leavingRange(wide, directions, got);
    const expected = smooth
      .filter((_, j) => has[j])
      .map(({ value, worst }, k) => {
        const own = carried[results + k]!.bound?.worst;
        const total = worst.map((e, i) => (outOfRange(k, i) ? Infinity : e + (own?.[i] ?? 0)));
        return { value, bound: { worst: total, variance: total.map((e) => e * e) } };
      });
    const comparison = judgeProgram(expected, got, bench.profile);
    return judgement(comparison, { jaxpr, inputs, expected: expected.map((y) => y.value), got });
  },
};

/** The sample with floats, or parts, of moderate size on a coarse grid. */
function moderate(sample: Sample, random: RandomStream): Sample {
  const tame = (v: number): number => {
    const size = Math.abs(v);
    const inRange = size >= 1 / 16 && size <= 16 ? v : (0.5 + 1.5 * random.unit()) * (random.chance(0.5) ? 1 : -1);
    return Math.round(inRange / GRID) * GRID;
  };
  const inputs = sample.inputs.map((x) =>
    isInexact(x.dtype) ? buildParts(x.dtype, x.shape, (k) => tame(parts(x)[k]!)) : x,
  );
  return { ...sample, inputs };
}

/**
 * The sample with operands, and the dtypes that parameters name, in double precision; as it is, where a constraint does
 * not allow that. (Quotients of coarser values say nothing.)
 */
function inDoubles(sample: Sample): Sample {
  const inputs = sample.inputs.map(widened);
  const [equation, ...others] = sample.jaxpr.equations;
  if (equation === undefined || others.length > 0) return sample;
  const avals = inputs.map(avalOf);
  const params = Object.fromEntries(
    Object.entries(equation.params).map(([name, v]) => [name, isDType(v) && isInexact(v) ? doubleOf(v) : v]),
  );
  try {
    inferAvals(equation.primitive, avals, params);
  } catch {
    return sample;
  }
  return { ...sample, inputs, jaxpr: oneEquation(equation.primitive, avals, params) };
}

/** The tangents' elements that are not finite, though in double precision they are: of them nothing is said. */
function leavingRange(
  wide: Sample,
  directions: readonly HostArray[],
  got: readonly HostArray[],
): (k: number, i: number) => boolean {
  const sizes = got.map(moduli);
  if (sizes.every((of) => of.every(Number.isFinite))) return () => false;
  const along = directions.map((v, k) => (isDouble(wide.inputs[wide.active[k]!]!) ? widened(v) : v));
  const inDouble = tangentsOf(wide, along).map(moduli);
  return (k, i) => !Number.isFinite(sizes[k]![i]) && Number.isFinite(inDouble[k]![i]);
}
const isDouble = ({ dtype }: HostArray): boolean => doubleOf(dtype) === dtype;

interface Quotient {
  readonly value: HostArray;
  /** Infinite where the function is not smooth enough for a quotient to say anything. */
  readonly worst: Float64Array;
}

/** Extrapolated central differences of every result along `v`. */
function quotients({ jaxpr, inputs, active }: Sample, v: readonly HostArray[]): Quotient[] {
  const moved = (h: number): readonly HostArray[] =>
    inputs.map((x, i) => {
      const k = active.indexOf(i);
      return k < 0 ? x : buildParts(x.dtype, x.shape, (e) => parts(x)[e]! + h * parts(v[k]!)[e]!);
    });
  const at = (h: number): readonly HostArray[] => evaluateJaxpr(jaxpr, moved(h));
  const middle = errorBound(jaxpr, inputs, 'strict', 'alike');
  // In the middle the value may be zero, and what rounds it nothing, beside that of its neighbours.
  const beside = errorBound(jaxpr, moved(STEPS.at(-1)!), 'strict', 'alike');
  const sides = STEPS.map((h) => ({ h, ahead: at(h), behind: at(-h) }));
  return middle.map(({ value, bound }, j) => {
    const wide = widened(value);
    if (!isInexact(value.dtype)) return { value, worst: new Float64Array(sizeOf(value.shape)) };
    const perElement = isComplex(value.dtype) ? 2 : 1;
    const middles = parts(wide);
    const rounding = (i: number): number => Math.max(bound?.worst[i] ?? 0, beside[j]!.bound?.worst[i] ?? 0);
    const curves = sides.map(({ h, ahead, behind }) => ({ h, ahead: parts(ahead[j]!), behind: parts(behind[j]!) }));
    const all = Array.from(middles, (middle, k) => {
      const points = curves.map(({ h, ahead, behind }) => ({ h, ahead: ahead[k]!, behind: behind[k]! }));
      return extrapolated(points, middle, rounding(Math.floor(k / perElement)));
    });
    return {
      value: buildParts(wide.dtype, wide.shape, (k) => all[k]!.slope),
      worst: Float64Array.from({ length: sizeOf(wide.shape) }, (_, i) =>
        all.slice(i * perElement, (i + 1) * perElement).reduce((sum, q) => sum + q.error, 0),
      ),
    };
  });
}

interface Point {
  readonly h: number;
  readonly ahead: number;
  readonly behind: number;
}

/**
 * Romberg's scheme on central differences. Its error is taken from the last two diagonals, and from the rounding of the
 * values over the smallest step.
 */
function extrapolated(points: readonly Point[], middle: number, rounding: number): { slope: number; error: number } {
  let row = points.map(({ h, ahead, behind }) => (ahead - behind) / (2 * h));
  let previous = NaN;
  for (let order = 1; order < points.length; order++) {
    previous = row.at(-1)!;
    row = row.slice(1).map((d, k) => d + (d - row[k]!) / (4 ** order - 1));
  }
  const slope = row[0]!;
  const noise = (8 * rounding) / points.at(-1)!.h;
  const error = 16 * Math.abs(slope - previous) + noise;
  const says = Number.isFinite(slope) && isSmooth(points, middle, noise) && error <= 1e-3 * (1 + Math.abs(slope));
  return says ? { slope, error } : { slope: 0, error: Infinity };
}

/**
 * Between the steps no kink begins to be seen: the two one-sided slopes approach each other like h (like h³ where the
 * curvature vanishes), not at once and not never.
 */
function isSmooth(points: readonly Point[], middle: number, noise: number): boolean {
  const gaps = points.map(({ h, ahead, behind }) => Math.abs((ahead - 2 * middle + behind) / h));
  return gaps.slice(1).every((fine, k) => {
    const coarse = gaps[k]!;
    return coarse <= noise || (fine <= 0.75 * coarse && coarse <= 9 * fine + noise);
  });
}
