/** Steps per second, over the last second or so. */
export class Speed {
  #marks: { readonly time: number; readonly steps: number }[] = [];

  /** Begins to count. */
  clear(): void {
    this.#marks = [{ time: performance.now(), steps: 0 }];
  }

  count(steps: number): void {
    const time = performance.now();
    this.#marks.push({ time, steps: this.#marks.at(-1)!.steps + steps });
    while (this.#marks.length > 2 && this.#marks[1]!.time < time - 1000) this.#marks.shift();
  }

  get perSecond(): number {
    const [first, last] = [this.#marks[0]!, this.#marks.at(-1)!];
    return (1000 * (last.steps - first.steps)) / (last.time - first.time);
  }
}
