import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contents, smallIntegers } from '../../../conformance/testing/arrays.ts';
import { errors, grad, type NDArray, np } from '../../index.ts';

/** The definition: for every value of every label, the product of the elements, added to the element of the result. */
function byLoops(
  inputs: readonly string[],
  output: string,
  sizes: Readonly<Record<string, number>>,
  operands: readonly NDArray[],
): number[] {
  const labels = [...new Set(inputs.join(''))];
  const values = operands.map((x) => contents(x).values);
  const flat = (text: string, at: Readonly<Record<string, number>>): number =>
    [...text].reduce((i, l) => i * sizes[l]! + at[l]!, 0);
  const result = new Array<number>([...output].reduce((n, l) => n * sizes[l]!, 1)).fill(0);
  const visit = (depth: number, at: Record<string, number>): void => {
    const label = labels[depth];
    if (label === undefined) {
      result[flat(output, at)]! += inputs.reduce((p, text, i) => p * values[i]![flat(text, at)]!, 1);
      return;
    }
    for (let v = 0; v < sizes[label]!; v++) visit(depth + 1, { ...at, [label]: v });
  };
  visit(0, {});
  return result;
}

const subscripts = fc.array(
  fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 3 }).map((l) => l.join('')),
  { minLength: 1, maxLength: 3 },
);
const cases = subscripts.chain((inputs) =>
  fc
    .record({ a: fc.nat({ max: 3 }), b: fc.nat({ max: 3 }), c: fc.nat({ max: 3 }), d: fc.nat({ max: 3 }) })
    .chain((sizes) =>
      fc.record({
        inputs: fc.constant(inputs),
        sizes: fc.constant(sizes),
        output: fc.shuffledSubarray([...new Set(inputs.join(''))]).map((l) => l.join('')),
        operands: fc.tuple(...inputs.map((text) => smallIntegers([...text].map((l) => sizes[l as 'a'])))),
      }),
    ),
);

describe('einsum', () => {
  it('is what its loops say', () => {
    fc.assert(
      fc.property(cases, ({ inputs, sizes, output, operands }) => {
        const got = np.einsum(`${inputs.join(',')}->${output}`, ...operands);
        expect(got.shape).toEqual([...output].map((l) => sizes[l as 'a']));
        expect(contents(got).values.map((v) => v + 0)).toEqual(
          byLoops(inputs, output, sizes, operands).map((v) => v + 0),
        );
      }),
    );
  });

  const x = np.reshape(np.arange(6, null, 1, { dtype: 'float32' }), [2, 3]);
  const batched = np.stack([x, np.multiply(x, 2)]);
  it.each<[string, NDArray, NDArray]>([
    ['the result may be left out', np.einsum('ij,kj', x, x), np.matmul(x, x.T)],
    ['labels that occur once, in alphabetical order', np.einsum('ba', x), x.T],
    ['an ellipsis stands for the other axes', np.einsum('...ij,kj->...ik', batched, x), np.matmul(batched, x.T)],
    [
      'ellipses broadcast',
      np.einsum('...i,...i->...', batched, np.array([1, 2, 3])),
      np.matmul(batched, np.array([1, 2, 3])),
    ],
    ['an ellipsis comes first where the result is left out', np.einsum('i...', x), x.T],
    ['options come last', np.einsum('ij->', x, { precision: 'HIGHEST' }), np.sum(x)],
    ['bool is or of ands', np.einsum('ij->i', np.greater(x, 3)), np.array([false, true])],
  ])('%s', (_, got, expected) => {
    expect(contents(got)).toEqual(contents(expected));
  });

  it('differentiates', () => {
    const square = (m: NDArray): NDArray => np.einsum('ij,ij->', m, m);
    expect(grad(square)(x).js()).toEqual(np.multiply(x, 2).js());
  });

  it.each([
    ['ij,jk->ik', 'names 2', [x]],
    ['ij->ii', 'repeats a label', [x]],
    ['ij->k', "'k' is not in any operand", [x]],
    ['ijk->i', "'ijk' does not fit f32[2,3]", [x]],
    ['i->j->k', "one '->'", [x]],
    ['i1->i', 'expected letters', [x]],
    ['...j->j', 'missing from the result', [x]],
  ])('%s is an error', (text, _why, operands) => {
    expect(() => np.einsum(text, ...operands)).toThrow(errors.ArgumentError);
  });
  it('sizes must agree', () => {
    expect(() => np.einsum('ij,ij->', x, x.T)).toThrow("'i' has sizes 2 and 3");
  });
});
