/** Bitwise operations; on bool, those of logic. Shifts and counts of bits; the floats next to one another. */
import { type DType, dtypes } from '../../reference/core/dtypes.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import type { Part } from './compile/lowering.ts';
import { registerOf } from './compile/types.ts';
import { nextAfterBrain, nextAfterHalf, nextAfterSingle } from './functions/neighbours.ts';
import { bitcast, elementwise } from './pointwise.ts';

const widthOf = (dtype: DType): number => 8 * dtypes[dtype].bytes;

/** The bits of an integer as a number without a sign. */
function unsigned(k: Builder, x: Code, dtype: DType): Code {
  const bits = bitcast(k, 'u32', x);
  return widthOf(dtype) === 32 ? bits : `(${bits} & ${k.constant('uint32', 2 ** widthOf(dtype) - 1)})`;
}

/** They as a number with a sign. */
function signed(k: Builder, x: Code, dtype: DType): Code {
  const bits = bitcast(k, 'i32', x);
  const places = k.constant('uint32', 32 - widthOf(dtype));
  return widthOf(dtype) === 32 ? bits : `((${bits} << ${places}) >> ${places})`;
}

// ---- shifts

/** WGSL's own shifts go by the count modulo 32. Without its sign, a negative count is past the width too. */
function shift(k: Builder, x: Code, y: Code, dtype: DType, sign: '<<' | '>>'): Code {
  const places = k.value('u32', bitcast(k, 'u32', y));
  const moved = `${unsigned(k, x, dtype)} ${sign} (${places} & ${k.constant('uint32', 31)})`;
  const kept = `select(${k.constant('uint32', 0)}, ${moved}, ${places} < ${k.constant('uint32', widthOf(dtype))})`;
  return bitcast(k, registerOf(dtype), kept);
}

function shiftRightArithmetic(k: Builder, x: Code, y: Code, dtype: DType): Code {
  const places = `min(${bitcast(k, 'u32', y)}, ${k.constant('uint32', 31)})`;
  return bitcast(k, registerOf(dtype), `${signed(k, x, dtype)} >> ${places}`);
}

// ---- counts

function leadingZeros(k: Builder, x: Code, dtype: DType): Code {
  const zeros = `countLeadingZeros(${unsigned(k, x, dtype)}) - ${k.constant('uint32', 32 - widthOf(dtype))}`;
  return bitcast(k, registerOf(dtype), zeros);
}

// ---- neighbours

function nextafter(k: Builder, x: Code, y: Code, dtype: DType): Code {
  const of = { bfloat16: nextAfterBrain, float16: nextAfterHalf }[dtype as string] ?? nextAfterSingle;
  return k.call(of, 'f32', x, y);
}

const isLogic = (dtype: DType): boolean => dtype === 'bool';

export const bits: Part<
  | 'and'
  | 'or'
  | 'xor'
  | 'not'
  | 'shift_left'
  | 'shift_right_logical'
  | 'shift_right_arithmetic'
  | 'population_count'
  | 'clz'
  | 'nextafter'
> = {
  and: elementwise((_, [x, y]) => `(${x} & ${y})`),
  or: elementwise((_, [x, y]) => `(${x} | ${y})`),
  xor: elementwise((_, [x, y], dtype) => (isLogic(dtype) ? `(${x} != ${y})` : `(${x} ^ ${y})`)),
  not: elementwise((_, [x], dtype) => (isLogic(dtype) ? `!${x}` : `(~${x})`)),
  shift_left: elementwise((k, [x, y], dtype) => shift(k, x!, y!, dtype, '<<'), 2),
  shift_right_logical: elementwise((k, [x, y], dtype) => shift(k, x!, y!, dtype, '>>'), 2),
  shift_right_arithmetic: elementwise((k, [x, y], dtype) => shiftRightArithmetic(k, x!, y!, dtype), 2),
  population_count: elementwise((k, [x], dtype) =>
    bitcast(k, registerOf(dtype), `countOneBits(${unsigned(k, x!, dtype)})`),
  ),
  clz: elementwise((k, [x], dtype) => leadingZeros(k, x!, dtype)),
  nextafter: elementwise((k, [x, y], dtype) => nextafter(k, x!, y!, dtype), 10),
};
