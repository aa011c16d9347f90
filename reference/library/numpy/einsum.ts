/**
 * Einstein summation. Operands are contracted in pairs, left to right; each contraction is one `dot_general`.
 */
import { ArgumentError, checkOptions, ShapeError, describe, isPlainObject } from '../../core/errors.ts';
import { showAval } from '../../core/host.ts';
import type { ArrayLike, NDArray } from '../../core/ndarray.ts';
import * as lax from '../../lax.ts';
import { broadcastShapes, numeric, promoteDtypes } from './arguments.ts';
import { diagonal } from './indexing.ts';

/** An array and one label per axis. Ellipsis axes are labelled `0`, `1` … from the right. */
interface Labelled {
  readonly array: NDArray;
  readonly labels: readonly string[];
}

/**
 * Sums of products, as the subscripts say: `'ij,jk->ik'` is the matrix product, `'ii'` the trace, `'...i->i...'` moves
 * an axis. Without `->` the labels that occur once are kept, in alphabetical order.
 * @throws ArgumentError for subscripts that make no sense; ShapeError for sizes that differ
 */
export function einsum(subscripts: string, ...operands: readonly (ArrayLike | lax.DotOptions)[]): NDArray {
  const last = operands.at(-1);
  const hasOptions = isPlainObject(last);
  const options: lax.DotOptions = hasOptions ? (last as lax.DotOptions) : {};
  checkOptions(options, ['precision', 'preferredElementType'], 'np.einsum');
  const arrays = promoteDtypes((hasOptions ? operands.slice(0, -1) : operands) as ArrayLike[], 'np.einsum');
  if (typeof subscripts !== 'string')
    throw new ArgumentError(`np.einsum: the subscripts are a string, 'ij,jk->ik', got ${describe(subscripts)}`);
  const { inputs, output } = parse(subscripts, arrays);
  checkSizes(subscripts, inputs);
  const spread = broadcastEllipses(inputs);
  let terms: readonly Labelled[] = spread.map(takeDiagonals);
  while (terms.length > 1) {
    const [a, b, ...rest] = terms as [Labelled, Labelled, ...Labelled[]];
    const later = new Set([...output, ...rest.flatMap((t) => t.labels)]);
    terms = [multiply(a, b, later, options), ...rest];
  }
  const result = sumAway(terms[0]!, new Set(output));
  return lax.transpose(
    result.array,
    output.map((label) => result.labels.indexOf(label)),
  );
}

function parse(subscripts: string, arrays: readonly NDArray[]): { inputs: Labelled[]; output: string[] } {
  const fail = (why: string): never => {
    throw new ArgumentError(`np.einsum: '${subscripts}': ${why}`);
  };
  const [left, right, ...more] = subscripts.replaceAll(' ', '').split('->');
  const texts = left!.split(',');
  if (more.length > 0 || ![left!, right ?? ''].every((t) => /^([A-Za-z]|\.\.\.|,)*$/.test(t)))
    fail("expected letters, '...' and one '->'");
  if (texts.length !== arrays.length) fail(`${texts.length} operands are named, ${arrays.length} given`);
  const inputs = texts.map((text, i): Labelled => {
    const array = arrays[i]!;
    const named = text.replace('...', '').length;
    if (text.replace('...', '').includes('.')) fail(`'${text}' has two ellipses`);
    const hidden = text.includes('...') ? array.ndim - named : 0;
    if (named + hidden !== array.ndim || hidden < 0) fail(`'${text}' does not fit ${showAval(array.aval)}`);
    return { array, labels: expand(text, hidden) };
  });
  const ellipsis = Math.max(0, ...inputs.map((t) => t.labels.filter(isHidden).length));
  const known = new Set(inputs.flatMap((t) => t.labels));
  const output = right === undefined ? implicitOutput(inputs, ellipsis) : expand(right, ellipsis);
  if (new Set(output).size < output.length) fail('the result repeats a label');
  for (const label of output) if (!known.has(label)) fail(`the result's label '${label}' is not in any operand`);
  if (right !== undefined && ellipsis > 0 && !right.includes('...'))
    fail("the operands' '...' is missing from the result");
  return { inputs, output };
}

const isHidden = (label: string): boolean => label >= '0' && label <= '9';
const expand = (text: string, hidden: number): string[] => {
  const [before, after] = text.split('...');
  return [
    ...before!,
    ...Array.from({ length: after === undefined ? 0 : hidden }, (_, i) => String(hidden - 1 - i)),
    ...(after ?? ''),
  ];
};

function implicitOutput(inputs: readonly Labelled[], ellipsis: number): string[] {
  const all = inputs.flatMap((t) => t.labels).filter((label) => !isHidden(label));
  const once = all.filter((label) => all.indexOf(label) === all.lastIndexOf(label)).sort();
  return [...expand('...', ellipsis), ...once];
}

function checkSizes(subscripts: string, inputs: readonly Labelled[]): void {
  const sizes = new Map<string, number>();
  for (const { array, labels } of inputs) {
    labels.forEach((label, d) => {
      const size = array.shape[d]!;
      if (!isHidden(label) && (sizes.get(label) ?? size) !== size) {
        throw new ShapeError(`np.einsum: '${subscripts}': '${label}' has sizes ${sizes.get(label)} and ${size}`);
      }
      sizes.set(label, size);
    });
  }
}

/** Gives the ellipsis axes of every operand their common size; an operand may lack the leading ones. */
function broadcastEllipses(inputs: readonly Labelled[]): readonly Labelled[] {
  const hiddenShape = ({ array, labels }: Labelled): number[] => array.shape.filter((_, d) => isHidden(labels[d]!));
  const common = broadcastShapes(inputs.map(hiddenShape), 'np.einsum');
  return inputs.map(({ array, labels }) => {
    const shape = array.shape.map((n, d) =>
      isHidden(labels[d]!) ? common[common.length - 1 - Number(labels[d])]! : n,
    );
    const same = shape.every((n, d) => n === array.shape[d]);
    return { labels, array: same ? array : lax.broadcastInDim(array, shape, shape.map((_, d) => d)) }; // prettier-ignore
  });
}

/** A label that occurs twice in one operand runs along the diagonal of its two axes. */
function takeDiagonals(term: Labelled): Labelled {
  const { array, labels } = term;
  const first = labels.findIndex((label, d) => labels.indexOf(label, d + 1) > 0);
  if (first < 0) return term;
  const second = labels.indexOf(labels[first]!, first + 1);
  const rest = labels.filter((_, d) => d !== first && d !== second);
  return takeDiagonals({ array: diagonal(array, 0, first, second), labels: [...rest, labels[first]!] });
}

/** Sums over the axes whose labels nobody needs. */
function sumAway({ array, labels }: Labelled, needed: ReadonlySet<string>): Labelled {
  const axes = labels.flatMap((label, d) => (needed.has(label) ? [] : [d]));
  if (axes.length === 0) return { array, labels };
  const summed = lax.reduceSum(array.dtype === 'bool' ? lax.convertElementType(array, numeric('bool')) : array, axes);
  const back = array.dtype === 'bool' ? lax.ne(summed, 0) : summed;
  return { array: back, labels: labels.filter((label) => needed.has(label)) };
}

function multiply(left: Labelled, right: Labelled, later: ReadonlySet<string>, options: lax.DotOptions): Labelled {
  const a = sumAway(left, new Set([...later, ...right.labels]));
  const b = sumAway(right, new Set([...later, ...left.labels]));
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => later.has(label));
  const contracted = shared.filter((label) => !later.has(label));
  const axes = (t: Labelled, labels: readonly string[]): number[] => labels.map((label) => t.labels.indexOf(label));
  const array = lax.dotGeneral(
    a.array,
    b.array,
    [
      [axes(a, contracted), axes(b, contracted)],
      [axes(a, batch), axes(b, batch)],
    ],
    options,
  );
  const free = (t: Labelled): string[] => t.labels.filter((label) => !shared.includes(label));
  return { array, labels: [...batch, ...free(a), ...free(b)] };
}
