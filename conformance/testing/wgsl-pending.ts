/**
 * What programs see of arrays on wgsl that are not computed yet (spec/backend.md#executables). It runs in Node and in a
 * page alike, so it observes, and leaves it to the test to expect.
 */
import { wgsl, wgslTable } from '../../backends/wgsl/index.ts';
import { compile } from '../../backends/wgsl/compile/compile.ts';
import { control } from '../../backends/wgsl/control.ts';
import { openDevice } from '../../backends/wgsl/device/adapter.ts';
import { WgslSession } from '../../backends/wgsl/device/session.ts';
import { pointwise } from '../../backends/wgsl/pointwise.ts';
import { type BackendDefinition, defineBackend } from '../../reference/core/backend.ts';
import { backend, devicePut, jit, lax, type NDArray, np } from '../../reference/index.ts';

/** wgsl, but for a kernel of `tan` that no compiler takes. */
const faulty: BackendDefinition = defineBackend({
  ...wgsl,
  name: 'faulty',
  open: async () =>
    new WgslSession(await openDevice(), (jaxpr, target) => compile(jaxpr, { ...wgslTable, tan }, control, target)),
});
const tan: (typeof wgslTable)['tan'] = (_, [x]) => [pointwise(x!.type, [x!], 1, () => 'no_such_function()')];

/** The error of a call, or of a promise: class and message. */
async function errorOf(f: () => unknown): Promise<string> {
  try {
    await f();
    return 'none';
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message.split('\n')[0]}`;
  }
}
const numbersOf = async (x: NDArray): Promise<number[]> => Array.from((await x.data()) as Float32Array);

export interface Pending {
  /** Values computed from values that nobody has waited for. */
  readonly chained: readonly number[];
  readonly looped: readonly number[];
  readonly hasReadSync: boolean;
  readonly item: string;
  /** Errors of calls that fail later, and of the reads of what they made, of what follows, and of anything else. */
  readonly failing: Readonly<Record<'call' | 'use' | 'read' | 'again' | 'following' | 'beside' | 'after', string>>;
}

export async function observed(): Promise<Pending> {
  const gpu = await backend(wgsl);
  const x = devicePut(np.array([1, 2, 3]), gpu);
  const double = jit((y: NDArray) => y.mul(2), { backend: gpu });
  const halved = jit(
    (y: NDArray) => lax.whileLoop((z: NDArray) => z.sum().greater(1), (z: NDArray) => z.mul(0.5), y), // prettier-ignore
    { backend: gpu },
  );
  const chained = double(double(x)).add(x);
  const looped = double(halved(chained)); // the run of a loop whose end only the device knows, and one that waits for it
  const item = await errorOf(() => chained.sum().item());
  const values = { chained: await numbersOf(chained), looped: await numbersOf(looped), item };
  const hasReadSync = gpu.session.readSync !== undefined;
  gpu.close();
  return { ...values, hasReadSync, failing: await failures() };
}

async function failures(): Promise<Pending['failing']> {
  const gpu = await backend(faulty);
  const x = devicePut(np.array([1, 2, 3]), gpu);
  let [y, z] = [x, x];
  const call = await errorOf(() => void (y = jit((v: NDArray) => np.tan(v), { backend: gpu })(x)));
  const use = await errorOf(() => void (z = y.add(1)));
  const beside = x.add(1);
  const errors = {
    call,
    use,
    read: await errorOf(() => y.data()),
    again: await errorOf(() => y.data()),
    following: await errorOf(() => z.data()),
    beside: await errorOf(() => beside.data()),
    after: await errorOf(() => x.add(y).data()),
  };
  gpu.close();
  return errors;
}

// For the page that loads this module.
Object.assign(globalThis, { etalon: { observed } });
