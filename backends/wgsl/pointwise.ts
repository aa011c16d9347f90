/** Lowerings of elementwise primitives. */
import { type DType, isComplex } from '../../reference/core/dtypes.ts';
import { sizeOf } from '../../reference/core/host.ts';
import type { Builder } from './compile/builder.ts';
import { type Code, typeText } from './compile/statements.ts';
import { Index } from './compile/index-space.ts';
import type { Lowerer } from './compile/lowering.ts';
import { Computation, type Node, Pointwise } from './compile/node.ts';
import { type Register, registerOf, type Type } from './compile/types.ts';
import { wgslFunction, type WgslFunction } from './compile/wgsl-function.ts';

/** Computes an element from elements of the operands; `dtype` is that of the first operand. */
export type Emit<P> = (k: Builder, operands: readonly Code[], dtype: DType, params: P, result: DType) => Code;

/** A primitive whose operands have one shape, or are scalars. `cost` in additions. */
export const elementwise =
  <P>(emit: Emit<P>, cost: number = 1): Lowerer<P> =>
  (_, operands, params, [result]) => {
    const { shape, dtype } = result!;
    return [pointwise({ shape, dtype }, operands, cost, (k, x) => emit(k, x, operands[0]!.type.dtype, params, dtype))];
  };

/** A pointwise value, its narrow dtype kept to. */
export const pointwise = (type: Type, operands: readonly Node[], cost: number, emit: Pointwise['emit']): Node =>
  new Pointwise(type, operands, cost, (k, x) => narrowed(k, emit(k, x), type.dtype));

const roundHalf: WgslFunction = wgslFunction(`
fn round_f16(x: f32) -> f32 {
  let bits = bitcast<u32>(x) & 0x7fffffffu;
  if (bits >= 0x477ff000u) { return select(x, bitcast<f32>((bitcast<u32>(x) & 0x80000000u) | 0x7f800000u), bits <= 0x7f800000u); }
  // Below 2⁻¹⁴ the steps are all 2⁻²⁴; above, the last 13 bits go.
  if (bits < 0x38800000u) { return bitcast<f32>((bitcast<u32>(x) & 0x80000000u) | bitcast<u32>(round(abs(x) * 16777216.0) * 5.9604644775390625e-8)); }
  let rounded = bitcast<u32>(x) + 0xfffu + ((bits >> 13u) & 1u);
  return bitcast<f32>(rounded & 0xffffe000u);
}`);
const roundBrain: WgslFunction = wgslFunction(`
fn round_bf16(x: f32) -> f32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return x; }
  return bitcast<f32>((bits + 0x7fffu + ((bits >> 16u) & 1u)) & 0xffff0000u);
}`);

/** The value of a narrow dtype that the result of 32 bits stands for. */
export function narrowed(k: Builder, code: Code, dtype: DType): Code {
  switch (dtype) {
    case 'float16':
      return k.call(roundHalf, 'f32', k.value('f32', code));
    case 'bfloat16':
      return k.call(roundBrain, 'f32', k.value('f32', code));
    case 'uint8':
      return `(${code} & ${k.constant('uint32', 0xff)})`;
    case 'uint16':
      return `(${code} & ${k.constant('uint32', 0xffff)})`;
    case 'int8':
    case 'int16': {
      const places = k.constant('uint32', dtype === 'int8' ? 24 : 16);
      return `((${code} << ${places}) >> ${places})`;
    }
    default:
      return code;
  }
}

/** The result of a function of WGSL, in every lane; of complex numbers that of another one. */
export const called = <P>(f: WgslFunction, cost: number, complex: WgslFunction = f): Lowerer<P> =>
  elementwise((k, x, dtype, _, result) => k.call(isComplex(dtype) ? complex : f, registerOf(result), ...x), cost);

/**
 * The result of a function of WGSL that is so long that drivers take a second for it, and computes for so long that memory does
 * not count: by a kernel of its own, the same for every program, shape and dtype.
 */
export const calledAlone =
  (f: WgslFunction): Lowerer<unknown> =>
  (_, operands, __, [result]) => {
    const { shape, dtype } = result!;
    const indexOf = ({ type }: Node, i: Code): Index => Index.flat(type.shape, i);
    const [value] = new Computation({
      name: f.name,
      operands,
      results: [{ shape, dtype: 'float32' }],
      make(making, { results: [y] }) {
        making.each(sizeOf(shape), (k, i) => {
          const x = operands.map((operand) => k.element(operand, indexOf(operand, i)));
          k.define(y!, indexOf(y!, i), k.call(f, 'f32', ...x));
        });
      },
    }).results;
    return [dtype === 'float32' ? value! : pointwise({ shape, dtype }, [value!], 1, (_k, [x]) => x!)];
  };

// ---- what expressions are made of, in every lane

/** The bits of a register as those of another. */
export const bitcast = (k: Builder, to: Register, x: Code): Code => `bitcast<${typeText(to, k.lanes)}>(${x})`;

/** The value of a register as one of another. */
export const cast = (k: Builder, to: Register, x: Code): Code => `${typeText(to, k.lanes)}(${x})`;

/** A float, or a complex number, that compilers know nothing of (`opaque` of functions/floats.ts). */
export function opaque(k: Builder, x: Code, dtype: DType): Code {
  const [floats, words] = isComplex(dtype) ? ['vec2f', 'vec2u'] : [typeText('f32', k.lanes), typeText('u32', k.lanes)];
  return `bitcast<${floats}>(min(bitcast<${words}>(${x}), ${words}(0xfffffffeu)))`;
}

/** The bits of a float but for its sign. */
export const magnitudeBits = (k: Builder, x: Code): Code =>
  k.value('u32', `${bitcast(k, 'u32', x)} & ${k.constant('uint32', 0x7fffffff)}`);

/** Whether a float is NaN: compilers take x ≠ x for false. */
export const isNaN = (k: Builder, x: Code): Code =>
  k.value('bool', `${magnitudeBits(k, x)} > ${k.constant('uint32', 0x7f800000)}`);
