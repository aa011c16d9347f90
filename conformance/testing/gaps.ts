/** The gaps of a backend, against the list of them that is committed. */
import fc from 'fast-check';
import type { BackendDefinition } from '../../reference/core/backend.ts';
import { type DType, shortName } from '../../reference/core/dtypes.ts';
import { avalOf } from '../../reference/core/host.ts';
import { type AnyFirstOrder, type Call, type Params, SHAPE_CLASSES } from '../../reference/core/primitive.ts';
import { primitives } from '../../reference/primitives/index.ts';
import { makeGen } from '../programs/gen.ts';

const CALLS_PER_CLASS = 3;
const SEED = 20261123;

/** An entry of a list: cells by a pattern in which `*` stands for any characters but a slash. */
export interface CommittedGap {
  readonly cells: string;
  readonly reason: string;
}

/** Some valid calls of every shape class. */
export const sampleCalls = (primitive: AnyFirstOrder, dtype: DType): readonly Call<Params>[] =>
  SHAPE_CLASSES.flatMap((shapeClass) =>
    fc.sample(primitive.cases(makeGen(fc, dtype, shapeClass)) as fc.Arbitrary<Call<Params>>, {
      numRuns: CALLS_PER_CLASS,
      seed: SEED,
    }),
  );

export const answerTo = (
  definition: BackendDefinition,
  primitive: AnyFirstOrder,
  { args, params }: Call<Params>,
): true | { gap: string } => definition.supports(primitive, args.map(avalOf), params);

const matches = (pattern: string, cell: string): boolean =>
  new RegExp(`^${pattern.replaceAll('*', '[^/]*')}$`).test(cell);

/** What the list lacks, and what of it is no gap any more. */
export function compareGaps(
  definition: BackendDefinition,
  committed: readonly CommittedGap[],
): { readonly missing: readonly string[]; readonly closed: readonly CommittedGap[] } {
  const missing = new Set<string>();
  const matched = new Set<CommittedGap>();
  for (const primitive of Object.values(primitives) as AnyFirstOrder[]) {
    for (const dtype of primitive.dtypes) {
      for (const call of sampleCalls(primitive, dtype)) {
        const answer = answerTo(definition, primitive, call);
        if (answer === true) continue;
        const cell = `${primitive.name}/${shortName(dtype)}/eval`;
        const entries = committed.filter(({ cells, reason }) => reason === answer.gap && matches(cells, cell));
        if (entries.length === 0) missing.add(`${cell}: ${answer.gap}`);
        for (const entry of entries) matched.add(entry);
      }
    }
  }
  return { missing: [...missing], closed: committed.filter((entry) => !matched.has(entry)) };
}
