/**
 * NumPy's .npy and .npz files (format versions 1.0 to 3.0, numpy.lib.format) to host arrays and back. Files come from
 * anywhere: sizes are checked against limits before anything of that size is allocated.
 */
import { type Unzipped, unzipSync, type Zippable, zipSync } from 'fflate';
import { type DType, dtypes } from '../reference/core/dtypes.ts';
import { allocate, type HostArray, type HostData, type Shape, sizeOf } from '../reference/core/host.ts';
import { checkSize } from '../reference/core/program.ts';
import { UsageError } from './types.ts';

/** The most that is read. */
export interface NpzLimits {
  readonly files: number;
  /** Of all arrays together, unpacked. */
  readonly bytes: number;
}
export const NPZ_LIMITS: NpzLimits = { files: 100_000, bytes: 2 ** 30 };

const MAGIC = [0x93, ...new TextEncoder().encode('NUMPY')];
/** NumPy's names. It lacks bfloat16: `<V2`, two bytes without a meaning, is what ml_dtypes saves such arrays as. */
const CODES: Readonly<Record<DType, string>> = {
  bool: '|b1',
  uint8: '|u1',
  uint16: '<u2',
  uint32: '<u4',
  uint64: '<u8',
  int8: '|i1',
  int16: '<i2',
  int32: '<i4',
  int64: '<i8',
  bfloat16: '<V2',
  float16: '<f2',
  float32: '<f4',
  float64: '<f8',
  complex64: '<c8',
  complex128: '<c16',
};
const dtypeOfCode = new Map(Object.entries(CODES).map(([dtype, code]) => [code, dtype as DType]));
dtypeOfCode.set('|V2', 'bfloat16'); // as other versions of NumPy write it

/** The arrays of an .npz file by name. @throws UsageError if it is none, is beyond the limits, or holds other dtypes */
export function readNpz(bytes: Uint8Array, limits: Partial<NpzLimits> = {}): Map<string, HostArray> {
  const most = { ...NPZ_LIMITS, ...limits };
  let unpacked = 0;
  let files = 0;
  let entries: Unzipped;
  try {
    entries = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        unpacked += originalSize;
        files += 1;
        if (files > most.files) throw new UsageError(`.npz: more than ${most.files} arrays`);
        if (unpacked > most.bytes) throw new UsageError(`.npz: more than ${most.bytes} bytes unpacked`);
        return name.endsWith('.npy');
      },
    });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`.npz: not a zip file: ${(error as Error).message}`);
  }
  return new Map(Object.entries(entries).map(([name, data]) => [name.slice(0, -'.npy'.length), readNpy(data, name)]));
}

/** The array of an .npy file; `name` is for messages. @throws UsageError */
export function readNpy(bytes: Uint8Array, name: string = '.npy'): HostArray {
  const fail = (why: string): never => {
    throw new UsageError(`${name}: ${why}`);
  };
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) fail('not an .npy file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = bytes[6]! > 1;
  const start = long ? 12 : 10;
  if (bytes.length < start) fail('the header is cut off');
  const end = start + (long ? view.getUint32(8, true) : view.getUint16(8, true));
  if (bytes.length < end) fail('the header is cut off');
  const { dtype, shape } = parseHeader(new TextDecoder('latin1').decode(bytes.subarray(start, end)), fail);
  checkSize(shape, fail);
  // What is allocated next is as long as the bytes that are there.
  const size = sizeOf(shape) * dtypes[dtype].bytes;
  if (bytes.length - end !== size)
    fail(`[${shape.join(',')}] of ${dtype} has ${size} bytes, the file ${bytes.length - end}`);
  return { dtype, shape, data: decode(dtype, bytes.slice(end)) };
}

function parseHeader(header: string, fail: (why: string) => never): { dtype: DType; shape: Shape } {
  const descr = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const sizes = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (descr === undefined || order === undefined || sizes === undefined)
    return fail(`not a header of numbers: ${header.slice(0, 120)}`);
  const dtype = dtypeOfCode.get(descr);
  if (dtype === undefined)
    return fail(
      `dtype ${descr} is not supported; save one of ${Object.values(CODES).join(', ')}, e.g. x.astype('float32')`,
    );
  const shape = sizes.split(',').map((s) => s.trim()).filter((s) => s !== '').map(Number); // prettier-ignore
  if (order === 'True' && shape.length > 1) return fail('the array is in Fortran order; save np.ascontiguousarray(x)');
  return { dtype, shape };
}

/** A view of little-endian bytes that stand at the beginning of their own buffer. */
function decode(dtype: DType, bytes: Uint8Array<ArrayBuffer>): HostData {
  if (dtype === 'bool') return bytes.map((byte) => Number(byte !== 0));
  const data = allocate(dtype, bytes.length / dtypes[dtype].bytes);
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(bytes);
  return data;
}

/** An .npz file. The same arrays give the same bytes. */
export function writeNpz(arrays: ReadonlyMap<string, HostArray>): Uint8Array {
  const files: Zippable = {};
  for (const [name, array] of arrays) files[`${name}.npy`] = writeNpy(array);
  return zipSync(files, { mtime: EPOCH });
}
/** The earliest time that zip files know. */
const EPOCH = new Date(1980, 0, 1);

/** An .npy file, format version 1.0. */
export function writeNpy({ dtype, shape, data }: HostArray): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${CODES[dtype]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const start = MAGIC.length + 4;
  // Header and data begin at multiples of 64, as NumPy has it.
  const end = Math.ceil((start + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(end + data.byteLength);
  bytes.set([...MAGIC, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, end - start, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(end - start - 1)}\n`), start);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), end);
  return bytes;
}
