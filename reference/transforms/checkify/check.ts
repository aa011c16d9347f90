import { asArray } from '../../core/convert.ts';
import { DTypeError } from '../../core/errors.ts';
import { argumentOf, fieldsOf, parseFormat } from '../../core/format.ts';
import { showAval } from '../../core/host.ts';
import type { ArrayLike } from '../../core/ndarray.ts';
import { SourceLocation } from '../../core/source.ts';
import { bind } from '../../core/trace.ts';
import * as lax from '../../lax.ts';
import { check as checkPrimitive } from '../../primitives/higher-order/check.ts';

type Value = ArrayLike | Readonly<Record<string, ArrayLike>>;

/**
 * Fails where the predicate, a bool of any shape, is false anywhere. In the message `{}` stands for the next value, `{0}`
 * for the one of that number, `{name}` for an entry of the object that then is the last; `{{` and `}}` are braces.
 * `checkify` makes the failure a value; without it, it is thrown.
 *
 * @example
 * checkify.check(x.greater(0), 'x must be positive, got {}', x);
 * @throws CheckError if the predicate fails, where nothing makes it a value
 * @throws DTypeError if the predicate is not bool; ArgumentError if the fields of the message and the values do not fit
 */
export function check(predicate: ArrayLike, message: string, ...values: readonly Value[]): void {
  const where = 'checkify.check';
  const holds = asArray(predicate, `${where}: predicate`);
  if (holds.dtype !== 'bool') {
    throw new DTypeError(
      `${where}: predicate must be bool, got ${showAval(holds.aval)}; compare it, as in x.greater(0)`,
    );
  }
  const pieces = parseFormat(message, where);
  const given = fieldsOf(pieces, values, where);
  const shown = pieces.flatMap((p) =>
    typeof p === 'string' ? [] : [asArray(argumentOf(given, p.field), `${where}: the value of {${p.field}}`)],
  );
  const plain = pieces.map((p) => (typeof p === 'string' ? p.replaceAll(/[{}]/g, '$&$&') : '{}')).join('');
  const all = lax.reduceAnd(holds, holds.shape.map((_, d) => d)); // prettier-ignore
  bind(checkPrimitive, [all, ...shown], { category: 'user', message: plain, source: SourceLocation.capture() });
}
