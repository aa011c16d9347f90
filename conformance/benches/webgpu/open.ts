/** Opens the page in which `wgsl` is timed beside jax-js and TensorFlow.js. */
import { openModule } from '../../browser/chromium.ts';
import { CannotStartError } from '../../types.ts';
import type { Arena, Driven, Outcomes } from './page.ts';
import { loadPeers } from './peers.ts';
import type { Pace } from './turns.ts';

export interface Race extends Arena {
  /** Of the packages and of Chromium. */
  readonly versions: Readonly<Record<string, string>>;
  run(row: string, pace: Pace): Promise<Outcomes>;
  close(): void;
}

type Driver = typeof globalThis & { readonly etalon: Driven };

/** @throws CannotStartError, with what to install */
export async function openRace(): Promise<Race> {
  const { packages, versions } = await loadPeers();
  const { page, browser, value, closeServer } = await openModule(
    { what: 'measuring wgsl', name: 'wgsl' },
    'conformance/benches/webgpu/page.ts',
    (opened) => opened.evaluate(() => (globalThis as Driver).etalon.open()),
    packages,
  );
  return {
    ...value,
    versions: { ...versions, chromium: browser.version() },
    run: (row, pace) =>
      page
        .evaluate(([name, how]) => (globalThis as Driver).etalon.run(name, how), [row, pace] as const)
        .catch((error: unknown) => {
          throw new CannotStartError(
            `the page of ${row} ended: ${error instanceof Error ? error.message : String(error)}`,
          );
        }),
    close() {
      closeServer();
      void browser.close();
    },
  };
}
