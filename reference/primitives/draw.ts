/** What the generators of the structural primitives' calls share. */
import type * as FC from 'fast-check';
import type { DType } from '../core/dtypes.ts';
import type { Shape } from '../core/host.ts';
import type { Call, Gen } from '../core/primitive.ts';

/** Small shapes without empty axes, whatever the shape class: what calls that break a constraint are made of. */
export const smallShape = ({ fc }: Gen, minRank: number = 0, maxRank: number = 3): FC.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max: 3 }), { minLength: minRank, maxLength: maxRank });

/** Calls with operands of the given types and these parameters. */
export const call = <P>(gen: Gen, operands: readonly (readonly [DType, Shape])[], params: P): FC.Arbitrary<Call<P>> =>
  gen.fc.tuple(...operands.map(([dtype, shape]) => gen.array(dtype, shape))).map((args) => ({ args, params }));

/** Numbers from which a construction takes its choices, as often as it likes: `pick(n)` is in [0, n). */
export type Pick = (n: number) => number;
/** Constructions that make many small choices depending on one another. They shrink towards choosing 0. */
export const choices = <T>({ fc }: Gen, make: (pick: Pick) => T): FC.Arbitrary<T> =>
  fc.array(fc.nat(2 ** 20), { minLength: 40, maxLength: 40 }).map((list) => {
    let at = 0;
    return make((n) => list[at++ % list.length]! % Math.max(n, 1));
  });

/** Moves every element somewhere; picks of 0 leave everything in place. */
export function shuffled<T>(list: readonly T[], pick: Pick): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = i - pick(i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
