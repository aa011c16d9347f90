import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostArray } from '../../reference/core/host.ts';
import { readNpz, writeNpz } from '../npz.ts';
import { capture, type Captured } from '../testing/capture.ts';
import { main } from './main.ts';

const program = `etalon.program/1
{ lambda ; a:f32[2]. let
    b:f32[2] = neg a
    c:f32[] = reduce_sum[axes=[0]] b
  in (b, c) }
`;
const input = hostArray('float32', [2], [1, 2.5]);

/** A folder with the program and an .npz of these arrays. */
function folder(
  arrays: Readonly<Record<string, typeof input>> = { in0: input },
  env: Record<string, string> = {},
): Captured {
  const captured = capture({ env });
  writeFileSync(join(captured.io.cwd, 'p.jaxpr'), program);
  writeFileSync(join(captured.io.cwd, 'untitled.jaxpr'), program.slice(program.indexOf('{')));
  writeFileSync(join(captured.io.cwd, 'in.npz'), writeNpz(new Map(Object.entries(arrays))));
  return captured;
}

describe('etalon run', () => {
  it('prints the results', async () => {
    for (const name of ['in0', 'arr_0']) {
      const { io, out } = folder({ [name]: input });
      expect(await main(['run', 'p.jaxpr', '--inputs', 'in.npz'], io)).toBe(0);
      expect(out()).toBe('out0 = f32[2] [-1, -2.5]\nout1 = f32[] -3.5\n');
    }
  });

  it('writes them to an .npz file', async () => {
    const { io, out } = folder();
    expect(await main(['run', 'p.jaxpr', '--inputs', 'in.npz', '--out', 'out.npz', '--backend', 'reference'], io)).toBe(
      0,
    );
    expect(out()).toBe('out.npz: out0: f32[2], out1: f32[]\n');
    const arrays = readNpz(readFileSync(join(io.cwd, 'out.npz')));
    expect([...arrays.keys()]).toEqual(['out0', 'out1']);
    expect([...arrays.get('out0')!.data]).toEqual([-1, -2.5]);
  });

  it('refuses inputs that do not fit, and files that are no programs, with status 2', async () => {
    const wide = hostArray('float32', [3], [1, 2, 3]);
    for (const [argv, arrays, message] of [
      [['p.jaxpr'], {}, /the program takes 1 input: give an \.npz file with in0: f32\[2\] as --inputs$/m],
      [['p.jaxpr', '--inputs', 'in.npz'], { x: input }, /as --inputs, got x$/m],
      [['p.jaxpr', '--inputs', 'in.npz'], { in0: wide }, /in0 must be f32\[2\], got f32\[3\]/],
      [['p.jaxpr', '--inputs', 'in.npz'], { in0: input, in1: input }, /but the file has 2 arrays: in0, in1/],
      [['p.jaxpr', '--inputs', 'p.jaxpr'], {}, /not a zip file/],
      [['in.npz'], {}, /in\.npz: line 1, column 1: a program begins with etalon\.program\/1/],
      [
        ['untitled.jaxpr'],
        {},
        /line 1, column 1: a program begins with etalon\.program\/1, the line of its version, got "\{ lambda ; a:f32\[2\]\. let"/,
      ],
      [['none.jaxpr'], {}, /cannot read none\.jaxpr: there is no such file/],
      [
        ['p.jaxpr', '--inputs', 'in.npz', '--backend', 'nope'],
        { in0: input },
        /there is no backend 'nope'; built in are reference/,
      ],
      [
        ['p.jaxpr', '--inputs', 'in.npz', '--backend', './nope.ts'],
        { in0: input },
        /there is no backend file \.\/nope\.ts/,
      ],
      [['p.jaxpr', '--inputs', 'in.npz', '--out', 'no/o.npz'], { in0: input }, /cannot write no\/o\.npz/],
    ] as const) {
      const { io, err } = folder(arrays);
      expect(await main(['run', ...argv], io), argv.join(' ')).toBe(2);
      expect(err()).toMatch(message);
    }
  });

  it('runs on a backend of a file, and says what it lacks with status 1', async () => {
    const { io, err } = folder();
    writeFileSync(
      join(io.cwd, 'mine.mjs'),
      `export default {
         name: 'mine', profile: 'strict', capabilities: { syncRead: true },
         supports: (primitive) => primitive.name === 'neg' ? { gap: 'no negation' } : true,
         open: async () => ({ devices: [{ id: 0, description: '' }], close() {} }),
       };`,
    );
    expect(await main(['run', 'p.jaxpr', '--inputs', 'in.npz', '--backend', './mine.mjs'], io)).toBe(1);
    expect(err()).toContain('neg of (f32[2]): no negation');
  });

  it('says with status 3 that a backend cannot start', async () => {
    const { io, err } = folder();
    writeFileSync(join(io.cwd, 'broken.mjs'), `throw new Error('no engine');`);
    writeFileSync(join(io.cwd, 'empty.mjs'), 'export const x = 1;');
    expect(await main(['run', 'p.jaxpr', '--inputs', 'in.npz', '--backend', './broken.mjs'], io)).toBe(3);
    expect(err()).toMatch(/^error: \.\/broken\.mjs cannot be loaded: Error: no engine/);
    expect(await main(['run', 'p.jaxpr', '--inputs', 'in.npz', '--backend', './empty.mjs'], io)).toBe(2);
  });

  it('takes the backend from ETALON_BACKEND', async () => {
    const { io, err } = folder({ in0: input }, { ETALON_BACKEND: 'nope' });
    expect(await main(['run', 'p.jaxpr', '--inputs', 'in.npz'], io)).toBe(2);
    expect(err()).toContain("there is no backend 'nope'");
  });
});
