/** The same random values for every mutant; the first that fails will do. */
import * as fc from 'fast-check';

fc.configureGlobal({ seed: 1, endOnFailure: true });
