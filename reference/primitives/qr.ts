/** Orthogonal factors (spec/primitives/linalg.md#qr). */
import { DECOMPOSABLE, type DType } from '../core/dtypes.ts';
import { aval, type Element, type HostArray, hostArray, sameShape, type Shape } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type Accuracy, type BackwardCheck, type Bound, type Bounded, definePrimitive } from '../core/primitive.ts';
import type { Lax } from '../core/rules.ts';
import { range } from './axes.ts';
import { reflected, type Reflected, reflector, reflectorProduct } from './numerics/decompositions.ts';
import { call, smallShape } from './draw.ts';
import { type Defined, inexact, NO_PARAMS, type NoParams, showAvals } from './elementwise.ts';
import { anyMatrix, batchShape, callOf, narrow } from './linalg-cases.ts';
import { batchOf, block, checkMatrix, columns, joined, leading, rows, upper } from './linalg-rules.ts';
import { arrayOf, type Field, Matrix, matricesOf, norm2, REAL, withField } from './numerics/matrix.ts';
import {
  apartFrom,
  boundFrom,
  boundsOf,
  certain,
  checkedRoundings,
  componentwise,
  count,
  lossOf,
  none,
} from './numerics/perturbation.ts';
import {
  type Apart,
  apart,
  judged,
  nearCheck,
  orthogonalityCheck,
  productsApart,
  reflections,
  residualCheck,
} from './qr-accuracy.ts';
import { geqrfTangents, householderTangent, qrTangents } from './qr-derivatives.ts';

/** The factors of two matrices that an operand's uncertainty leaves open, for each of a batch. */
const apartOf = (x: Bounded, eta: number): Apart[] =>
  withField(x.value.dtype, (field) => {
    const e = boundsOf(x);
    return matricesOf(field, x.value).map((a, b) => apart(a, e[b]!.norm(), x.value.dtype, eta));
  });

/** What holds for each element of a result of some shape. */
const everywhere = (rows: number, columns: number, bound: number): Matrix<number> =>
  new Matrix(REAL, rows, columns, () => bound);
/** The same on and above the diagonal, nothing below it. */
const above = (rows: number, columns: number, bound: number): Matrix<number> =>
  new Matrix(REAL, rows, columns, (i, j) => (i <= j || bound === Infinity ? bound : 0));

// ---- geqrf

type Factors = [packed: Matrix<number>, taus: Matrix<number>];

function geqrfApart(x: Bounded, eta: number): Factors[] {
  const [m, n] = [rows(x.value), columns(x.value)];
  return apartOf(x, eta).map(({ r, taus, v }) => [
    new Matrix(REAL, m, n, (i, j) => (i > j ? v.at(i, j) : r)),
    new Matrix(REAL, taus.length, 1, (k) => taus[k]!),
  ]);
}

/** Reflectors as they lie in arrays. */
const reflectors = <S extends Element>(field: Field<S>, a: HostArray, taus: HostArray): Reflected<S>[] => {
  const factors = matricesOf(field, taus, 1);
  return matricesOf(field, a).map((packed, b) => ({ packed, taus: factors[b]!.column(0) }));
};

/** |2·Re τ − |τ|²·‖v‖²|, which is zero for the unitary I − τ·v·vᴴ. */
function unitaryCheck<S extends Element>({ packed, taus }: Reflected<S>, dtype: DType): BackwardCheck {
  const { field, rows: m } = packed;
  const errors = taus.map((tau, k) => {
    const length = norm2(range(m).map((i) => field.abs(reflector(packed, i, k))));
    return Math.abs(2 * field.re(tau) - (field.abs(tau) * length) ** 2);
  });
  const allowed = 4 * checkedRoundings(reflections(1, m), dtype);
  return componentwise('|2·Re τ − |τ|²·‖v‖²|', column(errors), column(errors.map(() => allowed)));
}
const column = (values: readonly number[]): Matrix<number> => new Matrix(REAL, values.length, 1, (i) => values[i]!);

function geqrfChecks<S extends Element>(
  a: Matrix<S>,
  expected: Reflected<S>,
  got: Reflected<S>,
  [packed, taus]: Factors,
  dtype: DType,
  eta: number,
): readonly BackwardCheck[] {
  const sure = judged(a, got.packed, dtype);
  if (sure !== true) return sure;
  const k = got.taus.length;
  const q = reflectorProduct({ ...got, packed: got.packed.leading(a.rows, k) }, k);
  const factors = (r: Reflected<S>): Matrix<S> => new Matrix(a.field, k, 1, (i) => r.taus[i]!);
  return [
    unitaryCheck(got, dtype),
    residualCheck(a, q, got.packed.upper().leading(k, a.columns), dtype, eta),
    nearCheck('the distance of reflectors from the only ones', expected.packed, got.packed, packed),
    nearCheck('the distance of τ from the only one', factors(expected), factors(got), taus),
  ];
}

export const geqrf: Defined<'geqrf', NoParams, 'C1'> = definePrimitive<'geqrf', NoParams, 'C1'>({
  name: 'geqrf',
  spec: 'spec/primitives/linalg.md#geqrf',
  operands: [{ name: 'operand', dtypes: DECOMPOSABLE }],
  params: {},
  dtypes: DECOMPOSABLE,
  constraints: { C1: ([x]) => checkMatrix('operand', x!) },
  infer: ([x]) => [x!, aval([...batchOf(x!), Math.min(rows(x!), columns(x!))], x!.dtype)],
  evaluate: ([x]) =>
    withField(x!.dtype, (field) => {
      const all = matricesOf(field, x!).map(reflected);
      const taus = all.flatMap((r) => r.taus);
      const shape = [...batchOf(x!), Math.min(rows(x!), columns(x!))];
      return [arrayOf(x!.dtype, x!.shape, all.map((r) => r.packed)), hostArray(x!.dtype, shape, taus)]; // prettier-ignore
    }),
  differentiate: {
    active: inexact,
    jvp: (lax, [x], [dx], results) => (dx ? geqrfTangents(lax, x!, results, dx) : [null, null]),
  },
  batch: leading((lax, [x]) => lax.linalg.geqrf(x!)),
  bound: ([x]) => bounded(geqrfApart(x!, lossOf(x!.value))),
  accuracy: (): Accuracy => ({
    kind: 'backward',
    checks: ([x], expected, got, eta) =>
      withField(x!.dtype, (field) => {
        const [e, g] = [reflectors(field, expected[0]!, expected[1]!), reflectors(field, got[0]!, got[1]!)];
        const near = geqrfApart(certain(x!), eta);
        return matricesOf(field, x!).flatMap((a, b) => geqrfChecks(a, e[b]!, g[b]!, near[b]!, x!.dtype, eta));
      }),
    forward: ([x], _, eta) => distances(geqrfApart(certain(x!), eta)),
  }),
  cases: (gen) => batchShape(gen, 2).chain((shape) => callOf(gen, [anyMatrix(gen, narrow(shape))], NO_PARAMS)),
  breaks: { C1: (gen) => gen.fc.constantFrom([], [2]).chain((s) => call(gen, [[gen.dtype, s]], NO_PARAMS)) },
});

/** The bounds of two results, from those of each matrix of a batch. */
const distances = (all: readonly Factors[]): Float64Array[] => [0, 1].map((j) => apartFrom(all.map((f) => f[j]!)));
const bounded = (all: readonly Factors[]): Bound[] => [0, 1].map((j) => boundFrom(all.map((f) => f[j]!)));

// ---- householder_product

function productApart([a, taus]: readonly Bounded[], eta: number): Matrix<number>[] {
  const [e, f] = [boundsOf(a!), boundsOf(taus!, 1)];
  return withField(a!.value.dtype, (field) =>
    reflectors(field, a!.value, taus!.value).map((r, b) =>
      productsApart(r, { packed: e[b]!, taus: f[b]!.column(0) }, a!.value.dtype, eta),
    ),
  );
}

export const householderProduct: Defined<'householder_product', NoParams, 'C1' | 'C2' | 'C3'> = definePrimitive<
  'householder_product',
  NoParams,
  'C1' | 'C2' | 'C3'
>({
  name: 'householder_product',
  spec: 'spec/primitives/linalg.md#householder_product',
  operands: [
    { name: 'a', dtypes: DECOMPOSABLE },
    { name: 'taus', dtypes: DECOMPOSABLE },
  ],
  params: {},
  dtypes: DECOMPOSABLE,
  constraints: {
    C1: ([a, taus]) => a!.dtype === taus!.dtype || `a and taus must have one dtype, got ${showAvals([a!, taus!])}`,
    C2: ([a]) =>
      (a!.shape.length >= 2 && rows(a!) >= columns(a!)) ||
      `a must be a matrix with at least as many rows as columns, or a batch of them, got ${showAvals([a!])}`,
    C3: ([a, taus]) =>
      (taus!.shape.length >= 1 && sameShape(batchOf(a!), batchOf(taus!, 1)) && columns(taus!) <= columns(a!)) ||
      `taus must be at most one per column of a, in a batch of the same shape, got ${showAvals([a!, taus!])}`,
  },
  infer: ([a]) => [a!],
  evaluate: ([a, taus]) =>
    withField(a!.dtype, (field) => {
      const products = reflectors(field, a!, taus!).map((r) => reflectorProduct(r, columns(a!)));
      return [arrayOf(a!.dtype, a!.shape, products)];
    }),
  differentiate: {
    active: inexact,
    jvp: (lax, primals, tangents) => [householderTangent(lax, primals, tangents)],
  },
  batch: leading((lax, [a, taus]) => [lax.linalg.householderProduct(a!, taus!)]),
  bound: (operands) => [boundFrom(productApart(operands, lossOf(operands[0]!.value)))],
  accuracy: (): Accuracy => ({
    kind: 'backward',
    checks: (operands, [expected], [got], eta) =>
      withField(got!.dtype, (field) => {
        const [e, g] = [matricesOf(field, expected!), matricesOf(field, got!)];
        return productApart(operands.map(certain), eta).map((near, b) =>
          componentwise(
            '|Q − H₁·…·Hₖ|',
            e[b]!.minus(g[b]!)
              .map((v, i, j) => (near.at(i, j) < Infinity ? v : field.zero))
              .magnitudes(),
            near,
          ),
        );
      }),
    forward: (operands, _, eta) => [apartFrom(productApart(operands.map(certain), eta))],
  }),
  cases: (gen) =>
    gen.fc.tuple(batchShape(gen, 2), gen.fc.nat(3), gen.fc.boolean()).chain(([shape, fewer, genuine]) => {
      const [n, m] = narrow(shape)
        .slice(-2)
        .sort((a, b) => a - b) as [number, number];
      const batch = shape.slice(0, -2);
      const k = Math.max(0, n - (fewer === 3 ? 1 : 0));
      const a = anyMatrix(gen, [...batch, m, n]);
      const taus = gen.array(gen.dtype, [...batch, k], { values: 'finite', min: -2, max: 2 });
      if (!genuine || k < n) return callOf(gen, [a, taus], NO_PARAMS);
      return a.map((x) => ({ args: geqrf.evaluate([x], NO_PARAMS), params: NO_PARAMS }));
    }),
  breaks: {
    C1: (gen) => {
      const other = DECOMPOSABLE.find((d) => d !== gen.dtype)!;
      return call(gen, [[gen.dtype, [2, 2]], [other, [2]]], NO_PARAMS); // prettier-ignore
    },
    C2: (gen) => smallShape(gen).chain((s) => call(gen, [[gen.dtype, [...s, 2, 3]], [gen.dtype, [...s, 2]]], NO_PARAMS)), // prettier-ignore
    C3: (gen) =>
      smallShape(gen).chain(
        (s) =>
        gen.fc
          .constantFrom([...s, 3], [...s, 1, 2], [])
          .chain((t) => call(gen, [[gen.dtype, [...s, 3, 2]], [gen.dtype, t]], NO_PARAMS)), // prettier-ignore
      ),
  },
});

// ---- qr

export interface QrParams {
  /** m columns in Q and m rows in R; else the smaller of m and n. */
  readonly full_matrices: boolean;
}

const inner = (x: { readonly shape: Shape }, p: QrParams): number =>
  p.full_matrices ? rows(x) : Math.min(rows(x), columns(x));

function factors<S extends Element>(a: Matrix<S>, size: number): [q: Matrix<S>, r: Matrix<S>] {
  const r = reflected(a);
  const used = { ...r, packed: r.packed.leading(a.rows, r.taus.length) };
  return [reflectorProduct(used, size), r.packed.upper().leading(size, a.columns)];
}

const qrApart = (x: Bounded, p: QrParams, eta: number): Factors[] => {
  const [m, n, k] = [rows(x.value), columns(x.value), inner(x.value, p)];
  return apartOf(x, eta).map(({ q, r }) => [everywhere(m, k, q), above(k, n, r)]);
};

function qrChecks<S extends Element>(
  a: Matrix<S>,
  [eq, er]: readonly [Matrix<S>, Matrix<S>],
  [q, r]: readonly [Matrix<S>, Matrix<S>],
  [nearQ, nearR]: Factors,
  dtype: DType,
  eta: number,
): readonly BackwardCheck[] {
  const sure = judged(a, r, dtype);
  if (sure !== true) return sure;
  return [
    residualCheck(a, q, r, dtype, eta),
    orthogonalityCheck(q, Math.min(a.rows, a.columns), dtype, eta),
    none(
      'elements below the diagonal of R that are not zero',
      count(r, (i, j) => i > j && a.field.abs(r.at(i, j)) !== 0),
    ),
    nearCheck('the distance of Q from the only one', eq, q, nearQ),
    nearCheck('the distance of R from the only one', er, r, nearR),
  ];
}

export const qr: Defined<'qr', QrParams, 'C1'> = definePrimitive({
  name: 'qr',
  spec: 'spec/primitives/linalg.md#qr',
  operands: [{ name: 'operand', dtypes: DECOMPOSABLE }],
  params: { full_matrices: { type: 'boolean' } },
  dtypes: DECOMPOSABLE,
  constraints: { C1: ([x]) => checkMatrix('operand', x!) },
  infer: ([x], p) => [
    aval([...batchOf(x!), rows(x!), inner(x!, p)], x!.dtype),
    aval([...batchOf(x!), inner(x!, p), columns(x!)], x!.dtype),
  ],
  evaluate: ([x], p) =>
    withField(x!.dtype, (field) => {
      const k = inner(x!, p);
      const all = matricesOf(field, x!).map((a) => factors(a, k));
      return [
        arrayOf(x!.dtype, [...batchOf(x!), rows(x!), k], all.map(([q]) => q)), // prettier-ignore
        arrayOf(x!.dtype, [...batchOf(x!), k, columns(x!)], all.map(([, r]) => r)), // prettier-ignore
      ];
    }),
  differentiate: {
    active: inexact,
    jvp: (lax, [x], [dx], [q, r], p) => (dx ? qrTangents(lax, x!, q!, r!, dx, p.full_matrices) : [null, null]),
  },
  batch: leading((lax, [x], p) => lax.linalg.qr(x!, { fullMatrices: p.full_matrices })),
  bound: ([x], _, p) => bounded(qrApart(x!, p, lossOf(x!.value))),
  accuracy: (_, p): Accuracy => ({
    kind: 'backward',
    checks: ([x], expected, got, eta) =>
      withField(x!.dtype, (field) => {
        const [eq, er, gq, gr] = [...expected, ...got].map((y) => matricesOf(field, y));
        const near = qrApart(certain(x!), p, eta);
        return matricesOf(field, x!).flatMap((a, b) =>
          qrChecks(a, [eq![b]!, er![b]!], [gq![b]!, gr![b]!], near[b]!, x!.dtype, eta),
        );
      }),
    forward: ([x], _y, eta) => distances(qrApart(certain(x!), p, eta)),
  }),
  decompose: (lax, [x], p) => composed(lax, x!, p),
  cases: (gen) =>
    gen.fc
      .tuple(batchShape(gen, 2), gen.fc.boolean())
      .chain(([shape, full_matrices]) => callOf(gen, [anyMatrix(gen, shape)], { full_matrices })),
  breaks: {
    C1: (gen) => gen.fc.constantFrom([], [2]).chain((s) => call(gen, [[gen.dtype, s]], { full_matrices: true })),
  },
});

/** By the reflectors of geqrf. */
function composed(lax: Lax, x: NDArray, p: QrParams): NDArray[] {
  const [m, n, k] = [rows(x), columns(x), inner(x, p)];
  const [packed, taus] = lax.linalg.geqrf(x);
  const vectors = block(lax, packed, [0, m], [0, Math.min(m, n)]);
  const room = lax.full([...batchOf(x), m, k - Math.min(m, n)], 0, x.dtype);
  const q = lax.linalg.householderProduct(joined(lax, [vectors, room], -1), taus);
  return [q, upper(lax, block(lax, packed, [0, k], [0, n]))];
}
