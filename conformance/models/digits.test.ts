import { describe, expect, it } from 'vitest';
import { random } from '../../reference/index.ts';
import { leaves } from '../../reference/core/tree.ts';
import { accuracy, init, loadDigits, loss, REQUIRED_ACCURACY, schedule, trainStep } from './digits.ts';

const digits = loadDigits();

describe('the digits model', () => {
  it('begins with a loss near log 10, from the key alone', () => {
    const { params } = init(random.key(0));
    const again = init(random.key(0));
    expect(leaves(params).map(String)).toEqual(leaves(again.params).map(String));
    const start = loss(params, digits.test.images, digits.test.labels).item() as number;
    // He's variance gives logits of variance about 2 times the mean square of a pixel (0.2).
    expect(Math.abs(start - Math.log(10))).toBeLessThan(1);
  });

  it('reads held-out digits on the reference', () => {
    let state = init(random.key(0));
    const losses: number[] = [];
    for (const { batch, rate } of schedule(digits)) {
      const next = trainStep(state, batch, rate);
      losses.push(next.loss.item() as number);
      state = next.state;
    }
    expect(losses.at(-1)).toBeLessThan(0.1);
    const share = accuracy(state.params, digits.test.images, digits.test.labels).item();
    expect(share).toBeGreaterThanOrEqual(REQUIRED_ACCURACY);
  });
});
