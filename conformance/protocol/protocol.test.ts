import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { type HostArray, hostArray } from '../../reference/core/host.ts';
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import { transforms as t } from '../../reference/transforms/rules.ts';
import { encodeArray } from '../../reference/core/program.ts';
import { printProgram } from '../../reference/core/text.ts';
import { Bench } from '../bench.ts';
import { openBackend } from '../open.ts';
import { Lines } from './lines.ts';
import { messageProblem } from './messages.ts';
import { serve } from './serve.ts';

const folder = mkdtempSync(join(tmpdir(), 'etalon-protocol-'));
afterAll(() => rmSync(folder, { recursive: true }));

const x = hostArray('float32', [2], [1, -2]);
const neg: Jaxpr = t.trace((v) => [t.lax.neg(v)], [{ shape: [2], dtype: 'float32', weak: false }]);
const answer = encodeArray(hostArray('float32', [2], [-1, 2]));

/** A backend of a few lines: `onRun` is the body of a function of the request, `say` writes a message. */
function commandOf(name: string, onRun: string, ready: object = {}): string {
  const hello = { type: 'ready', version: 1, name: 'little', description: 'for tests', profile: 'strict', ...ready };
  writeFileSync(
    join(folder, `${name}.mjs`),
    `import { createInterface } from 'node:readline';
     const say = (message) => process.stdout.write(JSON.stringify(message) + '\\n');
     const answer = ${JSON.stringify(answer)};
     let runs = 0;
     createInterface({ input: process.stdin }).on('line', (line) => {
       const request = JSON.parse(line);
       if (request.type === 'start') say(${JSON.stringify(hello)});
       if (request.type === 'stop') process.exit();
       if (request.type !== 'run') return;
       const { id } = request;
       runs++;
       ${onRun}
     });`,
  );
  return `command:${JSON.stringify(process.execPath)} ${name}.mjs`;
}

async function run(command: string, seconds: number = 20): Promise<readonly HostArray[]> {
  const bench = new Bench(await openBackend(command, folder, { seconds }));
  try {
    return await bench.run(neg, [x]);
  } finally {
    bench.backend.close();
  }
}

describe('a backend behind a command', () => {
  test('is asked, and answers', async () => {
    expect(await run(commandOf('good', "say({ type: 'result', id, outputs: [answer] });"))).toEqual([
      hostArray('float32', [2], [-1, 2]),
    ]);
  });

  test('is a gap for what it does not declare', async () => {
    const command = commandOf('declares', '', { supports: { add: ['float32'], neg: ['float64'] } });
    const bench = new Bench(await openBackend(command, folder));
    expect(bench.gap(neg)).toEqual({ primitive: 'neg', reason: 'little does not declare neg for float32' });
    bench.backend.close();
  });

  test.each([
    ['a line that is no JSON', "process.stdout.write('Segmentation fault\\n');", /not JSON: "Segmentation fault"/],
    ['a message of no known type', "say({ type: 'outputs', id });", /no answer \(the type of a message is one of/],
    [
      'a message that breaks the schema',
      "say({ type: 'result', id, outputs: answer });",
      /result\/outputs must be array/,
    ],
    ['a run that was never asked', "say({ type: 'result', id: 7, outputs: [] });", /answered run 7, which was never/],
    [
      'two answers',
      "process.stdout.write((JSON.stringify({ type: 'result', id, outputs: [answer] }) + '\\n').repeat(2));",
      /answered run 0 twice/,
    ],
    ['the wrong number of outputs', "say({ type: 'result', id, outputs: [] });", /gave 0 outputs, the program has 1/],
    ['too few bytes', "say({ type: 'result', id, outputs: [{ ...answer, data: 'AAAA' }] });", /output 0: .*8 bytes/],
    ['an error of its own', "say({ type: 'error', id, message: 'out of registers' });", /out of registers/],
    ['an end without an answer', "process.stderr.write('no memory'); process.exit(3);", /exit code 3: no memory/],
    ['half a line', 'process.stdout.write(\'{"type":\', () => process.exit(0));', /in the middle of a line/],
  ])('%s is its fault, and named', async (name, onRun, message) => {
    await expect(run(commandOf(name.replaceAll(' ', '-'), onRun))).rejects.toThrow(message);
  });

  test('that hangs is ended', async () => {
    await expect(run(commandOf('hangs', 'for (;;);'), 0.3)).rejects.toThrow(/no answer for 0.3 s/);
  });

  test('that has failed is started again for the next run', async () => {
    const command = commandOf(
      'once',
      "if (runs === 2) process.exit(1); else say({ type: 'result', id, outputs: [answer] });",
    );
    const bench = new Bench(await openBackend(command, folder));
    const outcomes: string[] = [];
    for (let i = 0; i < 4; i++) {
      outcomes.push(await bench.run(neg, [x]).then(() => 'answered', () => 'failed')); // prettier-ignore
    }
    expect(outcomes).toEqual(['answered', 'failed', 'answered', 'failed']);
    bench.backend.close();
  });

  test('that does not start says why', async () => {
    await expect(run('command:no-such-program-here')).rejects.toThrow(/does not start: .*ENOENT/);
    await expect(run(`command:${JSON.stringify(process.execPath)} missing.mjs`)).rejects.toThrow(/missing\.mjs/);
    await expect(run('command:')).rejects.toThrow(/empty/);
  });
});

describe('serving', () => {
  async function conversation(...lines: readonly string[]): Promise<unknown[]> {
    const bench = new Bench(await openBackend('reference', folder));
    const said: unknown[] = [];
    async function* chunks(): AsyncGenerator<Buffer> {
      yield* lines.map((line) => Buffer.from(`${line}\n`));
    }
    await serve(bench, chunks(), (line) => said.push(JSON.parse(line)));
    return said;
  }
  const program = printProgram(neg);
  const request = (more: object): string =>
    JSON.stringify({ type: 'run', id: 1, program, inputs: [encodeArray(x)], ...more });

  test('answers every line, whatever it is, and every answer meets the schema', async () => {
    const said = await conversation('{"type":"start","version":1}', request({}), 'garbage', '{}', request({ id: -1 }));
    expect(said).toMatchObject([
      { type: 'ready', version: 1, name: 'reference' },
      { type: 'result', id: 1, outputs: [answer] },
      { type: 'error', id: null },
      { type: 'error', id: null },
      { type: 'error', id: null },
    ]);
    for (const message of said) expect(messageProblem(message, 'answer')).toBe(null);
  });

  test.each([
    ['no program', { program: 'nonsense' }, /begins with etalon.program\/1/],
    ['too few inputs', { inputs: [] }, /takes 1 inputs \(f32\[2\]\), got 0/],
    ['an input of another type', { inputs: [encodeArray(hostArray('float32', [1], [1]))] }, /input 0 must be f32\[2\]/],
    ['an input without its bytes', { inputs: [{ dtype: 'float32', shape: [2], data: '' }] }, /input 0: .*8 bytes/],
  ])('refuses %s', async (_, more, message) => {
    const [said] = await conversation(request(more));
    expect(said).toMatchObject({ type: 'error', id: 1, message: expect.stringMatching(message) as string });
  });

  test('ends at stop', async () => {
    expect(await conversation('{"type":"stop"}', request({}))).toEqual([]);
  });
});

test('lines are the same however their bytes arrive', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }).filter((s) => !s.includes('\n'))), fc.nat(), (lines, seed) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join('') + 'rest');
      const found: string[] = [];
      const reader = new Lines();
      for (let at = 0, step = 1; at < bytes.length; at += step, step = 1 + ((seed + at) % 7)) {
        found.push(...reader.push(bytes.subarray(at, at + step)));
      }
      expect(found).toEqual(lines);
      expect(reader.rest).toBe('rest');
    }),
  );
});
