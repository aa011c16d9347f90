/**
 * The namespace `debug`: looking into programs while they run, and checkers that say where something went wrong
 * (spec/transformations/debugging.md).
 */
export { callback, print } from './callback.ts';
export { checkKeyReuse, keyReuse } from './key-reuse.ts';
export { type Leak, leakedTracers, leaks } from './leaks.ts';
export { checkNans, infs, nans } from './nans.ts';
