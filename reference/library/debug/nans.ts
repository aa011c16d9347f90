/** The NaN checker: which equation made the first NaN, or the first infinity, and of what. */
import type { ConcreteArray } from '../../core/array.ts';
import { environmentSwitch } from '../../core/config.ts';
import { isInexact } from '../../core/dtypes.ts';
import { FloatingPointError } from '../../core/errors.ts';
import { type Element, elements, type HostArray, sameShape, showAval, sizeOf } from '../../core/host.ts';
import { showElement } from '../../core/show.ts';
import type { AnyFunction } from '../../transforms/call.ts';
import type { Executed, Observer } from '../../transforms/walk.ts';
import { observed, placeOf, setObserver } from './observers.ts';

type Test = (x: number) => boolean;
const isInfinite: Test = (x) => Math.abs(x) === Infinity;

const checker =
  (what: string, bad: Test): Observer =>
  (executed) => {
    for (const result of executed.results) {
      const at = firstBad(result, bad);
      if (at < 0 || executed.operands.some((x) => firstBad(x, bad) >= 0)) continue;
      throw new FloatingPointError(describe(what, executed, result, at));
    }
  };

/** The flat position of the first bad element; −1: there is none. */
function firstBad(x: ConcreteArray, bad: Test): number {
  if (!isInexact(x.dtype)) return -1;
  const read = elements(x.toHost());
  const n = sizeOf(x.shape);
  for (let i = 0; i < n; i++) if (isBad(read(i), bad)) return i;
  return -1;
}

const isBad = (v: Element, bad: Test): boolean => (typeof v === 'object' ? bad(v.re) || bad(v.im) : bad(Number(v)));

function describe(what: string, executed: Executed, result: ConcreteArray, at: number): string {
  const { primitive, operands } = executed;
  const names = operands.map((_, i) => primitive.operands[Math.min(i, primitive.operands.length - 1)]!.name);
  const shown = operands.map((x, i) => `${names[i]} = ${operandAt(x, result, at)}`);
  const where = result.ndim === 0 ? '' : `element [${indexOf(result.shape, at).join(', ')}] of `;
  const list = shown.length === 0 ? '' : `\n  there: ${shown.join(', ')}`;
  return `${primitive.name} made ${what} of operands without one: ${where}its result (${showAval(result.aval)})${placeOf(executed)}${list}`;
}

/** What an operand has where the result is bad, if it is plain to see which element that is; else its type. */
function operandAt(x: ConcreteArray, result: ConcreteArray, at: number): string {
  const alike = sameShape(x.shape, result.shape);
  return alike || sizeOf(x.shape) === 1 ? showElementAt(x.toHost(), alike ? at : 0) : showAval(x.aval);
}
const showElementAt = (x: HostArray, i: number): string => showElement(x.dtype, elements(x)(i));

function indexOf(shape: readonly number[], at: number): number[] {
  const index: number[] = [];
  for (let d = shape.length - 1, rest = at; d >= 0; rest = Math.floor(rest / shape[d]!), d--)
    index[d] = rest % shape[d]!;
  return index;
}

const nanChecker = checker('a NaN', Number.isNaN);
const infChecker = checker('an infinity', isInfinite);

/**
 * Switches the NaN checker on or off: from now on, every equation is looked at, and the first whose result (of any shape
 * and float or complex dtype) has a NaN while none of its operands has throws. ETALON_DEBUG_NANS=1 does it for a process.
 *
 * @example
 * debug.nans();
 * jit((x) => np.log(x))(-1); // throws FloatingPointError
 * @throws FloatingPointError from computations, later on
 */
export function nans(on: boolean = true): void {
  setObserver(nanChecker, on);
}

/** The same for infinities: the first equation that makes one of finite operands throws. */
export function infs(on: boolean = true): void {
  setObserver(infChecker, on);
}

/**
 * `f` under the NaN checker. It goes outermost: `debug.checkNans(jit(f))`.
 *
 * @example
 * debug.checkNans(grad((x) => np.sqrt(x.sub(x))))(1); // throws FloatingPointError
 * @throws FloatingPointError if an equation makes a NaN; ArgumentError within a transformed function
 */
export const checkNans = <F extends AnyFunction>(f: F): F =>
  observed(f, 'debug.checkNans', () => checker('a NaN', Number.isNaN));

/** Switches on what the environment asks for. */
export function obeyEnvironment(): void {
  if (environmentSwitch('ETALON_DEBUG_NANS')) nans();
  if (environmentSwitch('ETALON_DEBUG_INFS')) infs();
}
