import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { ALL_DTYPES } from '../reference/core/dtypes.ts';
import { hostArray } from '../reference/core/host.ts';
import { readNpy, readNpz, writeNpy, writeNpz } from './npz.ts';
import { packageFile } from './package.ts';
import { makeGen } from './programs/gen.ts';
import { UsageError } from './types.ts';

const hostArrays = fc
  .record({
    dtype: fc.constantFrom(...ALL_DTYPES),
    shape: fc.array(fc.nat({ max: 4 }), { maxLength: 4 }),
  })
  .chain(({ dtype, shape }) => makeGen(fc, dtype, 'odd').array(dtype, shape));

describe('npz', () => {
  it('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9/_]{0,8}$/), hostArrays), (arrays) => {
        const map = new Map(Object.entries(arrays));
        expect(readNpz(writeNpz(map))).toEqual(map);
      }),
      { numRuns: 50 },
    );
  });

  it('writes headers that end at a multiple of 64', () => {
    fc.assert(
      fc.property(hostArrays, (x) => {
        const bytes = writeNpy(x);
        expect((bytes.length - x.data.byteLength) % 64).toBe(0);
        expect(readNpy(bytes)).toEqual(x);
      }),
      { numRuns: 50 },
    );
  });

  it('reads a file of NumPy', () => {
    const digits = readNpz(readFileSync(packageFile('fixtures/digits.npz')));
    expect(digits.get('train/images')?.shape).toEqual([1437, 8, 8]);
    expect(digits.get('test/labels')).toMatchObject({ dtype: 'int32', shape: [360] });
  });

  const one = (header: string, data = 0): Uint8Array => {
    const text = strToU8(header);
    return new Uint8Array([0x93, ...strToU8('NUMPY'), 1, 0, text.length, 0, ...text, ...new Uint8Array(data)]);
  };
  it.each([
    ['not a zip file', strToU8('nonsense')],
    ['not an .npy file', zipSync({ 'x.npy': strToU8('nonsense') })],
    ['header is cut off', zipSync({ 'x.npy': writeNpy(hostArray('float32', [1], [1])).slice(0, 40) })],
    [
      'has 40 bytes, the file 4',
      zipSync({ 'x.npy': one("{'descr': '<f4', 'fortran_order': False, 'shape': (10,), }", 4) }),
    ],
    ['<U2 is not supported', zipSync({ 'x.npy': one("{'descr': '<U2', 'fortran_order': False, 'shape': (), }", 8) })],
    ['Fortran order', zipSync({ 'x.npy': one("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", 4) })],
    [
      'rank 33',
      zipSync({ 'x.npy': one(`{'descr': '<f4', 'fortran_order': False, 'shape': (${'1,'.repeat(33)}), }`, 4) }),
    ],
    [
      'not a header of numbers',
      zipSync({ 'x.npy': one("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (), }") }),
    ],
  ])('refuses what is wrong: %s', (message, bytes) => {
    expect(() => readNpz(bytes)).toThrow(UsageError);
    expect(() => readNpz(bytes)).toThrow(message);
  });

  it('refuses what is too large before unpacking it', () => {
    const bytes = writeNpz(new Map([['zeros', hostArray('float64', [1000], [])]]));
    expect(() => readNpz(bytes, { bytes: 7000 })).toThrow('more than 7000 bytes');
    expect(() => readNpz(bytes, { files: 0 })).toThrow('more than 0 arrays');
  });
});
