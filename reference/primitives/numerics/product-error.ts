/** How far a product of uncertain factors may be off. */

/**
 * |Π(xᵢ + δᵢ) − Πxᵢ| ≤ Π(|xᵢ| + δᵢ) − Π|xᵢ|, factor by factor so that nothing cancels. Factors are given by their
 * magnitude, error and variance.
 */
export class ProductError {
  worst = 0;
  variance = 0;
  #size = 1;

  add(factor: number, worst: number, variance: number): void {
    const [size, spread] = [this.#size, this.variance];
    this.variance = times(spread, times(factor, factor)) + times(variance, times(size, size)) + times(spread, variance);
    this.worst = times(this.worst, factor) + times(worst, size) + times(this.worst, worst);
    this.#size = times(size, factor);
  }
}

/** Products of bounds: nothing times an infinity is nothing. */
const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b);
