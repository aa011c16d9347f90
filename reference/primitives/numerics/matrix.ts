/**
 * Dense matrices over the real or the complex numbers in double precision: what the evaluation rules and the checks of
 * linear algebra compute with. An algorithm is written once, for any field.
 */
import { type DType, isComplex } from '../../core/dtypes.ts';
import { buildElements, type Complex, complexes, type Element, type HostArray, numbers, type Shape, sizeOf } from '../../core/host.ts'; // prettier-ignore

/** The operations that algorithms need of their scalars. */
export interface Field<S extends Element> {
  readonly zero: S;
  readonly one: S;
  /** The element at a flat position. */
  reader(x: HostArray): (i: number) => S;
  fromReal(x: number): S;
  re(x: S): number;
  im(x: S): number;
  add(x: S, y: S): S;
  sub(x: S, y: S): S;
  mul(x: S, y: S): S;
  div(x: S, y: S): S;
  neg(x: S): S;
  conj(x: S): S;
  scale(x: S, by: number): S;
  abs(x: S): number;
}

export const REAL: Field<number> = {
  zero: 0,
  one: 1,
  reader(x) {
    const data = numbers(x);
    return (i) => data[i]!;
  },
  fromReal: (x) => x,
  re: (x) => x,
  im: () => 0,
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  neg: (x) => -x,
  conj: (x) => x,
  scale: (x, by) => x * by,
  abs: Math.abs,
};

/** Smith's method, which neither overflows nor underflows on the way. */
function quotient(x: Complex, y: Complex): Complex {
  if (y.im === 0) return { re: x.re / y.re, im: x.im / y.re };
  if (Math.abs(y.re) >= Math.abs(y.im)) {
    const r = y.im / y.re;
    const d = y.re + y.im * r;
    return { re: (x.re + x.im * r) / d, im: (x.im - x.re * r) / d };
  }
  const r = y.re / y.im;
  const d = y.re * r + y.im;
  return { re: (x.re * r + x.im) / d, im: (x.im * r - x.re) / d };
}

export const COMPLEX: Field<Complex> = {
  zero: { re: 0, im: 0 },
  one: { re: 1, im: 0 },
  reader: complexes,
  fromReal: (x) => ({ re: x, im: 0 }),
  re: (x) => x.re,
  im: (x) => x.im,
  add: (x, y) => ({ re: x.re + y.re, im: x.im + y.im }),
  sub: (x, y) => ({ re: x.re - y.re, im: x.im - y.im }),
  mul: (x, y) => ({ re: x.re * y.re - x.im * y.im, im: x.re * y.im + x.im * y.re }),
  div: quotient,
  neg: (x) => ({ re: -x.re, im: -x.im }),
  conj: (x) => ({ re: x.re, im: -x.im }),
  scale: (x, by) => ({ re: x.re * by, im: x.im * by }),
  abs: (x) => Math.hypot(x.re, x.im),
};

/** Runs what is written for any field over the one that a dtype's elements belong to. */
export const withField = <T>(dtype: DType, run: <S extends Element>(field: Field<S>) => T): T =>
  isComplex(dtype) ? run(COMPLEX) : run(REAL);

/** √Σxᵢ², which neither overflows nor underflows on the way. */
export function norm2(values: readonly number[]): number {
  const largest = values.reduce((m, v) => Math.max(m, Math.abs(v)), 0); // NaN stays
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  return largest * Math.sqrt(values.reduce((sum, v) => sum + (v / largest) ** 2, 0));
}

/** A matrix whose elements may be set; the methods without `set` in their name leave it as it is. */
export class Matrix<S extends Element> {
  readonly field: Field<S>;
  readonly rows: number;
  readonly columns: number;
  readonly #data: S[];

  constructor(field: Field<S>, rows: number, columns: number, element: (i: number, j: number) => S) {
    this.field = field;
    this.rows = rows;
    this.columns = columns;
    this.#data = [];
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) this.#data.push(element(i, j));
  }

  static identity<S extends Element>(field: Field<S>, rows: number, columns: number = rows): Matrix<S> {
    return new Matrix(field, rows, columns, (i, j) => (i === j ? field.one : field.zero));
  }

  at(i: number, j: number): S {
    return this.#data[i * this.columns + j]!;
  }

  set(i: number, j: number, value: S): void {
    this.#data[i * this.columns + j] = value;
  }

  setRowsSwapped(i: number, k: number): void {
    for (let j = 0; j < this.columns; j++) {
      const [a, b] = [this.at(i, j), this.at(k, j)];
      this.set(i, j, b);
      this.set(k, j, a);
    }
  }

  map(f: (x: S, i: number, j: number) => S): Matrix<S> {
    return new Matrix(this.field, this.rows, this.columns, (i, j) => f(this.at(i, j), i, j));
  }

  /** |aᵢⱼ|. */
  magnitudes(): Matrix<number> {
    return new Matrix(REAL, this.rows, this.columns, (i, j) => this.field.abs(this.at(i, j)));
  }

  /** The leading rows and columns. */
  leading(rows: number, columns: number): Matrix<S> {
    return new Matrix(this.field, rows, columns, (i, j) => this.at(i, j));
  }

  /** Elements on and below diagonal k, zeros above it. */
  lower(k: number = 0): Matrix<S> {
    return this.map((x, i, j) => (j - i <= k ? x : this.field.zero));
  }

  /** Elements on and above diagonal k, zeros below it. */
  upper(k: number = 0): Matrix<S> {
    return this.map((x, i, j) => (j - i >= k ? x : this.field.zero));
  }

  transposed(): Matrix<S> {
    return new Matrix(this.field, this.columns, this.rows, (i, j) => this.at(j, i));
  }

  /** The conjugate transpose. */
  adjoint(): Matrix<S> {
    return new Matrix(this.field, this.columns, this.rows, (i, j) => this.field.conj(this.at(j, i)));
  }

  plus(other: Matrix<S>): Matrix<S> {
    return this.map((x, i, j) => this.field.add(x, other.at(i, j)));
  }

  minus(other: Matrix<S>): Matrix<S> {
    return this.map((x, i, j) => this.field.sub(x, other.at(i, j)));
  }

  times(other: Matrix<S>): Matrix<S> {
    const { field } = this;
    return new Matrix(field, this.rows, other.columns, (i, j) => {
      let sum = field.zero;
      for (let k = 0; k < this.columns; k++) sum = field.add(sum, field.mul(this.at(i, k), other.at(k, j)));
      return sum;
    });
  }

  /** Elements row by row. */
  elements(): readonly S[] {
    return this.#data;
  }

  column(j: number): S[] {
    return Array.from({ length: this.rows }, (_, i) => this.at(i, j));
  }

  /** The Frobenius norm. */
  norm(): number {
    return norm2(this.#data.map((x) => this.field.abs(x)));
  }

  /** The largest modulus; NaN if there is a NaN. */
  largest(): number {
    return this.#data.reduce((m, x) => Math.max(m, this.field.abs(x)), 0);
  }

  isFinite(): boolean {
    return this.#data.every((x) => Number.isFinite(this.field.re(x)) && Number.isFinite(this.field.im(x)));
  }

  isNaN(): boolean {
    return this.#data.every((x) => Number.isNaN(this.field.re(x)) || Number.isNaN(this.field.im(x)));
  }
}

/** The matrices of a batch. `rank` 1: vectors, as matrices of one column. */
export function matricesOf<S extends Element>(field: Field<S>, x: HostArray, rank: 1 | 2 = 2): Matrix<S>[] {
  const at = field.reader(x);
  const core = x.shape.length - rank;
  const [rows, columns = 1] = x.shape.slice(core) as [number, number?];
  return Array.from(
    { length: sizeOf(x.shape.slice(0, core)) },
    (_, b) => new Matrix(field, rows, columns, (i, j) => at((b * rows + i) * columns + j)),
  );
}

/** The array of a batch of matrices, rounded to its dtype. */
export function arrayOf<S extends Element>(dtype: DType, shape: Shape, batch: readonly Matrix<S>[]): HostArray {
  const all = batch.flatMap((m) => m.elements());
  return buildElements(dtype, shape, (i) => all[i]!);
}
