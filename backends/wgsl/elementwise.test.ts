/** Elementwise lowerings against the primitives' own evaluation, at the corners of every dtype. */
import { afterAll, describe, expect, test } from 'vitest';
import { judgeEquation } from '../../conformance/budgets.ts';
import { type InputCall, openWgsl, runCalls } from '../../conformance/testing/wgsl.ts';
import { type DType, finfo, iinfo, isFloat } from '../../reference/core/dtypes.ts';
import { avalOf, type HostArray, hostArray } from '../../reference/core/host.ts';
import type { AnyFirstOrder, Params } from '../../reference/core/primitive.ts';
import { primitives } from '../../reference/primitives/index.ts';
import { wgsl } from './index.ts';

const session = await openWgsl();
const isMissing = typeof session === 'string';
afterAll(() => {
  if (!isMissing) session.close();
});

const REALS = [
  'float32',
  'float16',
  'bfloat16',
  'int32',
  'uint32',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'bool',
] as const;

function corners(dtype: DType): number[] {
  if (isFloat(dtype)) {
    const { max, tiny, smallestSubnormal, unitRoundoff } = finfo(dtype);
    const sizes = [
      0,
      smallestSubnormal,
      tiny,
      0.25,
      0.5,
      1,
      1 + 2 * unitRoundoff,
      1.5,
      2.5,
      7,
      300,
      2 ** 31,
      max,
      Infinity,
    ];
    return [...sizes, ...sizes.map((x) => -x), NaN];
  }
  if (dtype === 'bool') return [0, 1];
  const { min, max } = iinfo(dtype);
  return [...new Set([min, min + 1, -7, -1, 0, 1, 2, 3, 5, 7, 8, 16, 31, 32, 33, 100, max - 1, max])].filter(
    (x) => x >= min && x <= max,
  );
}

/** Every corner beside every other one. */
function pairs(dtype: DType): readonly [HostArray, HostArray] {
  const all = corners(dtype);
  const x = all.flatMap((a) => all.map(() => a));
  const y = all.flatMap(() => all);
  return [hostArray(dtype, [x.length], x), hostArray(dtype, [y.length], y)];
}

const PARAMS: Readonly<Record<string, readonly Params[]>> = {
  round: [{ rounding_method: 'AWAY_FROM_ZERO' }, { rounding_method: 'TO_NEAREST_EVEN' }],
  integer_pow: [-3, -1, 0, 1, 2, 5].map((y) => ({ y })),
  convert_element_type: REALS.map((new_dtype) => ({ new_dtype, weak_type: false })),
  bitcast_convert_type: ['uint8', 'uint16', 'uint32', 'float16', 'bfloat16', 'float32'].map((new_dtype) => ({
    new_dtype,
  })),
  reduce_precision: [
    { exponent_bits: 5, mantissa_bits: 10 },
    { exponent_bits: 8, mantissa_bits: 0 },
    { exponent_bits: 3, mantissa_bits: 2 },
    { exponent_bits: 1, mantissa_bits: 23 },
  ],
};
const NAMES = [
  ...['neg', 'abs', 'sign', 'floor', 'ceil', 'round', 'add', 'sub', 'mul', 'div', 'rem', 'max', 'min', 'clamp'],
  ...['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'is_finite', 'select_n', 'and', 'or', 'xor', 'not'],
  ...['shift_left', 'shift_right_logical', 'shift_right_arithmetic', 'population_count', 'clz', 'nextafter'],
  ...['integer_pow', 'square', 'convert_element_type', 'bitcast_convert_type', 'reduce_precision'],
];

/** The calls of a primitive that are defined of one dtype, whatever number of operands it takes. */
function callsOf(name: string, dtype: DType, inputs: readonly HostArray[]): InputCall[] {
  const primitive = primitives[name as 'neg'] as AnyFirstOrder;
  if (!primitive.dtypes.includes(dtype)) return [];
  const operands = name === 'select_n' ? [2, 0, 1] : [0, 1, 0].slice(0, primitive.operands.length);
  return (PARAMS[name] ?? [{}])
    .map((params) => ({ primitive, operands, params }))
    .filter(({ params }) => isDefined(primitive, operands, inputs, params));
}

function isDefined(
  primitive: AnyFirstOrder,
  operands: readonly number[],
  inputs: readonly HostArray[],
  params: Params,
): boolean {
  const avals = operands.map((i) => avalOf(inputs[i]!));
  const broken = Object.values(primitive.constraints).some((holds) => holds(avals, params) !== true);
  const isNegativePower = primitive.name === 'integer_pow' && (params as { y: number }).y < 0;
  return !broken && !(isNegativePower && !isFloat(avals[0]!.dtype)) && wgsl.supports(primitive, avals, params) === true;
}

describe.skipIf(isMissing)(isMissing ? session : 'corners', () => {
  test.each(REALS)('%s', async (dtype) => {
    const [x, y] = pairs(dtype);
    const which = hostArray(
      'int32',
      x.shape,
      Array.from({ length: x.shape[0]! }, (_, i) => (i % 5) - 2),
    );
    const inputs = [x, y, which];
    const calls = NAMES.flatMap((name) => callsOf(name, dtype, inputs));
    const results = await runCalls(session as Exclude<typeof session, string>, calls, inputs);
    for (const [i, { primitive, operands, params }] of calls.entries()) {
      const args = operands.map((at) => inputs[at]!);
      const want = primitive.evaluate(args, params);
      const { wrong } = judgeEquation(primitive, args, params, want.slice(0, 1), [results[i]!], 'gpu');
      expect(wrong, `${primitive.name} ${JSON.stringify(params)}`).toBeNull();
    }
  });
});
