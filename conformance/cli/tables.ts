/** Lists in columns. */
import Table from 'cli-table3';
import type { Paint } from '../report/terminal.ts';

const noBorders = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid', 'middle'].flatMap((side) => [
    [side, ''],
    [`${side}-mid`, ''],
    [`${side}-left`, ''],
    [`${side}-right`, ''],
    [`mid-${side}`, ''],
    [`left-${side}`, ''],
    [`right-${side}`, ''],
  ]),
);

/** Columns as wide as their texts, two spaces apart. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string {
  const table = new Table({
    chars: { ...noBorders, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(
    head.map((h) => paint('bold', h)),
    ...rows.map((row) => [...row]),
  );
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}

/** Milliseconds; below one of them in microseconds. */
export const duration = (ms: number, digits: number): string =>
  ms < 1 ? `${(ms * 1000).toFixed(digits)} µs` : `${ms.toFixed(digits)} ms`;
