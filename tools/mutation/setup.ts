/** The same random values for every mutant; the first that fails will do. */
import * as fc from 'fast-check';
import { beforeEach } from 'vitest';

fc.configureGlobal({ seed: 1, endOnFailure: true });

/** Tests that take as long as all others together, or wait for the garbage collector. */
const LEFT_OUT = new Set([
  'refuses what it cannot use, by name',
  'the constants of jitted functions that nobody can call any more are freed',
]);
beforeEach(({ task, skip }) => {
  if (LEFT_OUT.has(task.name)) skip();
});
