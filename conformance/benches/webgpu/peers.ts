/** The libraries that `wgsl` is timed beside, as the page imports them. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Package } from '../../browser/serve-modules.ts';
import { CannotStartError } from '../../types.ts';

/** What the name of a library stands for in the page. Gradients and backends of TensorFlow.js are modules of their own. */
const SOURCES: Readonly<Record<string, string>> = {
  '@jax-js/jax': `export * from '@jax-js/jax';`,
  '@tensorflow/tfjs-core': `export * from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-backend-webgpu';`,
};
const MEASURED = ['@jax-js/jax', '@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-webgpu'];
const NEEDED = [...MEASURED, 'esbuild'];

export interface Peers {
  readonly packages: readonly Package[];
  readonly versions: Readonly<Record<string, string>>;
}

/** @throws CannotStartError, with what to install */
export async function loadPeers(): Promise<Peers> {
  const versions = Object.fromEntries(MEASURED.map((name) => [name, versionOf(name)]));
  const { build } = await import('esbuild').catch(() => missing());
  const packages = Object.entries(SOURCES).map(async ([name, contents]): Promise<Package> => {
    const { outputFiles } = await build({
      stdin: { contents, resolveDir: dirname(fileURLToPath(import.meta.url)) },
      bundle: true,
      format: 'esm',
      platform: 'browser',
      write: false,
      logLevel: 'silent',
    });
    return { name, text: outputFiles[0]!.text };
  });
  return { packages: await Promise.all(packages), versions };
}

/** Of an installed package, whose modules all are in its folder `dist`. */
function versionOf(name: string): string {
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch {
    return missing();
  }
  const manifest = JSON.parse(readFileSync(`${dirname(dirname(entry))}/package.json`, 'utf8')) as {
    readonly version: string;
  };
  return manifest.version;
}

function missing(): never {
  throw new CannotStartError(
    `measuring wgsl needs the libraries that it is measured beside, and what bundles them:\n  npm install ${NEEDED.join(' ')}`,
  );
}
