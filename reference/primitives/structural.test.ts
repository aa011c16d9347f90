/** What holds of every structural primitive: its types, constraints, vmap and derivatives against their definitions. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../index.ts';
import { callsOf, gensOf, smallIntegers } from '../../conformance/testing/structural.ts';
import { ConcreteArray } from '../core/array.ts';
import { ConstraintError } from '../core/errors.ts';
import { isComplex } from '../core/dtypes.ts';
import {
  avalOf,
  buildElements,
  buildParts,
  type Element,
  elements,
  type HostArray,
  parts,
  sizeOf,
  take,
} from '../core/host.ts';
import { type AnyFirstOrder, type Call, type Gen, inferAvals } from '../core/primitive.ts';
import { bind } from '../core/trace.ts';
import { jvp, vjp } from '../transforms/grad.ts';
import { transforms } from '../transforms/rules.ts';
import { batchFlat } from '../transforms/vmap.ts';
import { algebraOf, fold } from './numerics/algebra.ts';
import * as contraction from './contraction.ts';
import * as convolution from './convolution.ts';
import * as cumulative from './cumulative.ts';
import * as indexing from './indexing.ts';
import { permuted } from './layout.ts';
import * as random from './random.ts';
import * as reduction from './reduction.ts';
import * as shape from './shape.ts';
import * as sorting from './sorting.ts';
import * as windowed from './windowed.ts';

type AnyCall = Call<Record<string, unknown>>;
type Draw = (gen: Gen) => fc.Arbitrary<AnyCall>;

const isFirstOrder = (x: unknown): x is AnyFirstOrder =>
  typeof x === 'object' && x !== null && 'kind' in x && x.kind === 'first-order';
const primitives = [
  shape,
  reduction,
  cumulative,
  sorting,
  contraction,
  convolution,
  indexing,
  windowed,
  random,
].flatMap((f): AnyFirstOrder[] => Object.values(f as Record<string, unknown>).filter(isFirstOrder));
const named = (list: readonly AnyFirstOrder[]) => list.map((p) => [p.name, p] as const);

const same = (a: HostArray, b: HostArray): void => {
  expect(avalOf(a)).toEqual(avalOf(b));
  expect(listOf(a)).toEqual(listOf(b)); // toEqual tells −0 from +0, and takes NaN for NaN
};
const listOf = (x: HostArray): unknown[] => Array.from({ length: sizeOf(x.shape) }, (_, i) => elements(x)(i));
const hostOf = (x: unknown): HostArray => (x as ConcreteArray).toHost();

/** Generators whose shapes have a rank of 5 to 8. */
const deep = (p: AnyFirstOrder): fc.Arbitrary<Gen> =>
  gensOf(p).map((gen) => ({
    ...gen,
    shape: () => fc.array(fc.constantFrom(1, 1, 2, 0, 3), { minLength: 5, maxLength: 8 }),
  }));
const anyCalls = (p: AnyFirstOrder): fc.Arbitrary<AnyCall> =>
  fc.oneof({ weight: 3, arbitrary: callsOf(p) }, { weight: 1, arbitrary: deep(p).chain((gen) => p.cases(gen)) });

describe.each(named(primitives))('%s', (_, p) => {
  it('evaluates its valid calls to what it infers', () => {
    fc.assert(
      fc.property(anyCalls(p), ({ args, params }) => {
        const results = p.evaluate(args, params);
        expect(results.map(avalOf)).toEqual(inferAvals(p, args.map(avalOf), params));
        for (const y of results) expect(y.data.length).toBe(sizeOf(y.shape) * (isComplex(y.dtype) ? 2 : 1));
      }),
    );
  });

  it.each(Object.entries(p.breaks) as [string, Draw][])('refuses calls that break %s', (id, draw) => {
    fc.assert(
      fc.property(gensOf(p).chain(draw), ({ args, params }) => {
        try {
          inferAvals(p, args.map(avalOf), params);
        } catch (error) {
          expect(error).toBeInstanceOf(ConstraintError);
          expect(error).toMatchObject({ primitive: p.name, id });
          return;
        }
        throw new Error('accepted');
      }),
      { numRuns: 30 },
    );
  });
});

// ---- vmap: lane by lane

/** Other values of the same kind: those of `x`, moved on by `k`. */
const rolled = (x: HostArray, k: number): HostArray => take(x, x.shape, (i) => (i + k) % sizeOf(x.shape));

/** The lanes side by side along axis `at`. */
function stack(like: HostArray, lanes: readonly HostArray[], at: number): HostArray {
  const fronts = lanes.map((x) => ({ ...x, shape: [1, ...x.shape] }));
  const none = take(like, [0, ...like.shape], () => 0);
  const [front] = shape.concatenate.evaluate([none, ...fronts], { dimension: 0 });
  const order = like.shape.map((_, d) => d + 1);
  order.splice(at, 0, 0);
  return permuted(front!, order);
}

/** Lane `k` of a value with its lanes along axis `at`. */
function lane(x: HostArray, at: number | null, k: number): HostArray {
  if (at === null) return x;
  const front = permuted(
    x,
    [at, ...x.shape.keys()].filter((d, i) => i === 0 || d !== at),
  );
  const inner = front.shape.slice(1);
  return take(front, inner, (i) => k * sizeOf(inner) + i);
}

describe.each(named(primitives.filter((p) => p.operands.length > 0)))('vmap of %s', (_, p) => {
  const places = fc.array(fc.option(fc.nat(4)), { minLength: 6, maxLength: 6 });
  it('is the primitive on each lane', () => {
    fc.assert(
      fc.property(anyCalls(p), fc.nat(3), places, ({ args, params }, size, choice) => {
        // The first operand always has the batch axis, the others where the choice is not null.
        const at = args.map((x, i) => {
          const place = choice[i % 6] ?? (i === 0 ? 0 : null);
          return place === null ? null : place % (x.shape.length + 1);
        });
        const lanes = Array.from({ length: size }, (_x, k) => args.map((x, i) => (at[i] === null ? x : rolled(x, k))));
        const stacked = args.map((x, i) => {
          const place = at[i]!;
          return place === null
            ? x
            : stack(
                x,
                lanes.map((l) => l[i]!),
                place,
              );
        });
        const { out, at: outAt } = batchFlat(
          transforms,
          (xs) => bind(p, xs, params),
          stacked.map((x) => ConcreteArray.fromHost(x)),
          at,
          { size, name: null },
        );
        lanes.forEach((xs, k) => {
          p.evaluate(xs, params).forEach((y, j) => same(lane(hostOf(out[j]), outAt[j]!, k), y));
        });
        p.evaluate(args, params).forEach(({ shape: one }, j) => {
          const place = outAt[j]!;
          expect(hostOf(out[j]).shape).toEqual(place === null ? one : one.toSpliced(place, 0, size));
        });
      }),
      { numRuns: 150 },
    );
  });
});

// ---- derivatives, on small integers: no operation rounds, so equations hold exactly

/** Not polynomials, or kinked: their derivatives stand in the tests of their families. */
const OTHERS = /max$|min$|^select_|^cumlogsumexp$|^sort$|^top_k$/;
const differentiable = primitives.filter((p) => !('zero' in p.differentiate) && !OTHERS.test(p.name));
const inDoubles = (['float64', 'complex128'] as const).flatMap((dtype) =>
  differentiable.filter((p) => p.dtypes.includes(dtype)).map((p) => [p.name, dtype, p] as const),
);

describe.each(inDoubles)('derivative of %s in %s', (_, dtype, p) => {
  const degreeTwo = !/prod$|_mul$/.test(p.name); // products: their derivatives stand in the tests of their families
  const { zero, add, mul } = algebraOf(dtype);
  const integers = (x: HostArray, seed: number): HostArray => (x.dtype === dtype ? smallIntegers(x, seed) : x);
  /** Zero and the powers of i, or of −1: their products stay small. */
  const units = isComplex(dtype)
    ? [zero, { re: 1, im: 0 }, { re: 0, im: 1 }, { re: -1, im: 0 }, { re: 0, im: -1 }]
    : [zero, 1, -1, 1, -1];
  const factors = (x: HostArray, seed: number): HostArray =>
    x.dtype === dtype ? buildElements(dtype, x.shape, (i) => units[(i * 7 + seed * (i + 3)) % 5]!) : x;
  /** Σ aᵢ·bᵢ, complex numbers not conjugated. */
  const inner = (xs: readonly HostArray[], ys: readonly HostArray[]): Element =>
    xs.reduce((sum, x, k) => {
      const [a, b] = [elements(x), elements(ys[k]!)];
      return fold((i) => mul(a(i), b(i)), 0, sizeOf(x.shape), sum, add);
    }, zero);
  const active = (args: readonly HostArray[]): number[] => args.flatMap((x, i) => (x.dtype === dtype ? [i] : []));

  /** Primals, a direction, a cotangent, and the function of the active operands alone. */
  const points = fc
    .tuple(callsOf(p, [dtype]), fc.tuple(fc.nat(50), fc.nat(50), fc.nat(50)))
    .map(([call, [s, t, u]]) => {
      const args = call.args.map((x) => (degreeTwo ? integers(x, s) : factors(x, s)));
      const at = active(args);
      const x = at.map((i) => args[i]!);
      const v = x.map((a) => integers(a, t));
      const w = p.evaluate(args, call.params).map((y) => integers(y, u));
      const run = (xs: readonly HostArray[]): readonly HostArray[] =>
        p.evaluate(
          args.map((a, i) => (at.includes(i) ? xs[at.indexOf(i)]! : a)),
          call.params,
        );
      const f = (...xs: ConcreteArray[]) =>
        bind(
          p,
          args.map((a, i) => (at.includes(i) ? xs[at.indexOf(i)]! : ConcreteArray.fromHost(a))),
          call.params,
        )[0]!;
      return { x, v, w, run, f };
    });
  const arrays = (xs: readonly HostArray[]): ConcreteArray[] => xs.map((x) => ConcreteArray.fromHost(x));
  const tangentOf = (f: unknown, x: readonly HostArray[], v: readonly HostArray[]): HostArray =>
    hostOf(jvp(f as Parameters<typeof jvp>[0], arrays(x), arrays(v))[1]);

  if (degreeTwo)
    it('in a direction is the coefficient of ε in f(x + ε·v)', () => {
      fc.assert(
        fc.property(points, ({ x, v, run, f }) => {
          const [at0, at1, at2] = [0, 1, 2].map((e) =>
            parts(run(x.map((a, k) => buildParts(dtype, a.shape, (i) => parts(a)[i]! + e * parts(v[k]!)[i]!)))[0]!),
          );
          parts(tangentOf(f, x, v)).forEach((t, i) => {
            // The linear coefficient of a polynomial of degree 2 at most; a NaN was filled in and does not move.
            const slope = (4 * at1![i]! - at2![i]! - 3 * at0![i]!) / 2;
            expect(t + 0).toBe(Number.isNaN(slope) ? 0 : slope);
          });
        }),
        { numRuns: 50 },
      );
    });

  it('backwards is the transpose of forwards', () => {
    fc.assert(
      fc.property(points, ({ x, v, w, f }) => {
        const forward = tangentOf(f, x, v);
        const [, back] = vjp(f as Parameters<typeof vjp>[0], arrays(x));
        const cotangents = (back(ConcreteArray.fromHost(w[0]!)) as readonly unknown[]).map(hostOf);
        cotangents.forEach((c, k) => expect(avalOf(c)).toEqual(avalOf(x[k]!)));
        expect(inner(cotangents, v)).toEqual(inner([forward], w));
      }),
      { numRuns: 50 },
    );
  });
});
