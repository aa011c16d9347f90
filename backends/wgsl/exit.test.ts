/** A process that used the device ends by itself, with its own exit status, whatever is under way. */
import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { openWgsl } from '../../conformance/testing/wgsl.ts';

const opened = await openWgsl();
if (typeof opened !== 'string') opened.close();

const isFull = process.env['TEST_LEVEL'] === 'full';
const TIMES = isFull ? 20 : 1;
const SECONDS = 60;

const PRELUDE = `
  const { backend, devicePut, jit, lax, np } = await import(${JSON.stringify(new URL('../../reference/index.ts', import.meta.url).href)});
  const wgsl = await backend('wgsl');
  const x = devicePut(np.arange(1000, { dtype: 'float32' }), wgsl);
  const f = jit((x) => np.sin(x).add(x).sum());
  const forever = () => lax.whileLoop((c) => c.greater(-1), (c) => c.add(1), devicePut(np.array(0), wgsl));
`;

interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly said: string;
  readonly complained: string;
}

function run(text: string): Promise<Ending> {
  const child = spawn(
    process.execPath,
    ['--conditions=etalon-source', '--input-type=module', '--no-warnings', '--eval', PRELUDE + text],
    { stdio: ['ignore', 'pipe', 'pipe'], timeout: SECONDS * 1000, killSignal: 'SIGKILL' },
  );
  let [said, complained] = ['', ''];
  child.stdout.on('data', (data) => (said += String(data)));
  child.stderr.on('data', (data) => (complained += String(data)));
  return new Promise((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal, said: said.trim(), complained })),
  );
}

const SUM = /^499[45]\d\d/;

/** What a program does, its exit status, and what it says before. */
const programs: readonly (readonly [what: string, text: string, status: number, said: RegExp])[] = [
  ['computes, reads and ends', `console.log((await f(x).data())[0]);`, 0, SUM],
  [
    'exits from a loop without an end',
    `void forever().data(); setTimeout(() => { console.log('done'); process.exit(4); }, 50);`,
    4,
    /^done$/,
  ],
  ['throws', `f(x); console.log('done'); throw new Error('out of luck');`, 1, /^done$/],
  ['exits with reads under way', `void f(x).data(); console.log('done'); process.exit(3);`, 3, /^done$/],
  ['closes before it ends', `console.log((await f(x).data())[0]); wgsl.close();`, 0, SUM],
  ['ends with work under way', `for (let i = 0; i < 100; i++) f(x); console.log('done');`, 0, /^done$/],
  ['ends with reads under way', `for (let i = 0; i < 20; i++) void f(x).data(); console.log('done');`, 0, /^done$/],
  [
    'loses its device',
    `const y = f(x); wgsl.session.device.destroy();
     console.log((await y.data().catch((error) => error)).message);`,
    0,
    /the result of reduce_sum.* is gone: the device is lost/,
  ],
  [
    'opens a second device',
    `await f(x).data(); wgsl.close(); const again = await backend('wgsl');
     console.log((await f(devicePut(np.ones([1000]), again)).data())[0]);`,
    0,
    /^1841\.4/,
  ],
];

describe.skipIf(typeof opened === 'string')('a process (skipped where no GPU can be opened)', () => {
  // Starting a process takes a second.
  test.each(isFull ? programs : programs.slice(0, 3))(
    'that %s',
    async (_, text, status, said) => {
      for (let time = 0; time < TIMES; time++) {
        const ending = await run(text);
        expect(ending, ending.complained).toMatchObject({ code: status, signal: null });
        expect(ending.said).toMatch(said);
        expect(ending.complained).toMatch(status === 1 ? /out of luck/ : /^$/);
      }
    },
    SECONDS * 1000 * TIMES,
  );
});
