/** Deterministic random numbers from a seed and a name, so that every case can be made again from its id. */
import { createHash } from 'node:crypto';

/** The first 32 bits of the SHA-256 of the parts. */
export function hash32(...parts: readonly (string | number)[]): number {
  return createHash('sha256').update(parts.join('\n')).digest().readUInt32LE(0);
}

/** A stream of random numbers (Mulberry32, by Tommy Ettinger). */
export class RandomStream {
  #state: number;
  constructor(...seed: readonly (string | number)[]) {
    this.#state = hash32(...seed);
  }

  /** Uniform in [0, 1). */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
  /** An integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.unit() * n);
  }
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
  chance(p: number): boolean {
    return this.unit() < p;
  }
}
