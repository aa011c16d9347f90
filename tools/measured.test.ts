import { expect, test } from 'vitest';
import type { Report } from '../conformance/types.ts';
import { withMeasured } from './measured.ts';

const accuracy = (
  primitive: string,
  dtype: 'float32' | 'float64',
  unit: 'ulp' | 'budget',
  max: number,
): Report['accuracy'][0] => ({
  primitive,
  dtype,
  unit,
  elements: 6000,
  bins: [[0, 6000]],
  p50: 0,
  p99: max / 2,
  max,
  worst: null,
});
const cell = (primitive: string, ok: number, wrong: number): Report['cells'][0] => ({
  primitive,
  dtype: 'int32',
  transformation: 'eval',
  status: wrong > 0 ? 'wrong' : 'answered',
  ok,
  wrong,
  gaps: 0,
  reasons: [],
});
const report = {
  accuracy: [
    accuracy('exp', 'float32', 'ulp', 0.5),
    accuracy('exp', 'float64', 'ulp', 0.5137),
    accuracy('reduce_sum', 'float32', 'budget', 0.0213),
    accuracy('reduce_sum', 'float64', 'budget', 0),
    accuracy('cumsum', 'float32', 'budget', 0),
    accuracy('cumsum', 'float64', 'budget', 0),
  ],
  cells: [cell('neg', 1000, 0), cell('neg', 200, 0), cell('not', 9, 1)],
};
const filled = (name: string): string => withMeasured(`a <!-- measured:${name} -->old<!-- /measured --> b`, report);

test('what was measured stands between the markers', () => {
  expect(filled('exp')).toBe(
    'a <!-- measured:exp -->f32 0.5 ulp, f64 0.51 ulp over 12,000 elements<!-- /measured --> b',
  );
  expect(filled('reduce_sum')).toContain('-->f32 0.021 of the budget, f64 exact over 12,000 elements<!--');
  expect(filled('cumsum')).toContain('-->f32 f64 exact over 12,000 elements<!--');
  expect(filled('neg')).toContain('-->no difference in 1,200 cases<!--');
  expect(filled('not')).toContain('-->1 of 10 cases differ<!--');
  expect(filled('rev')).toContain('-->old<!--');
});
