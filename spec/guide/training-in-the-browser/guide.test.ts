import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { packageFile } from '../../../conformance/package.ts';
import { reference } from '../../../reference/backends.ts';
import { readDigits } from './data.ts';
import { Training } from './training.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const guide = read('../training-in-the-browser.md');

test.each(
  [...guide.matchAll(/^```ts (\w+\.ts)\n(.*?)^```$/gms)].map(([, file, code]) => ({ file: file!, code: code! })),
)('what the guide shows of $file', ({ file, code }) => {
  expect(read(file)).toContain(code);
});

test('the figures of the guide are those of the reference', async () => {
  const rows = [...guide.matchAll(/^\| +(\d+) \| +([\d.]+) \| +([\d.]+ %) \|$/gm)].map((row) => row.slice(1));
  const training = new Training(reference, readDigits(readFileSync(packageFile('fixtures/digits.npz'))));
  expect(rows.map(([steps]) => steps)).toEqual(['0', '10', '30', '100']);
  let heldOut = await training.evaluate();
  for (const [steps, loss, accuracy] of rows) {
    while (training.steps < Number(steps)) ({ heldOut } = await training.round({ learningRate: 0.1, batchSize: 64 }));
    expect(`${steps}: ${heldOut.loss.toFixed(4)}, ${(100 * heldOut.accuracy).toFixed(1)} %`).toBe(
      `${steps}: ${loss}, ${accuracy}`,
    );
  }
});
