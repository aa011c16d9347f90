/** A divergence as the terminal shows it (spec/diverge.md). */
import type { Conditioning, Divergence, Finding, OutputDifference } from '../debug/divergence.ts';
import type { Element } from '../types.ts';
import type { Paint } from './terminal.ts';
import { comparison, count, counted, printable, replayOfFile, rounded } from './words.ts';

export function renderDivergence(found: Divergence, paint: Paint): string {
  const lines = [headline(found, paint)];
  for (const finding of found.findings) lines.push(...findingLines(finding, found, paint));
  if (found.conditioning !== null) lines.push(...conditioningLines(found.conditioning, found, paint));
  return `${lines.join('\n')}\n`;
}

const names = ({ backends }: Divergence): string => backends.map((b) => printable(b.asked)).join(' and ');

function headline(found: Divergence, paint: Paint): string {
  const { mode, kind, outputs, findings } = found;
  const equations = counted(found.equations, 'equation');
  if (mode === 'nan') {
    if (findings.length > 0) return equations;
    const alone = found.backends.length === 1 ? '' : ', that the other has not';
    return `${equations}: ${paint('green', 'none')} makes a NaN or an infinity of operands without one on ${names(found)}${alone}`;
  }
  const differing = outputs.filter((y) => y.different > 0);
  const differ = `${count(differing.length)} of ${counted(outputs.length, 'output')} ${differing.length === 1 ? 'differs' : 'differ'}${worstOf(differing)}`;
  if (kind === 'agree') {
    const how = differing.length === 0 ? 'bit for bit' : `within what rounding may do; ${differ}`;
    return `${equations}: ${names(found)} ${paint('green', 'agree')} ${how}`;
  }
  if (outputs.length === 0) return `${equations}, and no results to compare`;
  return kind === 'diverge' ? `${equations}, ${differ}` : `${equations}, ${differ}, and none of them is wrong`;
}

/** ` (worst: out[1] 0.3 %, likely bound 0.002 %)`. */
function worstOf(differing: readonly OutputDifference[]): string {
  const size = ({ largest }: OutputDifference): number => largest ?? Infinity;
  const [worst] = differing.toSorted((a, b) => (size(a) === size(b) ? 0 : size(b) - size(a)));
  return worst === undefined ? '' : ` (worst: out[${worst.output}] ${sizesOf(worst)})`;
}

/** Relative to the largest element as long as that says something: of results that nearly cancel it is not much. */
function sizesOf({ largest, likely, absolute }: OutputDifference): string {
  const share = (x: number): string => `${rounded(100 * x)} %`;
  const bound = (x: number | null, shown: (x: number) => string): string =>
    `likely bound ${x === null ? 'unknown' : shown(x)}`;
  if (absolute.largest === null) return `beyond all numbers, ${bound(likely, share)}`;
  if (largest !== null && Math.max(largest, likely ?? 0) <= 1) return `${share(largest)}, ${bound(likely, share)}`;
  return `${rounded(absolute.largest)}, ${bound(absolute.likely, rounded)}, where the largest element is ${rounded(absolute.scale)}`;
}

function findingLines(finding: Finding, found: Divergence, paint: Paint): string[] {
  const { backend, element, message, path, reproducer } = finding;
  const lines = [`${paint(['red', 'bold'], titleOf(finding))} on ${printable(backend)}: ${placeOf(finding, found)}`];
  finding.equations.forEach((text, i) => lines.push(equationLine(text, i === 0 ? finding.source : null)));
  if (path.length > 0) lines.push(`    in ${printable(path.join(' > '))}`);
  lines.push(
    `    ${element === null || finding.kind === 'nondeterministic' ? printable(message) : printable(errorOf(element))}${inputsOf(finding)}`,
  );
  if (element !== null && finding.kind !== 'nondeterministic')
    lines.push(`    worst element  ${printable(comparison(backend, element))}`);
  if (finding.kind === 'wrong') lines.push(...afterwards(finding, found));
  if (reproducer !== null) lines.push(reproducerLine(reproducer, backend));
  return lines;
}

function titleOf({ kind, numbers }: Finding): string {
  switch (kind) {
    case 'wrong':
      return 'first wrong equation';
    case 'together':
      return 'wrong together, each right by itself';
    case 'throws':
      return 'first equation that fails';
    case 'nondeterministic':
      return numbers.length === 0 ? 'not the same twice' : 'first equation that is not the same twice';
    case 'nan':
      return 'first equation that makes a NaN';
    case 'infinity':
      return 'first equation that makes an infinity';
  }
}

const placeOf = ({ numbers }: Finding, { equations }: Divergence): string =>
  numbers.length === 0 ? 'the program' : `${numbers.map(count).join(', ')} of ${count(equations)}`;

const COLUMN = 50;
const equationLine = (text: string, source: string | null): string =>
  `    ${printable(source === null ? text : `${text.padEnd(COLUMN)}   ${source}`)}`;

/** `local error 214 ulp, budget 4`. */
function errorOf({ ulp, error, budget, got, expected }: Element): string {
  if (budget === 0)
    return ulp === null ? `${got}, and has to be ${expected}` : `local error ${rounded(ulp)} ulp, and has to be exact`;
  if (error === null || budget === null) return `${got}, and should be ${expected}`;
  if (ulp === null || ulp === 0) return `local error ${rounded(error)}, budget ${rounded(budget)}`;
  return `local error ${rounded(ulp)} ulp, budget ${rounded((budget / error) * ulp)}`;
}

const inputsOf = ({ inputs }: Finding): string =>
  inputs === null ? '' : inputs === 'same' ? '; its inputs agree' : '; its inputs differ by rounding only';

/** What became of the error. */
function afterwards({ numbers, alsoWrong, path }: Finding, { equations }: Divergence): string[] {
  const [number] = numbers;
  if (alsoWrong.length > 0) {
    const some = alsoWrong.slice(0, 10).map(count).join(', ');
    return [`also wrong on their own operands: ${some}${alsoWrong.length > 10 ? ', …' : ''} of ${count(equations)}`];
  }
  if (path.length > 0) return ['the equations after it there only carry it on (their local errors are within budget)'];
  const next = number! + 1;
  if (next > equations) return [];
  if (next === equations) return [`equation ${count(next)} only carries it on (its local error is within budget)`];
  return [`equations ${count(next)}–${count(equations)} only carry it on (their local errors are within budget)`];
}

function reproducerLine({ equations, file }: NonNullable<Finding['reproducer']>, backend: string): string {
  const title = `reproducer (${counted(equations, 'equation')})`;
  return file === null ? title : `${title}: ${file}   ${printable(replayOfFile(backend, file))}`;
}

function conditioningLines(
  { equation, text, source, before, after }: Conditioning,
  found: Divergence,
  paint: Paint,
): string[] {
  const place = `${count(equation)} of ${count(found.equations)}`;
  const where = after === null ? `nothing bounds the results from ${place} on` : `digits are lost at ${place}`;
  const bound = (x: number | null): string => (x === null ? 'none' : rounded(x));
  return [
    `${paint('yellow', 'ill-conditioned')}: every equation is within its budget, but ${where}`,
    equationLine(text, source),
    `    bound, relative to the largest element: ${bound(before)} before it, ${bound(after)} after it`,
  ];
}
