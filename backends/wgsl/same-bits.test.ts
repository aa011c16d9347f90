/**
 * The same bits in every run: on a fresh device, and on one whose buffers are full of what others have left. One program
 * of every family, of sizes that take the ways for long rows, many updates and large matrices.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openWgsl } from '../../conformance/testing/wgsl.ts';
import { Backend } from '../../reference/core/open-backend.ts';
import { grad, jit, lax, nn, type NDArray, np, random, scipy, tree } from '../../reference/index.ts';
import { compile } from './compile/compile.ts';
import { control } from './control.ts';
import { openDevice } from './device/adapter.ts';
import { sizeClass } from './device/memory.ts';
import { WgslSession } from './device/session.ts';
import { wgsl, wgslTable } from './index.ts';

const isFull = process.env['TEST_LEVEL'] === 'full';
const DEVICES = isFull ? 20 : 1;

/** Numbers without a pattern. */
const numbers = (shape: readonly number[], seed: number): NDArray => random.normal(random.key(seed), [...shape]);

const places = random.randint(random.key(5), [3000, 1], 0, 80);

/** What a jitted function makes of arrays that were made on the host. */
const families: Readonly<Record<string, (a: NDArray, b: NDArray) => unknown>> = {
  elementwise: (a) => [np.exp(a), np.sin(a.mul(100)), scipy.special.erf(a), scipy.special.gammaln(a), a.div(3)],
  reductions: (a) => [a.sum(), a.sum(0), np.max(a, 1), np.argmax(a), np.var(a), scipy.special.logsumexp(a)],
  'cumulative sums': (a) => [np.cumsum(a.ravel()), lax.cummax(a, 0), lax.cumlogsumexp(a, 1)],
  products: (a) => [np.matmul(a, a.transpose()), np.matmul(a.transpose(), a), np.dot(a.ravel(), a.ravel())],
  convolutions: (a, b) => lax.convGeneralDilated(a.reshape([1, 4, 60, 35]), b.reshape([4, 4, 3, 3]), [1, 1], 'SAME'),
  sorting: (a) => [np.sort(a.ravel()), np.argsort(a, 1), lax.topK(a, 5)],
  gathers: (a, b) => [np.take(a.ravel(), places.ravel()), lax.dynamicSlice(b, [3, 4], [5, 5])],
  scatters: (a) => {
    const at = np.zeros([80]).at(places.ravel());
    const updates = a.ravel().slice([0, 3000]);
    return [at.add(updates), at.max(updates), at.set(updates), at.mul(updates)];
  },
  windows: (a) => lax.reduceWindowMax(a, [3, 3], { windowStrides: [2, 2] }),
  'Fourier transforms': (a) => np.abs(np.fft.fft(a.slice([0, 8]))),
  random: (a) => [random.normal(random.key(1), [500]).add(a.sum()), random.bits(random.key(2), [100])],
  'linear algebra': (_, b) => {
    const positive = np.matmul(b, b.transpose()).add(np.eye(12));
    return [np.linalg.cholesky(positive), np.linalg.solve(b, b.transpose()), np.linalg.qr(b), np.linalg.eigh(positive), np.linalg.svd(b)]; // prettier-ignore
  },
  loops: (a, b) => [
    lax.scan((c: NDArray, x: NDArray) => [np.tanh(c.add(x)), c.sum()] as [NDArray, NDArray], b, a.slice([0, 40]).sum(1).reshape([40, 1, 1])), // prettier-ignore
    lax.whileLoop((c: NDArray) => np.abs(c).sum().greater(1), (c: NDArray) => c.mul(0.7), b), // prettier-ignore
  ],
  derivatives: (a, b) => grad((w: NDArray) => np.square(nn.logSoftmax(np.matmul(a.reshape([700, 12]), w), 1)).sum())(b),
};

const opened = await openWgsl();
if (typeof opened !== 'string') opened.close();

/** SwiftShader takes ten times as long for kernels with barriers. */
const targets = [['CPUs', true], ...(isFull ? [['GPUs', false] as const] : [])] as const;

describe.skipIf(typeof opened === 'string')(
  'the same bits (skipped where no GPU can be opened)',
  { timeout: isFull ? 600_000 : 30_000 },
  () => {
    describe.each(targets)(`on ${DEVICES} devices, with kernels for %s`, (_, cpu) => {
      const devices: Backend[] = [];
      beforeAll(async () => {
        for (let i = 0; i < DEVICES; i++) {
          const session = new WgslSession({ ...(await openDevice()), cpu }, (jaxpr, target) =>
            compile(jaxpr, wgslTable, control, target),
          );
          devices.push(new Backend(wgsl, session));
        }
      });
      afterAll(() => devices.forEach((device) => device.close()));

      test.each(Object.entries(families))('%s', async (_name, f) => {
        const [a, b] = [numbers([120, 70], 1), numbers([12, 12], 6)];
        const bits = (on: Backend): Promise<readonly string[]> =>
          Promise.all(tree.leaves(jit(f, { backend: on })(a, b)).map(bitsOf));
        const first = await bits(devices[0]!);
        soil(devices[0]!.session as WgslSession);
        for (const device of devices) expect(await bits(device)).toEqual(first);
      });
    });
  },
);

const bitsOf = async (x: unknown): Promise<string> =>
  Buffer.from((await (x as NDArray).data()).buffer as ArrayBuffer).toString('base64');

/** Fills what is kept for later with NaN, or the largest integers. */
function soil({ memory, commands }: WgslSession): void {
  for (let bytes = 64; bytes <= 2 ** 20; bytes = sizeClass(bytes + 1)) {
    const some = Array.from({ length: 12 }, () => memory.acquire(bytes, { label: 'a test', source: null }));
    for (const storage of some) commands.write(storage, new Uint8Array(storage.bytes).fill(255));
    for (const storage of some) memory.release(storage);
  }
}
