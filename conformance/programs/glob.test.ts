import fc from 'fast-check';
import { expect, test } from 'vitest';
import { globMatcher } from './glob.ts';

const id = fc
  .array(fc.constantFrom('a', 'b', 'f32', 'x.y'), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join('/'));
const glob = fc
  .array(fc.constantFrom('*', '?', 'a', 'b', 'f32', '/'), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(''));

/** What a glob means, by a regular expression: the whole id, or its first parts. */
const meaning = (g: string): RegExp =>
  new RegExp(`^${g.replace(/[.*?]/g, (c) => ({ '*': '.*', '?': '.', '.': '\\.' })[c]!)}(/.*)?$`);

test('a glob matches what its regular expression matches', () => {
  fc.assert(
    fc.property(glob, id, (g, i) => globMatcher([g]).matches(i) === meaning(g).test(i)),
    { numRuns: 2000 },
  );
});

test('where an id matches, so may every beginning of it', () => {
  fc.assert(
    fc.property(glob, id, fc.nat(), (g, i, n) => {
      const { matches, mayMatchBelow } = globMatcher([g]);
      return !matches(i) || mayMatchBelow(i.slice(0, n % (i.length + 1)));
    }),
    { numRuns: 2000 },
  );
});

test('examples', () => {
  const { matches, mayMatchBelow } = globMatcher(['reduce_*/f32', '*/vmap/*']);
  expect(matches('reduce_sum/f32/eval/odd/1234')).toBe(true);
  expect(matches('add/i32/vmap/odd/1234')).toBe(true);
  expect(matches('add/f32/eval/odd/1234')).toBe(false);
  expect(mayMatchBelow('reduce_sum/f64/')).toBe(true); // by the second glob
  expect(globMatcher(['add/f32']).mayMatchBelow('reduce_sum/f32/')).toBe(false);
});
