import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import 'etalon';
import { makeGen } from '../../conformance/programs/gen.ts';
import { ConcreteArray } from '../core/array.ts';
import { ConstraintError } from '../core/errors.ts';
import { type DType, finfo } from '../core/dtypes.ts';
import { type Element, type HostArray, avalOf, elements, hostScalar, numbers, sizeOf } from '../core/host.ts';
import {
  type AnyFirstOrder,
  type Call,
  type ConstraintId,
  type Gen,
  inferAvals,
  SHAPE_CLASSES,
} from '../core/primitive.ts';
import * as lax from '../lax.ts';
import { ulpSize } from '../transforms/rounding.ts';
import * as arithmetic from './arithmetic.ts';
import * as bits from './bits.ts';
import * as comparison from './comparison.ts';
import * as complex from './complex.ts';
import { modulus, subComplex } from './numerics/complex-functions.ts';
import * as conversion from './conversion.ts';
import * as math from './math.ts';
import * as trigonometry from './trigonometry.ts';

const families = [arithmetic, bits, comparison, complex, conversion, math, trigonometry].flatMap(
  (family): AnyFirstOrder[] => Object.values(family),
);
type Draw = (gen: Gen) => fc.Arbitrary<Call<Record<string, unknown>>>;

/** A cell of a primitive: one of its dtypes, one shape class. */
const cells = ({ dtypes }: AnyFirstOrder): fc.Arbitrary<Gen> =>
  fc
    .record({
      dtype: fc.constantFrom(...dtypes),
      shapeClass: fc.constantFrom(...SHAPE_CLASSES.filter((c) => c !== 'large')),
    })
    .map(({ dtype, shapeClass }) => makeGen(fc, dtype, shapeClass));

const infer = (primitive: AnyFirstOrder, { args, params }: Call<Record<string, unknown>>) =>
  inferAvals(primitive, args.map(avalOf), params);

describe.each(families.map((p) => [p.name, p] as const))('%s', (_, primitive) => {
  it('evaluates its valid calls to what it infers', () => {
    const calls = cells(primitive).chain((gen) => (primitive.cases as Draw)(gen));
    fc.assert(
      fc.property(calls, (call) => {
        const results = primitive.evaluate(call.args, call.params).map(avalOf);
        expect(results).toEqual(infer(primitive, call).map((a) => ({ ...a, weak: false })));
      }),
      { numRuns: 40 },
    );
  });

  const breaks = Object.entries(primitive.breaks as Record<ConstraintId, Draw>);
  it.each(breaks)('rejects calls that break %s', (id, draw) => {
    const calls = cells(primitive).chain(draw);
    fc.assert(
      fc.property(calls, (call) => {
        const thrown = caught(() => infer(primitive, call));
        expect(thrown).toBeInstanceOf(ConstraintError);
        expect(thrown).toMatchObject({ id });
      }),
      { numRuns: 20 },
    );
  });
});

function caught(f: () => unknown): unknown {
  try {
    f();
  } catch (error) {
    return error;
  }
  return null;
}

// Results that are complex are judged on discs, by the suite.
const slopes = families.filter(
  (p) => typeof p.bound === 'object' && p.dtypes.includes('float64') && p.name !== 'complex',
);
const coordinates = fc.oneof(
  fc.double({ min: -8, max: 8, noNaN: true }),
  fc.integer({ min: -5, max: 5 }),
  fc.double({ min: -1e-3, max: 1e-3, noNaN: true }),
);

describe.each(slopes.map((p) => [p.name, p] as const))('the error bound of %s', (name, primitive) => {
  const { bound, operands } = primitive;
  const params = name === 'convert_element_type' ? { new_dtype: 'float64', weak_type: false } : {};
  const boxes = fc.array(fc.tuple(coordinates, fc.constantFrom(0, 1e-6, 0.1, 2)), {
    minLength: operands.length,
    maxLength: operands.length,
  });
  const at = (x: readonly number[], y: number): number =>
    numbers(
      primitive.evaluate(
        x.map((v): HostArray => hostScalar('float64', v)),
        { ...params, y },
      )[0]!,
    )[0]!;

  it('holds between any two points of a box', () => {
    const points = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(boxes, points, fc.integer({ min: -3, max: 5 }), (box, where, y) => {
        const lo = box.map(([x]) => x);
        const hi = box.map(([x, width]) => x + width);
        const inside = (from: number): number[] =>
          box.map(([x, width], i) => Math.min(x + where[from + i]! * width, hi[i]!));
        const [a, b] = [inside(0), inside(3)];
        const constants = (bound as Exclude<typeof bound, string | ((...xs: never) => unknown)>).elementwise(lo, hi, {
          ...params,
          y,
        });
        // 0·∞ is 0: an operand that does not move adds nothing.
        const reach = constants.reduce((sum, l, i) => sum + (a[i] === b[i] ? 0 : l * Math.abs(a[i]! - b[i]!)), 0);
        const [fa, fb] = [at(a, y), at(b, y)];
        // Beside the exact functions' distance, both values and the bound itself are rounded.
        const rounding = 2 ** -48 * (Math.abs(fa) + Math.abs(fb) + (reach === Infinity ? 0 : reach)) + 1e-300;
        expect(Object.is(fa, fb) || Math.abs(fa - fb) <= reach + rounding || reach === Infinity).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

/** How far apart two elements are, as a multiple of what accuracy counts in: ulps, or units of roundoff of the modulus. */
function apart(y: Element, z: Element, dtype: DType): number {
  if (typeof y === 'object' && typeof z === 'object') {
    const size = modulus(y);
    if (!Number.isFinite(size)) return Number.isFinite(modulus(z)) ? Infinity : 0;
    const { unitRoundoff, smallestSubnormal } = finfo(dtype);
    return modulus(subComplex(y, z)) / (unitRoundoff * size + smallestSubnormal);
  }
  if (Object.is(y, z)) return 0;
  return typeof y === 'bigint' ? Infinity : Math.abs((y as number) - (z as number)) / ulpSize(y as number, dtype);
}

describe.each(families.filter((p) => p.decompose).map((p) => [p.name, p] as const))('%s decomposed', (_, primitive) => {
  it('is within its accuracy', () => {
    const calls = cells(primitive).chain((gen) => (primitive.cases as Draw)(gen));
    fc.assert(
      fc.property(calls, (call) => {
        const operands = call.args.map((x) => ConcreteArray.fromHost(x));
        const got = elements((primitive.decompose!(lax, operands, call.params)[0] as ConcreteArray).toHost());
        const expected = primitive.evaluate(call.args, call.params)[0]!;
        const wanted = elements(expected);
        const accuracy = primitive.accuracy(call.args.map(avalOf), call.params);
        const allowed = 'n' in accuracy ? accuracy.n + 0.5 : 0;
        for (let i = 0; i < sizeOf(expected.shape); i++) {
          expect(apart(wanted(i), got(i), expected.dtype)).toBeLessThanOrEqual(allowed);
        }
      }),
    );
  });
});
