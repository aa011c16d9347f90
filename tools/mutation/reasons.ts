/** Why no test can notice a mutant, or why none should: looked at one by one. */
import type { Mutant } from '@stryker-mutator/api/core';

interface Reason {
  /** Ends of paths. */
  readonly file: string;
  /** What the mutated text has in it. */
  readonly original: string;
  /** The mutant's own text, where only this one of several is meant. */
  readonly replacement?: string;
  readonly because: string;
}

const REASONS: readonly Reason[] = [];

export const reasonFor = ({ fileName, replacement }: Mutant, original: string): string =>
  REASONS.find(
    (reason) =>
      fileName.endsWith(reason.file) &&
      original.includes(reason.original) &&
      (reason.replacement ?? replacement) === replacement,
  )?.because ?? '';
