/** Where an element is, in the text of a kernel. */
import { type Shape, sizeOf, stridesOf } from '../../../reference/core/host.ts';
import type { Builder } from './builder.ts';
import type { Code } from './statements.ts';

const literal = /^\d+u$/;
const valueOf = (code: Code): number | null => (literal.test(code) ? Number(code.slice(0, -1)) : null);

/** a + b, a · n and a / n of u32, what is known done at once. */
export function addIndex(a: Code, b: Code): Code {
  if (a === '0u') return b;
  if (b === '0u') return a;
  const [x, y] = [valueOf(a), valueOf(b)];
  return x !== null && y !== null ? `${x + y}u` : `(${a} + ${b})`;
}
export function timesIndex(a: Code, n: number): Code {
  const x = valueOf(a);
  if (x !== null) return `${x * n}u`;
  return n === 0 ? '0u' : n === 1 ? a : `(${a} * ${n}u)`;
}
/** a + n of u32, which wraps below 0. */
export function shiftIndex(a: Code, n: number): Code {
  const x = valueOf(a);
  if (x !== null) return `${(x + n) >>> 0}u`;
  return n === 0 ? a : n > 0 ? `(${a} + ${n}u)` : `(${a} - ${-n}u)`;
}
/** Software drivers divide as they are told: lane by lane, unless it is a shift. */
export function divideIndex(a: Code, n: number): Code {
  const x = valueOf(a);
  if (x !== null) return `${Math.floor(x / n)}u`;
  return n === 1 ? a : Number.isInteger(Math.log2(n)) ? `(${a} >> ${Math.log2(n)}u)` : `(${a} / ${n}u)`;
}

/** What is left of a when n goes into it `quotient` times. */
function remainder(a: Code, quotient: Code, n: number): Code {
  const x = valueOf(a);
  if (x !== null) return `${x % n}u`;
  return Number.isInteger(Math.log2(n)) ? `(${a} & ${n - 1}u)` : `(${a} - ${quotient} * ${n}u)`;
}

const named = (k: Builder, code: Code): Code => (valueOf(code) === null ? k.let('u32', code) : code);

/** An index into an array of a shape: either one number, row-major, or one per axis. */
export class Index {
  readonly shape: Shape;
  readonly #flat: Code | null;
  readonly #dims: readonly Code[] | null;

  private constructor(shape: Shape, flat: Code | null, dims: readonly Code[] | null) {
    this.shape = shape;
    this.#flat = flat;
    this.#dims = dims;
  }

  static flat(shape: Shape, code: Code): Index {
    return new Index(shape, sizeOf(shape) === 1 ? '0u' : code, null);
  }

  static of(shape: Shape, dims: readonly Code[]): Index {
    return new Index(
      shape,
      null,
      dims.map((d, i) => (shape[i] === 1 ? '0u' : d)),
    );
  }

  /** Whether it was given as one number: then that is cheap. */
  get isFlat(): boolean {
    return this.#flat !== null;
  }

  /** The position in row-major order. */
  flat(k: Builder): Code {
    if (this.#flat !== null) return this.#flat;
    const strides = stridesOf(this.shape);
    const sum = this.#dims!.reduce((at, d, i) => addIndex(at, timesIndex(d, strides[i]!)), '0u');
    return named(k, sum);
  }

  /** The position along each axis. */
  dims(k: Builder): readonly Code[] {
    if (this.#dims !== null) return this.#dims;
    const dims: Code[] = this.shape.map(() => '0u');
    const first = this.shape.findIndex((n) => n !== 1);
    let rest = this.#flat!;
    for (let d = this.shape.length - 1; d > first; d--) {
      const n = this.shape[d]!;
      if (n === 1) continue;
      const quotient = named(k, divideIndex(rest, n));
      dims[d] = named(k, remainder(rest, quotient, n));
      rest = quotient;
    }
    if (first >= 0) dims[first] = rest;
    return dims;
  }

  /** The same element of an array of another shape with as many elements. */
  reshaped(k: Builder, shape: Shape): Index {
    return Index.flat(shape, this.flat(k));
  }

  /** Tells indices apart within a kernel. */
  get key(): string {
    return this.#flat ?? `[${this.#dims!.join(',')}]`;
  }
}
