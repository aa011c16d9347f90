/** Opens the page in which `wgsl` is timed beside jax-js and TensorFlow.js. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { openModule } from '../../browser/chromium.ts';
import type { Package } from '../../browser/serve-modules.ts';
import { CannotStartError } from '../../types.ts';
import type { Arena, Driven, Outcomes } from './page.ts';
import type { Pace } from './turns.ts';

/** The libraries, each by one module that imports no other but these. */
const MODULES: Readonly<Record<string, string>> = {
  '@jax-js/jax': 'index.js',
  '@tensorflow/tfjs-core': 'tf-core.fesm.min.js',
  '@tensorflow/tfjs-backend-webgpu': 'tf-backend-webgpu.fesm.min.js',
};
const PURPOSE = { what: 'measuring wgsl', name: 'wgsl' };

export interface Race extends Arena {
  /** Of the packages and of Chromium. */
  readonly versions: Readonly<Record<string, string>>;
  run(row: string, pace: Pace): Promise<Outcomes>;
  close(): void;
}

type Driver = typeof globalThis & { readonly etalon: Driven };

/** @throws CannotStartError, with what to install */
export async function openRace(): Promise<Race> {
  const packages = Object.entries(MODULES).map(([name, entry]): Package => ({ name, folder: folderOf(name), entry }));
  const { page, browser, value, closeServer } = await openModule(
    PURPOSE,
    'conformance/benches/webgpu/page.ts',
    (opened) => opened.evaluate(() => (globalThis as Driver).etalon.open()),
    packages,
  );
  return {
    ...value,
    versions: {
      ...Object.fromEntries(packages.map(({ name, folder }) => [name, versionIn(folder)])),
      chromium: browser.version(),
    },
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

/** Where the modules of an installed package are. */
function folderOf(name: string): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(name));
  } catch {
    throw new CannotStartError(
      `${PURPOSE.what} needs the libraries that it is measured beside:\n  npm install ${Object.keys(MODULES).join(' ')}`,
    );
  }
}

function versionIn(folder: string): string {
  const manifest = JSON.parse(readFileSync(`${dirname(folder)}/package.json`, 'utf8')) as { readonly version: string };
  return manifest.version;
}
