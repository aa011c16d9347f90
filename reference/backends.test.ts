import { expect, test } from 'vitest';
import { backend, devicePut, errors, jit, type NDArray, np, reference } from './index.ts';

test('a backend is opened once by its name, and again when it has been closed', async () => {
  const first = await backend('tfjs:cpu');
  expect(await backend('tfjs:cpu')).toBe(first);
  const x = devicePut(np.array([1, 2]), first);
  first.close();
  const [second, same] = await Promise.all([backend('tfjs:cpu'), backend('tfjs:cpu')]);
  expect(second).not.toBe(first);
  expect(same).toBe(second);
  const f = (y: NDArray): NDArray => y.add(1);
  expect(jit(f, { backend: second })(np.array([1, 2])).js()).toEqual([2, 3]);
  expect(() => jit(f, { backend: first })(np.array([1, 2]))).toThrow(errors.DisposedError);
  expect(() => x.js()).toThrow('was used after its backend tfjs:cpu was closed');
  second.close();
});

test('the reference is always open', async () => {
  expect(await backend('reference')).toBe(reference);
});

test('an open backend keeps the options that it was opened with', async () => {
  const paths = { wasmPaths: '/wasm/' };
  const first = await backend('tfjs:cpu', paths);
  expect(await backend('tfjs:cpu', paths)).toBe(first);
  expect(await backend('tfjs:cpu')).toBe(first);
  const other = backend('tfjs:cpu', { wasmPaths: '/' });
  await expect(other).rejects.toThrow(
    'tfjs:cpu is open already, with wasmPaths the string "/wasm/", not the string "/"',
  );
  first.close();
  await expect(backend('tfjs:cpu', { wasmPath: '/' })).rejects.toThrow(errors.OptionError);
});
