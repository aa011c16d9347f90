import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { capture } from '../testing/capture.ts';
import { main } from './main.ts';

describe('etalon replay', () => {
  it('refuses what is not a case with status 2', async () => {
    for (const [argv, message] of [
      [[], /replay takes either a file or --case ID/],
      [['a.json', '--case', 'x'], /replay takes either a file or --case ID/],
      [['none.json'], /cannot read none\.json: there is no such file/],
      [['.'], /cannot read \.: it is a folder/],
      [['text.json'], /text\.json: Unexpected token/],
      [['other.json'], /other\.json is not a saved case/],
      [['--case', 'neg/i32/eval/odd/zzzz', '--backend', 'reference'], /no case has the id neg\/i32\/eval\/odd\/zzzz/],
      [['--case', 'neg/i32/eval/odd/zzzz'], /a case id names no backend: add --backend/],
    ] as const) {
      const { io, err } = capture();
      writeFileSync(join(io.cwd, 'text.json'), 'text');
      writeFileSync(join(io.cwd, 'other.json'), '{"format":"etalon.report/1"}');
      expect(await main(['replay', ...argv], io), argv.join(' ')).toBe(2);
      expect(err()).toMatch(message);
    }
  });
});
