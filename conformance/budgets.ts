/**
 * Whether results are right (spec/numerics.md): each primitive's results against its accuracy, whole programs against
 * the error bounds carried through them. Nothing here is a tolerance that somebody chose.
 */
import type { ProfileName } from '../reference/core/backend.ts';
import { finfo, isFloat, isInexact } from '../reference/core/dtypes.ts';
import { EtalonError } from '../reference/core/errors.ts';
import { showElement } from '../reference/core/show.ts';
import {
  avalOf,
  buildElements,
  type Element as Value,
  elements,
  type HostArray,
  moduli,
  parts,
  sameShape,
  type Shape,
  showAval,
  sizeOf,
} from '../reference/core/host.ts';
import type { Accuracy, AnyFirstOrder, Bounded, Params } from '../reference/core/primitive.ts';
import { oneEquation } from '../reference/core/open-backend.ts';
import { errorBound, likelySize } from '../reference/transforms/error-bound.ts';
import { accuracyOf, PROFILES, solutionDtype, underflow } from '../reference/transforms/rounding.ts';
import { distance, modulus } from './elements.ts';
import { carriedRuler, choiceRuler, exactRuler, type Ruler, rulerOf, type Witness } from './rulers.ts';
import type { Element, Measured } from './types.ts';
import { addTo, binOf, type Histogram, ulpDistance } from './ulp.ts';

export interface Comparison {
  readonly compared: number;
  readonly uncompared: number;
  /** Beyond the likely bound, within the proven one. */
  readonly suspect: number;
  /** The worst element beyond its budget; what is wrong with the results' types; null: all is well. */
  readonly wrong: { readonly message: string; readonly element: Element | null } | null;
  readonly measured: Measured | null;
  /** Where something is wrong, absolute budgets per result, as saved cases carry them; null: bit for bit. */
  readonly budgets: readonly (Float64Array | null)[];
}

/** The results of one equation on given operands. */
export function judgeEquation(
  primitive: AnyFirstOrder,
  operands: readonly HostArray[],
  params: Params,
  expected: readonly HostArray[],
  got: readonly HostArray[],
  profile: ProfileName,
  witness: Witness = 'reference',
): Comparison {
  const judge = (results: readonly HostArray[]): Comparison =>
    byAccuracy(primitive, operands, params, expected, results, profile, witness);
  const judged = judge(got);
  if (judged.wrong === null || typeMismatch(expected, got) !== null) return judged;
  // What operands that are taken as zeros make of the results is a matter of bounds: elementwise of theirs only.
  const flushable = operands.map((x) => flushableElements(x, profile));
  const isMet = (i: number): boolean => flushable.some((at) => (at.length === 1 ? at[0] : at[i]) === 1);
  const isOpen = primitive.batch === 'elementwise' ? isMet : (): boolean => flushable.some((at) => at.includes(1));
  if (judge(mixed(expected, got, (i) => !isOpen(i))).wrong !== null) return judged;
  const bounds = errorBound(oneEquation(primitive, operands.map(avalOf), params), operands, profile);
  return judgeProgram(bounds, mixed(expected, got, isOpen), profile);
}

/** The elements that may be taken as zeros of either sign are 1. */
function flushableElements(x: HostArray, profile: ProfileName): Uint8Array {
  const n = sizeOf(x.shape);
  if (!PROFILES[profile].flushToZero || !isInexact(x.dtype)) return new Uint8Array(n);
  const { tiny } = finfo(x.dtype);
  const at = parts(x);
  const perElement = n === 0 ? 1 : at.length / n;
  const result = new Uint8Array(n);
  for (let k = 0; k < at.length; k++) if (Math.abs(at[k]!) < tiny) result[Math.floor(k / perElement)] = 1;
  return result;
}

/** What was got where `chosen`, and elsewhere what was expected. */
const mixed = (
  expected: readonly HostArray[],
  got: readonly HostArray[],
  chosen: (i: number) => boolean,
): readonly HostArray[] =>
  expected.map((y, j) => {
    const [right, own] = [elements(y), elements(got[j]!)];
    return buildElements(y.dtype, y.shape, (i) => (chosen(i) ? own(i) : right(i)));
  });

function byAccuracy(
  primitive: AnyFirstOrder,
  operands: readonly HostArray[],
  params: Params,
  expected: readonly HostArray[],
  got: readonly HostArray[],
  profile: ProfileName,
  witness: Witness,
): Comparison {
  const accuracy = accuracyOf(primitive, operands, params);
  if (accuracy.kind === 'backward') return judgeSolution(accuracy, operands, expected, got, profile);
  const call = { primitive, operands, params, profile, witness };
  const rulers = expected.map((y, j) => {
    if (accuracy.kind === 'oneOf') return choiceRuler(accuracy.choices(operands), y.dtype, profile);
    return isInexact(y.dtype) ? rulerOf(accuracy, call, y, j) : exactRuler(y.dtype, profile);
  });
  return compare(expected, got, rulers, primitive.batch === 'elementwise' ? operands : []);
}

/** How well results solve the problem, whatever their distance from the reference's. */
function judgeSolution(
  { checks, forward }: Accuracy & { kind: 'backward' },
  operands: readonly HostArray[],
  expected: readonly HostArray[],
  got: readonly HostArray[],
  profile: ProfileName,
): Comparison {
  const eta = underflow(solutionDtype(expected), profile);
  const budgets = (): Comparison['budgets'] => forward(operands, expected, eta);
  const mismatch = typeMismatch(expected, got);
  if (mismatch !== null) return mistyped(mismatch, budgets());
  const bins: Histogram = new Map();
  let max = 0;
  const failed: { readonly share: number; readonly message: string }[] = [];
  for (const { what, error, allowed } of checks(operands, expected, got, eta)) {
    const share = error === 0 ? 0 : error <= allowed ? error / allowed : Infinity;
    addTo(bins, [[binOf(share), 1]]);
    if (share <= 1) max = Math.max(max, share);
    else failed.push({ share: error / allowed, message: `${what} is ${shown(error)}, allowed is ${shown(allowed)}` });
  }
  const worst = failed.reduce((a, b) => (b.share > a.share ? b : a), failed[0]!);
  const isWrong = failed.length > 0;
  return {
    compared: expected.reduce((n, y) => n + sizeOf(y.shape), 0),
    uncompared: 0,
    suspect: 0,
    wrong: isWrong ? { message: worst.message, element: null } : null,
    measured: bins.size === 0 ? null : { unit: 'budget', bins: [...bins], max, worst: null },
    budgets: isWrong ? budgets() : [],
  };
}

/** The results of a program, given what errors may do to them. */
export function judgeProgram(
  expected: readonly Bounded[],
  got: readonly HostArray[],
  profile: ProfileName,
): Comparison {
  const rulers = expected.map(({ value, bound }) =>
    bound === null ? exactRuler(value.dtype, profile) : carriedRuler(bound.worst, value.dtype, profile),
  );
  const result = compare(
    expected.map((x) => x.value),
    got,
    rulers,
    [],
  );
  if (result.wrong !== null) return result;
  return { ...result, suspect: expected.reduce((n, x, j) => n + beyondLikely(x, got[j]!), 0) };
}

/** Bit for bit, but for the payload of NaNs. */
export const exactly = (expected: readonly HostArray[], got: readonly HostArray[]): Comparison =>
  compare(
    expected,
    got,
    expected.map((y) => exactRuler(y.dtype, 'strict')),
    [],
  );

/** Against saved results and what is allowed around them; null: bit for bit. */
export const judgeSaved = (
  expected: readonly HostArray[],
  got: readonly HostArray[],
  budgets: readonly (Float64Array | null)[],
): Comparison =>
  compare(
    expected,
    got,
    expected.map((y, j) => (budgets[j] ? carriedRuler(budgets[j], y.dtype, 'strict') : exactRuler(y.dtype, 'strict'))),
    [],
  );

/** Elements beyond the likely bound. */
function beyondLikely({ value, bound }: Bounded, got: HostArray): number {
  if (bound === null) return 0;
  const [e, g] = [elements(value), elements(got)];
  return bound.variance.reduce((n, v, i) => n + Number(distance(e(i), g(i)) > likelySize(v)), 0);
}

// ---- comparing

function compare(
  expected: readonly HostArray[],
  got: readonly HostArray[],
  rulers: readonly Ruler[],
  operands: readonly HostArray[],
): Comparison {
  const mismatch = typeMismatch(expected, got);
  const budgets = (): Comparison['budgets'] => expected.map((y, j) => absolute(y, rulers[j]!));
  if (mismatch !== null) return mistyped(mismatch, budgets());
  const tally = new Tally();
  expected.forEach((y, j) => tally.add(y, got[j]!, rulers[j]!, j, operands));
  const result = tally.result();
  return { ...result, budgets: result.wrong === null ? [] : budgets() };
}

const mistyped = (message: string, budgets: Comparison['budgets']): Comparison => ({
  compared: 0,
  uncompared: 0,
  suspect: 0,
  wrong: { message, element: null },
  measured: null,
  budgets,
});

function typeMismatch(expected: readonly HostArray[], got: readonly HostArray[]): string | null {
  if (got.length !== expected.length) return `${expected.length} results expected, got ${got.length}`;
  for (const [j, y] of expected.entries()) {
    const z = got[j]!;
    if (y.dtype !== z.dtype || !sameShape(y.shape, z.shape) || y.data.length !== z.data.length) {
      return `result ${j} should be ${showAval(y)}, got ${showAval(z)} of ${z.data.length} elements`;
    }
  }
  return null;
}

function absolute(y: HostArray, ruler: Ruler): Float64Array | null {
  if (ruler.unit === 'exact') return null;
  return moduli(y).map((size, i) => {
    const allowed = ruler.allowed(size, i);
    return Number.isNaN(allowed) ? 0 : allowed; // a NaN is expected, and nothing else will do
  });
}

/** Errors of all results of a call. */
class Tally {
  #compared = 0;
  #uncompared = 0;
  #unit: Measured['unit'] | null = null;
  #max = 0;
  #worst: Element | null = null;
  #wrong: { excess: number; element: Element; count: number } | null = null;
  readonly #bins: Histogram = new Map();

  add(y: HostArray, z: HostArray, ruler: Ruler, output: number, operands: readonly HostArray[]): void {
    const [e, g] = [elements(y), elements(z)];
    const describe = (i: number): Element => elementOf(y, e(i), g(i), i, ruler, output, operands);
    if (ruler.unit !== 'exact') this.#unit = ruler.unit;
    for (let i = 0; i < sizeOf(y.shape); i++) {
      const error = ruler.error(e(i), g(i), i);
      // NaN is not more than any limit: without this whatever a backend gives would do.
      if (Number.isNaN(error)) throw new EtalonError(`result ${output}: element ${i} has no budget to be held to`);
      if (error < 0) {
        this.#uncompared++;
        continue;
      }
      this.#compared++;
      if (ruler.unit !== 'exact') addTo(this.#bins, [[binOf(error), 1]]);
      if (error > this.#max && error <= ruler.limit) {
        this.#max = error;
        this.#worst = describe(i);
      }
      if (error > ruler.limit) this.#note(error / (ruler.limit || 1), () => describe(i));
    }
  }

  #note(excess: number, describe: () => Element): void {
    const count = (this.#wrong?.count ?? 0) + 1;
    const worse = this.#wrong === null || excess > this.#wrong.excess;
    this.#wrong = worse ? { excess, element: describe(), count } : { ...this.#wrong!, count };
  }

  result(): Omit<Comparison, 'budgets'> {
    const wrong = this.#wrong && {
      message: messageOf(this.#wrong.element, this.#wrong.count),
      element: this.#wrong.element,
    };
    const measured = this.#unit && { unit: this.#unit, bins: [...this.#bins], max: this.#max, worst: this.#worst };
    return { compared: this.#compared, uncompared: this.#uncompared, suspect: 0, wrong, measured };
  }
}

function messageOf({ output, index, expected, got, ulp }: Element, count: number): string {
  const size = ulp === null ? '' : `, ${shown(ulp)} ulp off`;
  const others = count > 1 ? ` (and ${count - 1} more elements)` : '';
  return `result ${output}${index.length === 0 ? '' : `[${index.join(', ')}]`} is ${got}, expected ${expected}${size}${others}`;
}
const shown = (v: number): string => String(Number(v.toPrecision(3)));

function elementOf(
  y: HostArray,
  e: Value,
  g: Value,
  i: number,
  ruler: Ruler,
  output: number,
  operands: readonly HostArray[],
): Element {
  const ulp = isFloat(y.dtype) ? ulpDistance(e as number, g as number, y.dtype) : Infinity;
  const finite = (v: number): number | null => (Number.isFinite(v) ? v : null);
  const at = operands.map((x) => showElement(x.dtype, elements(x)(sizeOf(x.shape) === 1 ? 0 : i))).join(', ');
  return {
    output,
    index: unravel(i, y.shape),
    expected: showElement(y.dtype, e),
    got: showElement(y.dtype, g),
    ulp: finite(ulp),
    error: finite(distance(e, g)),
    budget: finite(ruler.allowed(modulus(e), i)),
    at: at === '' ? null : at,
  };
}

/** The multi-index of a flat position. */
function unravel(flat: number, shape: Shape): number[] {
  const index: number[] = [];
  for (const n of shape.toReversed()) {
    index.unshift(flat % n);
    flat = Math.floor(flat / n);
  }
  return index;
}
