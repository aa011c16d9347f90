/**
 * Whatever a backend does wrong costs the case that it was at, is told in one line, and no other case is lost: of a backend
 * in a file, and of one behind a command. Each fault comes once, at the first case of a primitive of its own.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { casesOf } from './programs/case.ts';
import { CASES_PER_CELL, plan } from './programs/plan.ts';
import { DEFAULT_SEED, runCheck } from './run.ts';
import type { Failure, Report } from './types.ts';

const folder = mkdtempSync(join(tmpdir(), 'etalon-faults-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** By primitive: what goes wrong there, and how the report puts it. */
type Faults = Readonly<
  Record<string, { readonly code: string; readonly outcome: Failure['outcome']; readonly says: RegExp }>
>;

const bodies = (faults: Faults): string =>
  Object.entries(faults).map(([name, { code }]) => `if (name === '${name}' && first(name)) { ${code} }`).join('\n'); // prettier-ignore

/** Where `first` remembers: a file each, because processes end. */
const header = `
  import { existsSync, writeFileSync } from 'node:fs';
  const first = (name) => !existsSync('happened-' + name) && (writeFileSync('happened-' + name, ''), true);`;

const only = (faults: Faults): string[] => Object.keys(faults).map((name) => `${name}/f32/eval`);

async function checked(backend: string, asked: string, faults: Faults): Promise<Report> {
  const own = mkdtempSync(join(folder, 'run-'));
  writeFileSync(join(own, 'backend.mjs'), backend);
  return runCheck({ backend: asked, only: only(faults), folder: own, timeout: 2, jobs: 1 });
}

/** How many cases there are, whoever runs them. */
function planned(faults: Faults): number {
  const units = plan({ casesPerCell: CASES_PER_CELL.quick, ofRules: false, only: only(faults), shard: null });
  return units.reduce((n, unit) => n + [...casesOf(unit, DEFAULT_SEED)].filter(({ isNew }) => isNew).length, 0);
}

function tests(backend: string, asked: string, faults: Faults): void {
  let report: Report;
  beforeAll(async () => void (report = await checked(backend, asked, faults)), 120_000);

  test.each(Object.entries(faults))('%s', (name, { outcome, says }) => {
    const found = report.failures.filter((f) => f.subject === name);
    expect(found.map((f) => f.message)).toEqual([expect.stringMatching(says)]);
    expect(found[0]).toMatchObject({ outcome, file: expect.stringContaining(`${name}-`) as string });
    expect(found[0]!.message).not.toMatch(/\n/);
  });

  test('no other case is lost', () => {
    expect(report.verdict.cases).toBe(planned(faults));
    expect(report.verdict.wrong).toBe(Object.keys(faults).length);
  });
}

describe('a backend in a file', () => {
  const faults: Faults = {
    div: { code: 'for (;;);', outcome: 'timeout', says: /^nothing happened for 2 s$/ },
    abs: { code: 'process.exit(9);', outcome: 'crash', says: /^the process ended with exit code 9$/ },
    sign: { code: "process.kill(process.pid, 'SIGKILL');", outcome: 'crash', says: /ended with signal SIGKILL/ },
    floor: {
      code: "setImmediate(() => { throw new Error('out of registers'); }); return [new Promise(() => {})];",
      outcome: 'crash',
      says: /exit code 1: Error: out of registers$/,
    },
    ceil: {
      code: "throw new Error('no kernel');",
      outcome: 'wrong',
      says: /^the backend failed: ceil failed: no kernel$/,
    },
    sqrt: { code: 'return [];', outcome: 'wrong', says: /kernel of sqrt gave 0 results, its equation has 1$/ },
    square: {
      code: 'return undefined;',
      outcome: 'wrong',
      says: /kernel of square gave no array of results, its equation has 1$/,
    },
    add: {
      code: 'return [...results, ...results];',
      outcome: 'wrong',
      says: /kernel of add gave 2 results, its equation has 1$/,
    },
    sub: {
      code: "return [{ ...results[0], dtype: 'int32', data: Int32Array.from(results[0].data) }];",
      outcome: 'wrong',
      says: /should be f32.*got i32/,
    },
    mul: { code: 'return [{ ...results[0], shape: [1, ...results[0].shape] }];', outcome: 'wrong', says: /should be f32.*got f32\[1/ }, // prettier-ignore
    max: { code: 'return [{ ...results[0], data: results[0].data.slice(1) }];', outcome: 'wrong', says: /of \d+ elements/ }, // prettier-ignore
    rem: { code: 'return [null];', outcome: 'wrong', says: /result 0 reads as no array: it must have dtype, shape and data/ }, // prettier-ignore
    exp: {
      code: 'return [{ ...results[0], data: Float64Array.from(results[0].data) }];',
      outcome: 'wrong',
      says: /result 0 reads as no array: .*stored as spec\/values\.md says$/,
    },
    log: { code: "return [Promise.reject(new Error('device lost'))];", outcome: 'wrong', says: /^the backend threw Error: device lost$/ }, // prettier-ignore
    min: { code: 'return [new Promise(() => {})];', outcome: 'timeout', says: /^nothing happened for 2 s$/ },
  };
  const backend = `${header}
    import { defineBackend, interpret, primitiveNamed } from 'etalon';
    function apply(primitive, operands, params) {
      const { name } = primitive;
      const results = primitive.evaluate(operands, params);
      ${bodies(faults)}
      return results;
    }
    const kernels = {
      apply, primitiveNamed,
      put: (x) => ({ ...x }), clone: (x) => ({ ...x }), read: (x) => x, free() {},
      avalOf: ({ shape, dtype }) => ({ shape, dtype, weak: false }),
    };
    export default defineBackend({
      name: 'faulty', profile: 'strict', capabilities: { syncRead: false }, supports: () => true,
      open: async () => ({
        devices: [{ id: 0, description: 'all faults' }], compile: interpret(kernels),
        put: kernels.put, read: async (x) => x, free() {}, live: () => ({ buffers: 0, bytes: 0 }), close() {},
      }),
    });`;
  tests(backend, './backend.mjs', faults);
});

describe('a backend behind a command', () => {
  const faults: Faults = {
    div: { code: 'return;', outcome: 'timeout', says: /^no answer for 1\.6 s$/ },
    abs: { code: 'process.exit(9);', outcome: 'crash', says: /^the process ended with exit code 9$/ },
    sign: {
      code: 'process.stdout.write(\'{"type":\', () => process.exit(0)); return;',
      outcome: 'crash',
      says: /^the process ended in the middle of a line with exit code 0$/,
    },
    floor: { code: "console.log('Segmentation fault');", outcome: 'wrong', says: /not JSON: "Segmentation fault"$/ },
    ceil: { code: "return say({ type: 'result', id, outputs: answer });", outcome: 'wrong', says: /result\/outputs must be array/ }, // prettier-ignore
    sqrt: {
      code: "const line = JSON.stringify({ type: 'result', id, outputs: [answer] }) + '\\n'; return process.stdout.write(line + line);", // prettier-ignore
      outcome: 'wrong',
      says: /answered run \d+ twice$/,
    },
    square: { code: "return say({ type: 'result', id: 1e6, outputs: [answer] });", outcome: 'wrong', says: /run 1000000, which was never asked$/ }, // prettier-ignore
    add: { code: "return say({ type: 'result', id, outputs: [answer, answer] });", outcome: 'wrong', says: /gave 2 outputs, the program has 1$/ }, // prettier-ignore
    sub: { code: "answer = { ...answer, dtype: 'int32' };", outcome: 'wrong', says: /should be f32.*got i32/ },
    mul: { code: 'answer = { ...answer, shape: [1, ...answer.shape] };', outcome: 'wrong', says: /should be f32.*got f32\[1/ }, // prettier-ignore
    max: { code: "answer = { ...answer, data: answer.data + 'AAAA' };", outcome: 'wrong', says: /output 0: .*bytes/ },
    min: { code: "return say({ type: 'error', id, message: 'out of registers' });", outcome: 'wrong', says: /out of registers$/ }, // prettier-ignore
  };
  const backend = `${header}
    import { createInterface } from 'node:readline';
    const say = (message) => process.stdout.write(JSON.stringify(message) + '\\n');
    const kernels = {
      div: (x, y) => x / y, abs: Math.abs, sign: Math.sign, floor: Math.floor, ceil: Math.ceil, sqrt: Math.sqrt,
      square: (x) => x * x, add: (x, y) => x + y, sub: (x, y) => x - y, mul: (x, y) => x * y, max: Math.max, min: Math.min,
    };
    const floats = ({ data }) => new Float32Array(Uint8Array.from(Buffer.from(data, 'base64')).buffer);
    const supports = Object.fromEntries(Object.keys(kernels).map((name) => [name, ['float32']]));
    createInterface({ input: process.stdin }).on('line', (line) => {
      const { type, id, program, inputs } = JSON.parse(line);
      if (type === 'start') say({ type: 'ready', version: 1, name: 'faulty', description: 'all faults', profile: 'strict', supports });
      if (type === 'stop') process.exit();
      if (type !== 'run') return;
      const name = program.jaxpr.equations[0].primitive;
      const [x, y = x] = inputs.map(floats);
      const data = Buffer.from(x.map((v, i) => kernels[name](v, y[i])).buffer).toString('base64');
      let answer = { dtype: 'float32', shape: inputs[0].shape, data };
      ${bodies(faults)}
      say({ type: 'result', id, outputs: [answer] });
    });`;
  tests(backend, `command:${JSON.stringify(process.execPath)} backend.mjs`, faults);
});
