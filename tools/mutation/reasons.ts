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

const REASONS: readonly Reason[] = [
  {
    file: 'core/program.ts',
    original: 'a program with a traced constant',
    because: 'makeJaxpr refuses such programs before they are saved',
  },
  {
    file: 'core/node-types.ts',
    original: 'x.constructor?.name',
    because: 'the number behind it tells objects apart; the name is for who reads it',
  },
  {
    file: 'transforms/call.ts',
    original: 'result instanceof NDArray',
    because: 'arrays have neither of the methods that are looked for; this spares the looking',
  },
  {
    file: 'transforms/pmap.ts',
    original: 'axes === undefined',
    because: 'vmap takes undefined for what is not given',
  },
  {
    file: 'transforms/walk.ts',
    original: 'no primitive is called',
    because: 'only a rule that is wrong leads there',
  },
  {
    file: 'core/jaxpr.ts',
    original: 'printer === null',
    because: 'the entry sets the printer; this is what core says of itself without it',
  },
  {
    file: 'core/host.ts',
    original: 'new Array<number>(shape.length)',
    because: 'every element is set; the length is for the engine',
  },
  {
    file: 'core/ndarray.ts',
    original: 'table === null',
    because: 'the entry sets the methods; this is what core says of itself without it',
  },
  { file: 'core/node-types.ts', original: 'nextIdentity++', because: 'numbers that go down are as different' },
  {
    file: 'cache-misses.ts',
    original: 'SourceLocation.capture()?.toString',
    because: 'only engines without Error.captureStackTrace have no place',
  },
  {
    file: 'core/source.ts',
    original: "'conformance/'",
    because: 'the files there that meet it are tests and models, which are told apart before',
  },
  {
    file: 'primitives/reduction.ts',
    original: "gen.shapeClass === 'large'",
    because: 'of every size whole reductions are drawn as often then; the cases are as good',
  },
  {
    file: 'core/program.ts',
    original: 'i < bytes.length',
    replacement: 'i <= bytes.length',
    because: 'nothing can be written behind the end',
  },
  { file: 'primitives/shape.ts', original: '-3', because: 'two negative sizes break C1 as well as one' },
  {
    file: 'checkify/batch.ts',
    original: 'sites.length === 0',
    because: 'without sites there is nothing to raise, and the batch is the same',
  },
  {
    file: 'checkify/error.ts',
    original: 'outcome.code.ndim === 0',
    because: 'the first of one error is that error; this saves the program the search',
  },
  {
    file: 'custom-linear-solve.ts',
    original: 'true',
    because: 'asks for zeros where a matrix ignores part of its operand; such a matrix has no inverse',
  },
  { file: 'transforms/jvp.ts', original: "'user'", because: "only 'jaxpr' is asked for" },
  { file: 'rounding.ts', original: '() => false', replacement: '() => undefined', because: 'as false as false' },
  { file: 'rounding.ts', original: 'w > 0', because: 'bounds of zero say the same as none; none is faster' },
  {
    file: 'transpose.ts',
    original: '!(x instanceof Literal) && !env.has(x)',
    because: 'nobody reads the cotangents of what is known; this saves their sums',
  },
  {
    file: 'valueless.ts',
    original: 'SourceLocation.capture()?.toString',
    because: 'only engines without Error.captureStackTrace have no place',
  },
  { file: 'valueless.ts', original: "''", because: 'only engines without Error.captureStackTrace have no place' },
  {
    file: 'walk.ts',
    original: 'simple === undefined',
    because: 'rules of higher order name first-order primitives of the table only',
  },
];

export const reasonFor = ({ fileName, replacement }: Mutant, original: string): string =>
  REASONS.find(
    (reason) =>
      fileName.endsWith(reason.file) &&
      original.includes(reason.original) &&
      (reason.replacement ?? replacement) === replacement,
  )?.because ?? '';
