import { describe, expect, test } from 'vitest';
import { openModule } from '../../conformance/browser/chromium.ts';
import { observed, type Pending } from '../../conformance/testing/wgsl-pending.ts';
import { openDevice } from './device/adapter.ts';

const failed = expect.stringMatching(/^BackendError: wgsl: .*tan.* does not compile/) as string;

const expected: Pending = {
  chained: [5, 10, 15],
  looped: [0.3125, 0.625, 0.9375],
  hasReadSync: false,
  item: expect.stringMatching(/^NoSyncReadError: wgsl cannot read at once; use await x\.data\(\)/) as string,
  failing: {
    call: 'none',
    use: 'none',
    read: failed,
    again: failed,
    following: failed,
    beside: 'none',
    after: failed,
  },
};

const noGpu = await openDevice().then(
  ({ device }) => void device.destroy(),
  (error: unknown) => error as Error,
);

describe('arrays that are not computed yet', () => {
  test.skipIf(noGpu instanceof Error)('in Node (skipped where no GPU can be opened)', async () => {
    expect(await observed()).toEqual(expected);
  });

  test('in Chromium', async () => {
    type Observing = typeof globalThis & { readonly etalon: { readonly observed: typeof observed } };
    const { browser, value, closeServer } = await openModule(
      { what: 'a page', name: 'wgsl' },
      'conformance/testing/wgsl-pending.ts',
      (page) => page.evaluate(() => (globalThis as Observing).etalon.observed()),
    );
    await browser.close();
    closeServer();
    expect(value).toEqual(expected);
  });
});
