import { refuseExtra } from '../core/errors.ts';
import { callback } from '../core/arguments.ts';
import { rejectAsync } from './call.ts';

let disabled = false;

/** True inside of `disableJit`. */
export const jitDisabled = (): boolean => disabled;

/**
 * Runs `f`; meanwhile jitted functions run as JavaScript on values, and so do the branches and bodies of `lax.cond`,
 * `switch`, `scan`, `map`, `whileLoop` and `foriLoop`: a debugger stops in them, and `console.log` and `item()` see
 * numbers. Values inside of `vmap` have none, and are traced as ever.
 *
 * @example
 * disableJit(() => predict(params, batch));
 * @throws AsyncFunctionError if `f` is async: it would go on after jit is enabled again
 */
export function disableJit<T>(f: () => T, ...more: []): T {
  refuseExtra(more, 'disableJit');
  callback(f, 'disableJit: f');
  const outer = disabled;
  disabled = true;
  try {
    const result = f();
    rejectAsync(result, 'disableJit');
    return result;
  } finally {
    disabled = outer;
  }
}
