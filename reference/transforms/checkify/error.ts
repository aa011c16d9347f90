import { ArgumentError, CheckError } from '../../core/errors.ts';
import { type HostArray, sizeOf, stridesOf, take } from '../../core/host.ts';
import type { NDArray } from '../../core/ndarray.ts';
import { isEvaluating } from '../../core/trace.ts';
import { register } from '../../core/node-types.ts';
import { checkMessage } from '../../primitives/higher-order/check.ts';
import { cut } from '../../primitives/higher-order/shared.ts';
import { transforms } from '../rules.ts';
import { arraysOf, firstOfAll, outcomeOf, raise, type Report } from './outcome.ts';

/**
 * What a function of `checkify` has found: nothing, or the check that failed first. It is a tree of arrays, so it goes
 * into and out of transformed functions; under `vmap` it is one per example.
 */
export class ErrorValue {
  /** @internal */
  readonly report: Report;
  constructor(report: Report) {
    this.report = report;
  }

  /**
   * What failed, and where; null if nothing did. Of a batch of errors those of the examples that failed, one a line.
   * @throws ConcretizationError while it is traced: return it instead
   */
  get(): string | null {
    const lines = failures(this.report);
    return lines.length === 0 ? null : lines.join('\n');
  }

  /** @throws CheckError if a check has failed; in a transformed function it becomes a check there, as `checkError` says */
  throw(): void {
    checkError(this);
  }

  toString(): string {
    return `Error(${this.get() ?? 'none'})`;
  }
}

register(ErrorValue, {
  flatten: ({ report: { sites, outcome } }) => [arraysOf(outcome), sites] as const,
  unflatten: (sites, arrays) => new ErrorValue({ sites, outcome: outcomeOf(arrays as NDArray[]) }),
});

/** A message per example that failed. */
function failures({ sites, outcome: { code, values } }: Report): string[] {
  const own = cut(values, sites.map((s) => s.values.length)); // prettier-ignore
  return Array.from(code.dataSync(), Number).flatMap((failed, lane) => {
    if (failed === 0) return [];
    const shown = own[failed - 1]!.map((x) => partOf(x, code, lane));
    return [exampleOf(code, lane) + checkMessage(sites[failed - 1]!, shown)];
  });
}

/** What example `lane` has of `x`, in front of whose own axes are those of `code`. */
function partOf(x: NDArray, code: NDArray, lane: number): HostArray {
  const shape = x.shape.slice(code.ndim);
  const from = lane * sizeOf(shape);
  return take({ shape: x.shape, dtype: x.dtype, data: x.dataSync() }, shape, (i) => from + i);
}

function exampleOf({ shape }: NDArray, lane: number): string {
  if (shape.length === 0) return '';
  const index = stridesOf(shape).map((stride, d) => Math.floor(lane / stride) % shape[d]!);
  return `example ${index.join(', ')}: `;
}

/**
 * Throws what an error says. In a function that is transformed it puts the checks back into the program, so that an outer
 * `checkify` finds them: of a batch of errors the first.
 *
 * @example
 * const [error, y] = jit(checkify.checkify(f))(x);
 * checkify.checkError(error);
 * @throws CheckError if a check has failed
 */
export function checkError(error: ErrorValue): void {
  if (!(error instanceof ErrorValue)) {
    throw new ArgumentError(
      'checkify.checkError: expected the error that a function of checkify.checkify returns first',
    );
  }
  if (isEvaluating()) {
    const message = error.get();
    if (message !== null) throw new CheckError(message);
    return;
  }
  const { sites, outcome } = error.report;
  raise(transforms, { sites, outcome: outcome.code.ndim === 0 ? outcome : firstOfAll(transforms.lax, outcome, sites) });
}
