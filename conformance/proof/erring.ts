/**
 * A program run as a backend may run it that uses what it is allowed: every equation is off by a random part of its
 * accuracy. Deterministic from the stream.
 */
import { isInexact, isComplex, partOf } from '../../reference/core/dtypes.ts';
import { buildParts, type HostArray, moduli, parts, rounder } from '../../reference/core/host.ts';
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import { accuracyOf, roundedOnce, type Rounding, roundingsOf } from '../../reference/transforms/rounding.ts';
import { type Met, meetEquations } from '../debug/equations.ts';
import type { RandomStream } from '../programs/random-stream.ts';

/**
 * What each equation may be off by: all of its accuracy, or what is likely. These differ for sums and products, where all
 * of it takes roundings that go one way.
 */
export type Errors = 'allowed' | 'likely';

/** Where results are only determined up to a choice they are the reference's. */
export function evaluateErring(
  jaxpr: Jaxpr,
  inputs: readonly HostArray[],
  errors: Errors,
  random: RandomStream,
): readonly HostArray[] {
  return meetEquations(jaxpr, inputs, (met) => erring(met, errors, random));
}

function erring(
  { primitive, operands, params, results }: Met,
  errors: Errors,
  random: RandomStream,
): readonly HostArray[] {
  const { kind } = accuracyOf(primitive, operands, params);
  if (kind === 'backward' || kind === 'oneOf') return results;
  const unspread = results.map(() => null);
  const roundings = roundingsOf(primitive, operands, params, results, unspread, 'strict');
  return results.map((y, j) => {
    const rounding = roundings[j];
    return rounding && isInexact(y.dtype) ? moved(y, roomsOf(y, rounding, errors), random) : y;
  });
}

/** How far each result can be moved: it is off by the reference's rounding already, and is rounded once more. */
function roomsOf(y: HostArray, { worst, variance }: Rounding, errors: Errors): Float64Array {
  return moduli(y).map((size, i) => {
    const once = roundedOnce(size, y.dtype);
    const likely = errors === 'likely' ? Math.sqrt(Math.max(0, 3 * variance[i]! - once ** 2)) : Infinity;
    const own = Math.min(worst[i]! - once, likely);
    return own < Infinity ? Math.max(0, own - 2 * once) : 0;
  });
}

function moved(y: HostArray, rooms: Float64Array, random: RandomStream): HostArray {
  const perElement = isComplex(y.dtype) ? 2 : 1;
  const round = rounder(partOf(y.dtype));
  const values = parts(y);
  return buildParts(y.dtype, y.shape, (k) => {
    const by = rooms[Math.floor(k / perElement)]! / Math.sqrt(perElement);
    return by > 0 ? round(values[k]! + (2 * random.unit() - 1) * by) : values[k]!;
  });
}
