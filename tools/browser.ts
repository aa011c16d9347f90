/** The system's own Chromium, without a window, for tests of pages. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NO_GPU: readonly string[] = ['--disable-gpu'];
/** WebGPU on the CPU, which any machine has. */
export const SOFTWARE_WEBGPU: readonly string[] = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/** @throws Error if there is none on PATH */
export function launchChromium(gpu: readonly string[] = NO_GPU): Promise<Browser> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const paths = folders.flatMap((folder) =>
    ['chromium', 'chromium-browser', 'google-chrome'].map((name) => join(folder, name)),
  );
  const executablePath = paths.find(existsSync);
  if (executablePath === undefined) throw new Error('there is no chromium on PATH: apt-get install chromium');
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      ...gpu,
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
