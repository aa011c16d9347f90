/**
 * ⟨J·v, w⟩ = ⟨v, Jᵀ·w⟩: forward and reverse mode are transposes of one another. The pairing is Re Σ aᵢbᵢ, without
 * conjugation; with all complex directions it says of holomorphic maps that Σ aᵢbᵢ itself is the same.
 */
import { type Element, elements, hostScalar, type HostArray, sizeOf } from '../../reference/core/host.ts';
import type { Bounded } from '../../reference/core/primitive.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import { gamma } from '../../reference/primitives/accuracy.ts';
import { judgeProgram } from '../budgets.ts';
import { isNaNElement, modulus } from '../elements.ts';
import { jvpOf, vjpOf } from '../programs/sample.ts';
import { judgement, type Law } from './law.ts';

export const adjoint: Law = {
  name: 'adjoint',
  anchor: 'spec/conformance.md#adjoint',
  ofRules: true,
  program: vjpOf,
  async check(bench, sample, random) {
    const n = sample.inputs.length;
    const results = sample.jaxpr.outputs.length;
    const forward = jvpOf(sample, random);
    const backward = vjpOf(sample, random);
    const tangents = errorBound(forward.jaxpr, forward.inputs, bench.profile, 'alike').slice(results);
    const cotangents = errorBound(backward.jaxpr, backward.inputs, bench.profile, 'alike').slice(results);
    const left = product(tangents, backward.inputs.slice(n));
    const right = product(cotangents, forward.inputs.slice(n));
    const worst = Float64Array.of(left.error + right.error);
    const expected = { value: hostScalar('float64', left.sum), bound: { worst, variance: worst.map((e) => e * e) } };
    const got = [hostScalar('float64', right.sum)];
    const comparison = judgeProgram([expected], got, bench.profile);
    return judgement(comparison, { jaxpr: backward.jaxpr, inputs: backward.inputs, expected: [expected.value], got });
  },
};

/**
 * ⟨x, y⟩ in float64 and its error: what x carries, and the roundings of the sum; infinite where the sum is. A NaN that is
 * none by chance has no error: the other mode has to give one too.
 */
function product(xs: readonly Bounded[], ys: readonly HostArray[]): { readonly sum: number; readonly error: number } {
  let [sum, magnitude, error, terms, isNaN] = [0, 0, 0, 0, false];
  xs.forEach(({ value, bound }, k) => {
    const [x, y] = [elements(value), elements(ys[k]!)];
    for (let i = 0; i < sizeOf(value.shape); i++) {
      isNaN ||= isNaNElement(x(i)) && bound?.worst[i] !== Infinity;
      sum += realProduct(x(i), y(i));
      magnitude += modulus(x(i)) * modulus(y(i));
      error += modulus(y(i)) * (bound?.worst[i] ?? 0);
      terms += 2;
    }
  });
  error += gamma(terms + 1, 'float64') * magnitude;
  if (isNaN) return { sum: NaN, error: 0 };
  return Number.isFinite(sum) && !Number.isNaN(error) ? { sum, error } : { sum: 0, error: Infinity };
}

/** Re(x·y). */
const realProduct = (x: Element, y: Element): number =>
  typeof x === 'object' && typeof y === 'object' ? x.re * y.re - x.im * y.im : Number(x) * Number(y);
