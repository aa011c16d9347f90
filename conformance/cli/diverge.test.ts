import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hostArray } from '../../reference/core/host.ts';
import type { Divergence } from '../debug/divergence.ts';
import { writeNpz } from '../npz.ts';
import { packageFile } from '../package.ts';
import { schemaProblem } from '../report/validate.ts';
import { capture, type Captured } from '../testing/capture.ts';
import { faultyBackend } from '../testing/faulty.ts';
import type { SavedCase } from '../types.ts';
import { main } from './main.ts';

const program = `etalon.program/1
{ lambda ; a:f32[2,3]. let
    b:f32[2,3] = sin a   # src/loss.ts:30:10
    c:f32[2] = reduce_sum[axes=[1]] b   # src/loss.ts:31:18
    d:f32[2] = exp c
  in (d, b) }
`;
const input = hostArray('float32', [2, 3], [1, 2.5, 0.1, 3, -2, 7]);

/** A folder with the program, its input and a backend file that forgets the last term of odd sums. */
function folder(): Captured {
  const captured = capture();
  const { cwd } = captured.io;
  writeFileSync(join(cwd, 'p.jaxpr'), program);
  writeFileSync(join(cwd, 'in.npz'), writeNpz(new Map([['in0', input]])));
  copyFileSync(join(faultyBackend('reduce_sum-forgets-the-last').folder, 'backend.mjs'), join(cwd, 'mine.mjs'));
  return captured;
}

describe('etalon diverge', () => {
  it('says with status 0 that two backends agree', async () => {
    const { io, out } = folder();
    expect(await main(['diverge', 'reference', 'tfjs:cpu', 'p.jaxpr', '--inputs', 'in.npz'], io)).toBe(0);
    expect(out()).toMatch(/^3 equations: reference and tfjs:cpu agree /);
  });

  it('names the first wrong equation with status 1, and how to run it again', async () => {
    const { io, out } = folder();
    expect(await main(['diverge', 'reference', './mine.mjs', 'p.jaxpr', '--inputs', 'in.npz'], io)).toBe(1);
    const [first, ...lines] = out().trimEnd().split('\n');
    expect(first).toMatch(/^3 equations, 1 of 2 outputs differs \(worst: out\[0\] 9\.5 %, likely bound \S+ %\)$/);
    expect(lines.slice(0, 2)).toEqual([
      'first wrong equation on ./mine.mjs: 2 of 3',
      `    ${'c:f32[2] = reduce_sum[axes=[1]] b'.padEnd(50)}   src/loss.ts:31:18`,
    ]);
    expect(lines[2]).toMatch(/^ {4}local error .* ulp, budget .*; its inputs agree$/);
    expect(lines[3]).toMatch(/^ {4}worst element {2}result 0\[1\] → \.\/mine\.mjs .*, reference /);
    expect(lines[4]).toBe('equation 3 only carries it on (its local error is within budget)');
    const file = /^reproducer \(1 equation\): (\S+) {3}npx etalon replay \1 --backend \.\/mine\.mjs$/.exec(
      lines[5]!,
    )![1]!;
    const saved = JSON.parse(readFileSync(join(io.cwd, file), 'utf8')) as SavedCase;
    expect(saved).toMatchObject({ law: 'value', equations: 1, source: 'src/loss.ts:31:18' });
    const again = capture({ cwd: io.cwd });
    expect(await main(['replay', file, '--backend', './mine.mjs'], again.io)).toBe(1);
    expect(again.out()).toContain('# src/loss.ts:31:18');
  });

  it('gives sizes relative to nothing where results nearly cancel', async () => {
    const { io, out } = folder();
    const text = 'etalon.program/1\n{ lambda ; a:f32[3]. let b:f32[] = reduce_sum[axes=[0]] a in (b,) }';
    writeFileSync(join(io.cwd, 'p.jaxpr'), text);
    const nearly = hostArray('float32', [3], [3, -3.0000002384185791015625, 0.0009765625]);
    writeFileSync(join(io.cwd, 'in.npz'), writeNpz(new Map([['in0', nearly]])));
    expect(await main(['diverge', 'reference', './mine.mjs', 'p.jaxpr', '--inputs', 'in.npz'], io)).toBe(1);
    expect(out()).toMatch(
      /differs \(worst: out\[0\] 9\.77e-4, likely bound \S+, where the largest element is 9\.76e-4\)$/m,
    );
  });

  it('finds it behind a command too, which reads nothing at once, and gives JSON by its schema', async () => {
    const { io, out } = folder();
    const bin = fileURLToPath(packageFile('conformance/bin.js'));
    const command = `command:${process.execPath} ${bin} serve --backend ./mine.mjs`;
    expect(await main(['diverge', command, 'reference', 'p.jaxpr', '--inputs', 'in.npz', '--json'], io)).toBe(1);
    const found = JSON.parse(out()) as Divergence;
    expect(schemaProblem('divergence', found)).toBeNull();
    expect(found.findings).toMatchObject([{ kind: 'wrong', numbers: [2], backend: command }]);
  }, 20_000);

  it('looks for NaN with one backend', async () => {
    const { io, out } = folder();
    writeFileSync(join(io.cwd, 'p.jaxpr'), program.replace('exp c', 'log c'));
    writeFileSync(join(io.cwd, 'in.npz'), writeNpz(new Map([['in0', hostArray('float32', [2, 3], [1, 1, 1, -1, -1, -1])]]))); // prettier-ignore
    expect(await main(['diverge', 'reference', 'p.jaxpr', '--inputs', 'in.npz', '--nan'], io)).toBe(1);
    expect(out()).toMatch(/^3 equations\nfirst equation that makes a NaN on reference: 3 of 3\n/);
    expect(out()).toMatch(/makes a NaN of operands without one: log\(-2\.52\d*\) = NaN$/m);
  });

  it('refuses with status 2 what it cannot compare, with 3 what does not start', async () => {
    for (const [argv, status, message] of [
      [['reference', 'p.jaxpr'], 2, /takes two backends and a program/],
      [['reference', 'reference', 'nope.jaxpr'], 2, /cannot read nope\.jaxpr/],
      [['reference', 'reference', 'p.jaxpr'], 2, /give an \.npz file with in0: f32\[2,3\]/],
      [['reference', 'nope', 'p.jaxpr', '--inputs', 'in.npz'], 2, /there is no backend 'nope'/],
      [['reference', 'command:false', 'p.jaxpr', '--inputs', 'in.npz'], 3, /false does not start/],
    ] as const) {
      const { io, err } = folder();
      expect(await main(['diverge', ...argv], io), argv.join(' ')).toBe(status);
      expect(err()).toMatch(message);
    }
  });
});
