/**
 * What became of the commands. They are handed over in batches, and a device refuses a batch as a whole, because of a buffer
 * that there was no memory for, say: nothing in it has run. It tells so later, so that every value knows the batches
 * that it was made in, and is believed once those are known to be right.
 */

/** Batches, the first and the last. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Whether something has failed: a message, or null. */
export type Check = Promise<string | null>;

/** What the innermost error scope of a device has caught: a message, or null. Of a device that is lost this tells nothing. */
export const caught = (device: GPUDevice): Check =>
  device.popErrorScope().then(
    (error) => error?.message ?? null,
    () => null,
  );

export class Batches {
  readonly #device: GPUDevice;
  /** Why batches failed, by their numbers. */
  readonly #failures = new Map<number, string>();
  /** What was made for the batch that is recorded, and may turn out to have failed. */
  #checks: Check[] = [];
  #isOpen = false;
  #settling: Promise<void> = Promise.resolve();
  /** The batch that is recorded now. */
  current = 0;
  /** Of all batches before this one it is known whether they failed. */
  settled = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** Something is about to be recorded. */
  open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#device.pushErrorScope('validation');
  }

  /** The batch fails if this does, whose message says more than the device's refusal of what follows from it. */
  checked(check: Check): void {
    this.#checks.push(check);
  }

  /** All that was recorded has been handed over, and is a batch, if it is anything. */
  close(): void {
    if (!this.#isOpen && this.#checks.length === 0) return;
    const batch = this.current++;
    const refusal = this.#isOpen ? caught(this.#device) : Promise.resolve(null);
    this.#isOpen = false;
    const checks = Promise.all(this.#checks);
    this.#checks = [];
    this.#settling = Promise.all([checks, refusal, this.#settling]).then(([failures, refused]) => {
      const failure = failures.find((message) => message !== null);
      if (failure !== undefined) this.#fail(batch, failure);
      else if (refused !== null) this.#fail(batch, `the device refused its commands: ${refused}`);
      this.settled = batch + 1;
    });
  }

  /** Something failed that nobody was asked about: any batch that is under way may be meant. */
  failAll(message: string): void {
    for (let batch = this.settled; batch <= this.current; batch++) this.#fail(batch, message);
  }

  #fail(batch: number, message: string): void {
    if (!this.#failures.has(batch)) this.#failures.set(batch, message);
  }

  /** Waits until it is known what became of all batches that have been handed over. */
  whenSettled(): Promise<void> {
    return this.#settling;
  }

  /** Why one of the batches failed; null: none did, as far as is known. */
  failureIn({ from, to }: Span): string | null {
    for (const [batch, message] of this.#failures) if (batch >= from && batch <= to) return message;
    return null;
  }
}
