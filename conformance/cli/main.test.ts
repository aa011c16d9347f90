import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { shortName } from '../../reference/core/dtypes.ts';
import { allPrimitives, primitives } from '../../reference/primitives/index.ts';
import { packageFile, packageManifest } from '../package.ts';
import { capture } from '../testing/capture.ts';
import { CannotStartError, UsageError } from '../types.ts';
import { EXIT_TABLE, reportError } from './errors.ts';
import { main } from './main.ts';
import { backendOr, casesFromEnvironment, positiveSeconds, seed, wholeNumber } from './options.ts';

describe('the command line', () => {
  it('prints its version, and help with every exit status, for status 0', async () => {
    const version = capture();
    expect(await main(['--version'], version.io)).toBe(0);
    expect(version.out()).toBe(`etalon ${packageManifest().version}\n`);
    const help = capture();
    expect(await main(['--help'], help.io)).toBe(0);
    expect(help.out()).toContain(EXIT_TABLE);
    const listed = [...help.out().matchAll(/^ {2}([a-z]+)(?: \[| <)/gm)].map((m) => m[1]);
    expect(listed).toEqual([
      'check',
      'run',
      'replay',
      'diverge',
      'serve',
      'bench',
      'explain',
      'primitives',
      'backends',
    ]);
  });

  it('answers bad usage with status 2, on stderr, saying what is wrong', async () => {
    for (const [argv, message] of [
      [[], /^Usage: etalon/],
      [['chekc'], /unknown command 'chekc'\n\(Did you mean check\?\)/],
      [['check'], /which backend\? name one, or set ETALON_BACKEND/],
      [['check', 'reference', '--levl', 'full'], /unknown option '--levl'\n\(Did you mean --level\?\)/],
      [['check', 'reference', '--level', 'huge'], /Allowed choices are quick, standard, full/],
      [['check', 'reference', '--cases', '0'], /a whole number from 1 on/],
      [['check', 'reference', '--seed', '1.5'], /below 2\^32, or 'random'/],
      [['check', 'reference', '--timeout', '-1'], /seconds above 0/],
      [['check', 'a', 'b'], /too many arguments/],
      [['check', 'reference', '--baseline', 'none.json'], /cannot read none\.json: there is no such file/],
      [['explain'], /missing required argument 'name'/],
      [['diverge', 'a', 'b'], /diverge takes two backends and a program/],
    ] as const) {
      const { io, out, err } = capture();
      expect(await main(argv, io), argv.join(' ')).toBe(2);
      expect(err()).toMatch(message);
      expect(out()).toBe('');
    }
  });

  it('takes the number of cases and the backend from the environment', () => {
    expect(casesFromEnvironment(capture({ env: { ETALON_NUM_CASES: '12' } }).io)).toBe(12);
    expect(casesFromEnvironment(capture().io)).toBeUndefined();
    expect(() => casesFromEnvironment(capture({ env: { ETALON_NUM_CASES: 'many' } }).io)).toThrow(
      /ETALON_NUM_CASES must be/,
    );
    expect(backendOr(capture({ env: { ETALON_BACKEND: 'tfjs:cpu' } }).io, undefined)).toBe('tfjs:cpu');
    expect(backendOr(capture({ env: { ETALON_BACKEND: 'tfjs:cpu' } }).io, 'reference')).toBe('reference');
  });

  it('reads option values strictly', () => {
    expect([wholeNumber(1)('7'), positiveSeconds('0.5'), seed('0'), seed('4294967295')]).toEqual([
      7, 0.5, 0, 4294967295,
    ]);
    expect(seed('random')).toBeGreaterThanOrEqual(0);
    for (const wrong of ['', ' ', '-1', '1e3', '0x10', '4294967296', 'NaN']) expect(() => seed(wrong), wrong).toThrow();
    for (const wrong of ['', '1.5', '-1', '1e3', '9'.repeat(20)]) expect(() => wholeNumber(0)(wrong), wrong).toThrow();
    for (const wrong of ['', ' ', '0', '-1', 'Infinity', 'x']) expect(() => positiveSeconds(wrong), wrong).toThrow();
  });
});

describe('errors', () => {
  it('become the exit status of their kind', () => {
    for (const [error, status, text] of [
      [new UsageError('wrong'), 2, 'error: wrong\n'],
      [new CannotStartError('npm install x'), 3, 'error: npm install x\n'],
      [new TypeError('oops'), 4, 'error: this is a bug in Etalon'],
      ['a string', 4, 'a string'],
    ] as const) {
      const { io, err } = capture();
      expect(reportError(io, error)).toBe(status);
      expect(err()).toContain(text);
    }
  });

  it('that are unexpected come with a stack and what to report', () => {
    const { io, err } = capture();
    reportError(io, new TypeError('oops'));
    expect(err()).toMatch(/TypeError: oops\n {4}at /);
    expect(err()).toContain(
      `Please report it with the command and the lines above: etalon ${packageManifest().version}, Node `,
    );
  });
});

describe('etalon primitives', () => {
  it('lists every one, with the anchor of its section', async () => {
    const { io, out } = capture();
    expect(await main(['primitives'], io)).toBe(0);
    for (const { name, spec } of allPrimitives()) expect(out()).toMatch(new RegExp(`^${name} .*${spec}$`, 'm'));
    expect(out()).not.toContain('\u001b');
  });

  it('gives the table as JSON', async () => {
    const { io, out } = capture();
    await main(['primitives', '--json'], io);
    const list = JSON.parse(out()) as { name: string; parameters: string[]; dtypes: string[] }[];
    expect(list.map((p) => p.name)).toEqual(allPrimitives().map((p) => p.name));
    expect(list.find((p) => p.name === 'reduce_sum')).toMatchObject({
      kind: 'first-order',
      parameters: ['axes'],
      dtypes: primitives.reduce_sum.dtypes.map(shortName),
      spec: 'spec/primitives/reduction.md#reduce_sum',
    });
  });
});

describe('etalon backends', () => {
  it('says of each whether it can run here', async () => {
    const { io, out } = capture();
    expect(await main(['backends', '--json'], io)).toBe(0);
    const list = JSON.parse(out()) as { name: string; available: boolean; profile: string }[];
    expect(list.find((b) => b.name === 'reference')).toMatchObject({ available: true, profile: 'strict' });
    expect(list.map((b) => b.name)).toContain('tfjs:wasm');
  });
});

describe('the bin', () => {
  it('runs the command line and exits with its status', async () => {
    const bin = fileURLToPath(packageFile('conformance/bin.js'));
    const run = promisify(execFile)(process.execPath, [bin, 'explain', 'nothing-like-it']);
    await expect(run).rejects.toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^error: the specification has no section on 'nothing-like-it'/),
    });
  });
});
