import { asArray } from '../../core/convert.ts';
import { ArgumentError, DTypeError } from '../../core/errors.ts';
import { showAval } from '../../core/host.ts';
import type { ArrayLike } from '../../core/ndarray.ts';
import { SourceLocation } from '../../core/source.ts';
import { bind } from '../../core/trace.ts';
import * as lax from '../../lax.ts';
import { check as checkPrimitive, placesIn } from '../../primitives/higher-order/check.ts';

/**
 * Fails where the predicate, a bool of any shape, is false anywhere. Each `{}` of the message is replaced by one of
 * `values`. `checkify` makes the failure a value; without it, it is thrown.
 *
 * @example
 * checkify.check(x.greater(0), 'x must be positive, got {}', x);
 * @throws CheckError if the predicate fails, where nothing makes it a value
 * @throws DTypeError if the predicate is not bool; ArgumentError if there is not one `{}` per value
 */
export function check(predicate: ArrayLike, message: string, ...values: readonly ArrayLike[]): void {
  const where = 'checkify.check';
  const holds = asArray(predicate, `${where}: predicate`);
  if (holds.dtype !== 'bool') {
    throw new DTypeError(
      `${where}: predicate must be bool, got ${showAval(holds.aval)}; compare it, as in x.greater(0)`,
    );
  }
  if (typeof message !== 'string') {
    throw new ArgumentError(`${where}: message must be a string, got ${message === null ? 'null' : typeof message}`);
  }
  if (placesIn(message) !== values.length) {
    throw new ArgumentError(
      `${where}: message has ${placesIn(message)} places {}, and there are ${values.length} values for them: ${JSON.stringify(message)}`,
    );
  }
  const shown = values.map((x, i) => asArray(x, `${where}: value ${i}`));
  const all = lax.reduceAnd(holds, holds.shape.map((_, d) => d)); // prettier-ignore
  bind(checkPrimitive, [all, ...shown], { category: 'user', message, source: SourceLocation.capture() });
}
