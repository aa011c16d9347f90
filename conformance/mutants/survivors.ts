/** Why faults survive the standard level: the table of spec/conformance.md#the-proof-of-the-suite. */
import { globMatcher } from '../programs/glob.ts';

/** Faults by a glob over their ids. */
export const SURVIVORS: readonly { readonly faults: string; readonly because: string }[] = [
  {
    faults: 'a-running-sum/*/in-nested-programs',
    because: 'quick and standard see few sums of more than 1,024 terms under `jit`',
  },
  {
    faults: '*zero*/beside-others',
    because: 'bounds carried through programs say nothing of signs of zeros',
  },
  {
    faults: 'minus-zero-not-seen/svd/*',
    because: 'solutions are judged by their residuals, in which zeros of either sign are the same',
  },
  {
    faults: 'one-unit-off/*/beside-others',
    because: 'beside other equations each side is allowed a rounding, which together make a unit',
  },
  {
    faults: 'other-bits-the-second-time/*/beside-others',
    because: 'few programs of narrow dtypes are run twice, and another rounding is within the bounds of the others',
  },
  {
    faults: 'operands-flushed/scatter_mul/*',
    because: 'a product that may underflow in some order may be anything',
  },
  {
    faults: 'results-flushed/*/complex*',
    because: 'complex results are judged by their modulus, beside which a subnormal part is nothing',
  },
  {
    faults: 'infinities-cancel/reduce_window_*/in-nested-programs',
    because: 'infinities of both signs seldom meet in one window of the few calls under `jit`',
  },
  {
    faults: 'axis-off-by-one/reduce_window_*',
    because: 'windows of another shape seldom give a result of the same shape',
  },
  {
    faults: '*/reduce_precision/*/jvp',
    because: 'that tangent stands in for the derivative on purpose: nothing else fixes it',
  },
];

/** null: that it survives is not explained. */
export const reasonFor = (fault: string): string | null =>
  SURVIVORS.find(({ faults }) => globMatcher([faults]).matches(fault))?.because ?? null;
