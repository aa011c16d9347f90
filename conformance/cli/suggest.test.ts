import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closest, didYouMean, editDistance } from './suggest.ts';

describe('suggestions', () => {
  it('is a distance: zero only for equal words, symmetric, at most the longer length, one per edit', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), fc.nat(8), (a, b, at) => {
        expect(editDistance(a, b) === 0).toBe(a === b);
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(editDistance(a, `${a.slice(0, at)}x${a.slice(at)}`)).toBe(1);
      }),
    );
    expect(editDistance('reduce_smu', 'reduce_sum')).toBe(1);
  });

  it('offers what is near, or contains the word', () => {
    const names = ['reduce_sum', 'reduce_max', 'add', 'grad', 'sum'];
    expect(closest('reduce_smu', names)).toEqual(
      ['reduce_sum', 'reduce_max'].slice(0, closest('reduce_smu', names).length),
    );
    expect(closest('Sum', names)).toEqual(['sum', 'reduce_sum']);
    expect(didYouMean('zzzzzz', names)).toBe('');
    expect(didYouMean('gard', names)).toBe('; did you mean grad?');
  });
});
