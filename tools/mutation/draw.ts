/** All mutants that Stryker makes of the mutated files, and the draw among them. */
import type { Mutant } from '@stryker-mutator/api/core';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { globSync, readFileSync } from 'node:fs';
import { hash32 } from '../../conformance/programs/random-stream.ts';

/** The core, the transformations, and three families of primitives. */
const MUTATED = [
  'reference/core/**/*.ts',
  'reference/transforms/**/*.ts',
  'reference/primitives/{arithmetic,reduction,shape}.ts',
];

export const mutatedFiles = (only: string): string[] => {
  const wanted = new Set(globSync(only));
  return globSync(MUTATED)
    .filter((path) => wanted.has(path) && !path.endsWith('.test.ts'))
    .sort();
};

/** Every mutant of the files, lines and columns from 0, as Stryker has them inside. */
export async function mutantsOf(files: readonly string[]): Promise<readonly Mutant[]> {
  const silent = { debug: () => undefined, info: () => undefined, isDebugEnabled: () => false };
  const instrumenter = new Instrumenter(silent as unknown as ConstructorParameters<typeof Instrumenter>[0]);
  const sources = files.map((name) => ({ name, content: readFileSync(name, 'utf8'), mutate: true }));
  const { mutants } = await instrumenter.instrument(sources, { plugins: null, excludedMutations: [], ignorers: [] });
  return mutants;
}

/** What tells a mutant from all others; `fileName` relative to the folder of the package. */
export const keyOf = ({ fileName, location: { start, end }, mutatorName, replacement }: Mutant): string =>
  [fileName, start.line, start.column, end.line, end.column, mutatorName, replacement].join(' ');

/** In the order of the draw, in which a mutant's place does not depend on what else there is. */
export const shuffled = (mutants: readonly Mutant[], seed: number): Mutant[] =>
  mutants
    .map((mutant) => ({ mutant, at: hash32(seed, keyOf(mutant)) }))
    .sort((a, b) => a.at - b.at)
    .map(({ mutant }) => mutant);

/** The place of a mutant, as Stryker's `mutate` takes it: lines from 1, columns from 0. */
export const rangeOf = ({ fileName, location: { start, end } }: Mutant): string =>
  `${fileName}:${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`;
