/**
 * Arguments of the wrong kind are met where the user's call comes in, by what it is called there: what JavaScript makes
 * of them further in (`undefined`, NaN, an empty list) would tell nobody anything.
 */
import { asArray, isArrayLike } from './convert.ts';
import { ArgumentError, ConcretizationError, describe, type EtalonError, ShapeError } from './errors.ts';
import { type Shape, showAval } from './host.ts';
import { type ArrayLike, NDArray } from './ndarray.ts';
import { Tracer } from './trace.ts';

function wrong(what: string, expected: string, x: unknown): EtalonError {
  if (x instanceof Tracer) {
    return new ConcretizationError(
      `${what} must be ${expected}, got ${showAval(x.aval)}, which ${x.trace.name} traces. Shapes, axes and options are part of the program, not values in it: ` +
        `mark the argument static, jit(f, { staticArgnums: [0] }), take x.item() where there is a value (outside of jit and vmap), or use lax.dynamicSlice for a part that begins at a computed index`,
    );
  }
  const advice = x instanceof NDArray ? '; for its number write x.item()' : '';
  return new ArgumentError(`${what} must be ${expected}, got ${describe(x)}${advice}`);
}

/** `what` is the function and its argument: `np.roll: axis`. @throws ArgumentError */
export function integer(x: unknown, what: string): number {
  if (Number.isSafeInteger(x)) return x as number;
  throw wrong(what, 'an integer', x);
}
/** @throws ArgumentError */
export function finite(x: unknown, what: string): number {
  if (Number.isFinite(x)) return x as number;
  throw wrong(what, 'a number', x);
}
/** @throws ArgumentError */
export function integers(x: unknown, what: string): readonly number[] {
  if (!Array.isArray(x)) throw wrong(what, 'a list of integers', x);
  x.forEach((n, i) => Number.isSafeInteger(n) || integer(n, `${what}[${i}]`));
  return x as readonly number[];
}
/** `expected` says what the list is of: `a list of pairs`. @throws ArgumentError */
export function list(x: unknown, expected: string, what: string): void {
  if (!Array.isArray(x)) throw wrong(what, expected, x);
}
/** One integer or a list of them, as a list. @throws ArgumentError */
export const oneOrMore = (x: unknown, what: string): readonly number[] =>
  Array.isArray(x) ? integers(x, what) : [integer(x, what)];

/** JavaScript's arrays hold no more. */
const MOST_ELEMENTS = 2 ** 32 - 1;

/** A size or a list of sizes. @throws ArgumentError for something else, ShapeError for sizes that there are not */
export function shapeArgument(shape: unknown, where: string): Shape {
  const sizes = oneOrMore(shape, `${where}: shape`);
  if (sizes.some((n) => n < 0)) throw new ShapeError(`${where}: a shape has sizes 0, 1, 2 …, got [${sizes.join(',')}]`);
  if (sizes.reduce((n, d) => n * d, 1) > MOST_ELEMENTS)
    throw new ShapeError(`${where}: the shape [${sizes.join(',')}] has more than ${MOST_ELEMENTS} elements`);
  return sizes;
}

/** An array or a number as it is. `what` is the function and its argument. @throws ArgumentError for anything else */
export function arrayLike(x: ArrayLike, what: string): ArrayLike {
  if (!isArrayLike(x)) asArray(x, what);
  return x;
}

/** @throws ArgumentError unless it is a list of arrays */
export function arrayList(xs: unknown, where: string): NDArray[] {
  if (!Array.isArray(xs)) throw new ArgumentError(`${where}: expected a list of arrays, got ${describe(xs)}`);
  return xs.map((x, i) => asArray(x, `${where}, array ${i}`));
}

/** @throws ArgumentError */
export function boolean(x: unknown, what: string): boolean {
  if (typeof x === 'boolean') return x;
  throw wrong(what, 'true or false', x);
}

/** @throws ArgumentError naming the choices */
export function oneOf<T>(x: T, choices: readonly T[], what: string): T {
  if (choices.includes(x)) return x;
  throw wrong(what, `one of ${choices.join(', ')}`, x);
}

/** @throws ArgumentError */
export function callback<F>(f: F, what: string): F {
  if (typeof f === 'function') return f;
  throw wrong(what, 'a function', f);
}
