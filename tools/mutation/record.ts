/** What is written down of a run: the score, and every mutant that no test notices, with the reason where it is known. */
import type { Mutant, MutantResult } from '@stryker-mutator/api/core';
import { readFileSync } from 'node:fs';
import { reasonFor } from './reasons.ts';

export interface Run {
  /** As it was called. */
  readonly command: string;
  /** All mutants that could be drawn. */
  readonly population: number;
  readonly results: readonly MutantResult[];
}

interface Score {
  readonly killed: number;
  readonly survived: number;
}

const scoreOf = (results: readonly MutantResult[]): Score => ({
  killed: results.filter(({ status }) => status === 'Killed' || status === 'Timeout').length,
  survived: results.filter(({ status }) => status === 'Survived' || status === 'NoCoverage').length,
});

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const share = ({ killed, survived }: Score): string => percent(killed / (killed + survived));

/** Wilson's interval, which holds the true share in 95 of 100 draws. */
export function interval({ killed, survived }: Score): [low: number, high: number] {
  const z = 1.96;
  const n = killed + survived;
  const p = killed / n;
  const middle = (p + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half = (z / (1 + z ** 2 / n)) * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2));
  return [middle - half, middle + half];
}

/** The text that a mutant replaces; lines and columns from 1. */
export function originalOf({ fileName, location: { start, end } }: Mutant): string {
  const lines = readFileSync(fileName, 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1)!.slice(0, end.column - 1);
  return lines.join('\n').slice(start.column - 1);
}

/** In one line, in a cell of a table. */
const code = (text: string): string => {
  const line = text.replace(/\s+/g, ' ');
  const short = line.length > 90 ? `${line.slice(0, 60)} … ${line.slice(-25)}` : line;
  const escaped = short.replaceAll('|', '\\|');
  return escaped.includes('`') ? `\`\` ${escaped} \`\`` : `\`${escaped}\``;
};

const folderOf = ({ fileName }: MutantResult): string => fileName.split('/', 2).join('/');

export function recordOf({ command, population, results }: Run): { record: string; score: number } {
  const count = (...statuses: readonly string[]): number =>
    results.filter(({ status }) => statuses.includes(status)).length;
  const score = scoreOf(results);
  const [low, high] = interval(score);
  const folders = [...new Set(results.map(folderOf))].sort();
  const survivors = results
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .sort((a, b) =>
      a.fileName === b.fileName ? a.location.start.line - b.location.start.line : a.fileName < b.fileName ? -1 : 1,
    );
  const record = [
    '# Mutants that survive',
    '',
    `Written by \`${command}\`; [README.md](README.md) says what it means.`,
    '',
    `Of ${population} mutants ${results.length} were drawn: ${count('Killed')} killed, ${count('Timeout')} timed out, ${count('Survived')} survived,`,
    `${count('NoCoverage')} met no test, ${count('RuntimeError')} broke the loading of a test file, ${count('Ignored')} static ones were not run.`,
    '',
    `**Score ${share(score)}** (95 % interval ${percent(low)} to ${percent(high)}).`,
    '',
    '| folder | drawn | killed | survived | score |',
    '| --- | --- | --- | --- | --- |',
    ...folders.map((folder) => {
      const those = results.filter((result) => folderOf(result) === folder);
      const { killed, survived } = scoreOf(those);
      return `| ${folder} | ${those.length} | ${killed} | ${survived} | ${share({ killed, survived })} |`;
    }),
    '',
    '| place | what stands there | instead | why nobody notices |',
    '| --- | --- | --- | --- |',
    ...survivors.map((mutant) => {
      const original = originalOf(mutant);
      const place = `${mutant.fileName.replace('reference/', '')}:${mutant.location.start.line}`;
      return `| ${place} | ${code(original)} | ${code(mutant.replacement)} | ${reasonFor(mutant, original)} |`;
    }),
    '',
  ].join('\n');
  return { record, score: score.killed / (score.killed + score.survived) };
}
