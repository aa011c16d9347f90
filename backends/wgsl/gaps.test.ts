import { expect, test } from 'vitest';
import { compareGaps } from '../../conformance/testing/gaps.ts';
import committed from './gaps.json' with { type: 'json' };
import { wgsl } from './index.ts';

test('the committed gaps are the gaps', () => {
  expect(compareGaps(wgsl, committed)).toEqual({ missing: [], closed: [] });
});
