import { expect, test } from 'vitest';
import { BACKEND_NAMES, loadBackendDefinition } from './registry.ts';

test.each(BACKEND_NAMES)('%s is found under its own name', async (name) => {
  expect((await loadBackendDefinition(name)).name).toBe(name);
});

test.each(['abacus', 'toString', ''])('%o is no backend', async (name) => {
  await expect(loadBackendDefinition(name)).rejects.toThrow(
    `there is no backend '${name}'; the backends are reference, tfjs:wasm, tfjs:cpu`,
  );
});
