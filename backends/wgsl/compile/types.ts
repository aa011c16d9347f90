/** How values are held: in registers of a kernel, and in buffers (spec/backend.md#webgpu). */
import { type DType, dtypes } from '../../../reference/core/dtypes.ts';
import { allocate, bfloat16Bits, type HostArray, type Shape, sizeOf } from '../../../reference/core/host.ts';

/** What is known of a value while a program is compiled. */
export interface Type {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What WGSL computes with. */
export type Register = 'f32' | 'i32' | 'u32' | 'bool' | 'vec2f';
/** What a buffer is an array of; every array is padded to 16 bytes. */
export type Stored = 'f32' | 'i32' | 'u32' | 'vec2f';

interface Held {
  readonly register: Register;
  readonly stored: Stored;
}

/**
 * Narrow integers are 32 bits that wrap after each operation, float16 and bfloat16 are float32 that rounds: that is their
 * own arithmetic, as 24 bits of precision are more than twice 11 and two (Figueroa, "When is double rounding innocuous?", 1995).
 */
const held: { readonly [D in DType]?: Held } = {
  bool: { register: 'bool', stored: 'u32' },
  uint8: { register: 'u32', stored: 'u32' },
  uint16: { register: 'u32', stored: 'u32' },
  uint32: { register: 'u32', stored: 'u32' },
  int8: { register: 'i32', stored: 'i32' },
  int16: { register: 'i32', stored: 'i32' },
  int32: { register: 'i32', stored: 'i32' },
  bfloat16: { register: 'f32', stored: 'f32' },
  float16: { register: 'f32', stored: 'f32' },
  float32: { register: 'f32', stored: 'f32' },
  complex64: { register: 'vec2f', stored: 'vec2f' },
};

/** Whether kernels compute with a dtype. */
export const isHeld = (dtype: DType): boolean => dtype in held;
export const registerOf = (dtype: DType): Register => heldAs(dtype).register;
export const storedAs = (dtype: DType): Stored => heldAs(dtype).stored;

function heldAs(dtype: DType): Held {
  const found = held[dtype];
  if (found === undefined) throw new Error(`no kernel computes with ${dtype}`);
  return found;
}

/** The bytes of one element in a buffer. What nothing computes with is kept as it is. */
const bytesOf = (dtype: DType): number => (isHeld(dtype) ? (storedAs(dtype) === 'vec2f' ? 8 : 4) : dtypes[dtype].bytes);

/** The size of a buffer: whole vectors of four, and at least one. */
export const bufferBytes = ({ shape, dtype }: Type): number =>
  Math.max(16, Math.ceil((sizeOf(shape) * bytesOf(dtype)) / 16) * 16);

// ---- between host and device

/** The bytes of a host array as a buffer holds them. */
export function toDevice({ dtype, data }: HostArray): ArrayBufferView<ArrayBuffer> {
  switch (dtype) {
    case 'bool':
    case 'uint8':
    case 'uint16':
      return Uint32Array.from(data as Uint8Array | Uint16Array);
    case 'int8':
    case 'int16':
      return Int32Array.from(data as Int8Array | Int16Array);
    case 'float16':
      return Float32Array.from(data as Float16Array);
    case 'bfloat16':
      return Uint32Array.from(data as Uint16Array, (bits) => bits << 16);
    default:
      return data as ArrayBufferView<ArrayBuffer>;
  }
}

/** The host array of what a buffer holds. */
export function fromDevice({ shape, dtype }: Type, bytes: ArrayBuffer): HostArray {
  const n = sizeOf(shape);
  const data = allocate(dtype, n);
  switch (dtype) {
    case 'bool':
    case 'uint8':
    case 'uint16':
      (data as Uint8Array | Uint16Array).set(new Uint32Array(bytes, 0, n));
      break;
    case 'int8':
    case 'int16':
      (data as Int8Array | Int16Array).set(new Int32Array(bytes, 0, n));
      break;
    case 'float16':
      (data as Float16Array).set(new Float32Array(bytes, 0, n));
      break;
    case 'bfloat16':
      (data as Uint16Array).set(Uint16Array.from(new Float32Array(bytes, 0, n), bfloat16Bits));
      break;
    default:
      new Uint8Array(data.buffer).set(new Uint8Array(bytes, 0, data.byteLength));
  }
  return { shape, dtype, data };
}
