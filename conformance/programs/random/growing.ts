/**
 * A program while it grows. Every value is computed, and its error bound carried, as soon as it is made, so that a step
 * whose result nobody could compare is not taken.
 */
import { type DType, isInexact } from '../../../reference/core/dtypes.ts';
import { type Aval, aval, avalOf, type HostArray, moduli, type Shape, sizeOf } from '../../../reference/core/host.ts';
import type { Jaxpr } from '../../../reference/core/jaxpr.ts';
import type { NDArray } from '../../../reference/core/ndarray.ts';
import type { Bounded } from '../../../reference/core/primitive.ts';
import { carry } from '../../../reference/transforms/error-bound.ts';
import { transforms as t } from '../../../reference/transforms/rules.ts';
import type { RandomStream } from '../random-stream.ts';
import type { Sample } from '../sample.ts';

const { lax } = t;

/** Of the elements of a result at most this share may have an infinite bound. */
const UNCOMPARED = 0.01;
/** Larger numbers are no operands: what is made of them leaves the range of narrow floats. */
const LARGEST = 1e3;
/** Operands are scaled to at most this. */
const MODERATE = 4;

/** An operand has at most so many copies of a result. */
const MOST_COPIES = 4;

/** What stands for an operand of a step: a value that there is, by its number, or a new input. */
export type Source = number | HostArray;

interface Step {
  readonly jaxpr: Jaxpr;
  /** Numbers of values, one for each input of the jaxpr; its results follow the values that there were. */
  readonly from: readonly number[];
}

/** Whether enough of the elements have a finite bound. */
export function isComparable(results: readonly Bounded[]): boolean {
  let [unknown, all] = [0, 0];
  for (const { value, bound } of results) {
    all += sizeOf(value.shape);
    unknown += bound?.worst.reduce((n, w) => n + Number(w === Infinity), 0) ?? 0;
  }
  return unknown <= UNCOMPARED * all;
}

export class Growing {
  readonly #values: Bounded[] = [];
  readonly #inputs: number[] = [];
  readonly #steps: Step[] = [];
  /** Numbers of the values that steps gave, and of those that steps took. */
  readonly #results: number[] = [];
  readonly #used = new Set<number>();

  /** A new input. */
  input(x: Bounded): number {
    this.#inputs.push(this.#values.length);
    return this.#values.push(x) - 1;
  }

  value(source: Source): Bounded {
    return typeof source === 'number' ? this.#values[source]! : { value: source, bound: null };
  }

  /** A value that steps can go on with, for an operand of so many elements, new ones first; null: there is none. */
  pick(random: RandomStream, wanted: number = 1): number | null {
    for (let tries = 0; tries < 4; tries++) {
      const n = this.#values.length;
      const i = random.chance(0.6) ? n - 1 - random.below(Math.min(n, 4)) : random.below(n);
      if (isUsable(this.#values[i], wanted)) return i;
    }
    return null;
  }

  /** Goes a step, unless too little of its results could be compared. */
  add(jaxpr: Jaxpr, sources: readonly Source[]): boolean {
    const results = carry(jaxpr, sources.map((s) => this.value(s)), 'strict', 'gauge'); // prettier-ignore
    if (!isComparable(results)) return false;
    const from = sources.map((s) => (typeof s === 'number' ? s : this.input(this.value(s))));
    from.forEach((i) => this.#used.add(i));
    this.#steps.push({ jaxpr, from });
    for (const y of results) this.#results.push(this.#values.push(y) - 1);
    return true;
  }

  /** Results are the values that no step has used. */
  sample(): Sample {
    const inputs = this.#inputs.map((i) => this.#values[i]!.value);
    const outputs = this.#results.filter((i) => !this.#used.has(i));
    const jaxpr = t.trace((...xs) => {
      const made = new Map<number, NDArray>(this.#inputs.map((i, k) => [i, xs[k]!]));
      const results = this.#results[Symbol.iterator]();
      for (const step of this.#steps) {
        for (const y of t.evaluate(step.jaxpr, step.from.map((i) => made.get(i)!))) made.set(results.next().value!, y); // prettier-ignore
      }
      return outputs.map((i) => made.get(i)!);
    }, inputs.map(avalOf)); // prettier-ignore
    const active = inputs.flatMap((x, i) => (isInexact(x.dtype) ? [i] : []));
    return { jaxpr, inputs, active, choices: 'gauge' };
  }
}

/**
 * Moderate numbers, known well enough that what is made of them can be compared. Copies of a result err alike, which is not
 * likely of the elements of an array: there are few.
 */
function isUsable(x: Bounded | undefined, wanted: number): boolean {
  if (x === undefined || sizeOf(x.value.shape) === 0) return false;
  if (x.bound !== null && wanted > MOST_COPIES * sizeOf(x.value.shape)) return false;
  if (!isInexact(x.value.dtype)) return x.bound === null || x.bound.worst.every((w) => w === 0);
  return moduli(x.value).every((v, i) => v <= LARGEST && (x.bound?.worst[i] ?? 0) <= 0.05 * (1 + v));
}

/** Makes an operand of a type out of a value. */
export type Fit = (x: NDArray) => NDArray;

/** Elements are scaled, converted, and repeated or left out, as the type needs it. */
export function fitted({ value }: Bounded, { shape, dtype }: Pick<Aval, 'shape' | 'dtype'>): Fit {
  const scale = scaleOf(value);
  return (x) => resized(converted(scale === 1 ? x : lax.mul(x, scale), dtype), shape);
}

/** A power of two that makes the numbers moderate; integers stay. */
function scaleOf(x: HostArray): number {
  if (!isInexact(x.dtype)) return 1;
  const largest = moduli(x).reduce((a, b) => Math.max(a, b), 0);
  return largest <= MODERATE ? 1 : 2 ** -Math.ceil(Math.log2(largest / MODERATE));
}

const converted = (x: NDArray, dtype: DType): NDArray => (x.dtype === dtype ? x : lax.convertElementType(x, dtype));

function resized(x: NDArray, shape: Shape): NDArray {
  const [n, m] = [x.size, sizeOf(shape)];
  if (n === m) return x.shape.join() === shape.join() ? x : lax.reshape(x, [...shape]);
  if (n === 0) return lax.zerosLike(aval(shape, x.dtype));
  if (n === 1) return lax.broadcastInDim(lax.reshape(x, []), [...shape], []);
  const flat = lax.reshape(x, [n]);
  const copies = Array.from({ length: Math.ceil(m / n) }, () => flat);
  const enough = copies.length > 1 ? lax.concatenate(copies, 0) : flat;
  return lax.reshape(enough.size === m ? enough : lax.slice(enough, [0], [m]), [...shape]);
}
