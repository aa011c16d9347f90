/** The namespace `checkify`: errors as values (spec/transformations/checkify.md). */
export { check } from './check.ts';
export {
  allChecks,
  automaticChecks,
  checkify,
  type CheckifyOptions,
  type Checks,
  divChecks,
  floatChecks,
  indexChecks,
  nanChecks,
  userChecks,
} from './checkify.ts';
export { checkError, ErrorValue as Error } from './error.ts';
