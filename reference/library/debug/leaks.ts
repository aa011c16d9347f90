/** The leak checker: where tracers come from that are kept after their transformation has ended. */
import { ArgumentError } from '../../core/errors.ts';
import { showAval } from '../../core/host.ts';
import { SourceLocation } from '../../core/source.ts';
import { type Trace, type Tracer, type TracerWatch, watchTracers } from '../../core/trace.ts';

/** A tracer that can still be reached after its transformation has ended. */
export interface Leak {
  /** `f32[3]`. */
  readonly type: string;
  /** The transformed function: `jit(loss)`. */
  readonly from: string;
  /** Where that was called: `src/train.ts:30:5`. Empty where the engine cannot tell. */
  readonly called: string;
  /** Where the value was computed. */
  readonly computed: string;
}

/** What is known of the tracers made since the checker was switched on. */
class LeakWatch implements TracerWatch {
  readonly #lines = new WeakMap<Tracer | Trace, string>();
  #made: WeakRef<Tracer>[] = [];

  made(tracer: Tracer): void {
    const line = SourceLocation.capture()?.toString() ?? '';
    this.#lines.set(tracer, line);
    // The first tracers of a transformation are the arguments of its function: they are made where it is called.
    if (!this.#lines.has(tracer.trace)) this.#lines.set(tracer.trace, line);
    this.#made.push(new WeakRef(tracer));
  }

  met(tracer: Tracer): string {
    const { type, from, called, computed } = this.#leak(tracer);
    return `.\n  ${type} was computed at ${computed || '?'}, in ${from}, called at ${called || '?'}`;
  }

  #leak(tracer: Tracer): Leak {
    return {
      type: showAval(tracer.aval),
      from: tracer.trace.subject ?? tracer.trace.name,
      called: this.#lines.get(tracer.trace) ?? '',
      computed: this.#lines.get(tracer) ?? '',
    };
  }

  /** Those that are left, once the garbage has been collected. */
  leaks(): Leak[] {
    this.#made = this.#made.filter((ref) => ref.deref() !== undefined);
    return (
      this.#made
        .map((ref) => ref.deref()!)
        // Those without a subject are the transformations' own, reachable through the user's.
        .filter((x) => !x.trace.alive && x.trace.subject !== null)
        .map((x) => this.#leak(x))
    );
  }
}

let watch: LeakWatch | null = null;

/**
 * Switches the leak checker on or off. While it is on, a LeakedTracerError also names the line that computed the value
 * and the function that it leaked from, and `debug.leakedTracers()` finds leaks that nobody has stumbled over yet.
 *
 * @example
 * debug.leaks();
 */
export function leaks(on: boolean = true): void {
  watch = on ? new LeakWatch() : null;
  watchTracers(watch);
  SourceLocation.captureThoroughly(leaks, on ? 'deep, as text' : null);
}

/**
 * The tracers, made since `debug.leaks()`, that the program can still reach although their transformations have ended.
 * It collects garbage first, so the engine has to let it: `node --expose-gc`.
 *
 * @example
 * debug.leaks();
 * let kept;
 * jit((x) => (kept = x))(1);
 * await debug.leakedTracers(); // [{ type: 'f32[]', from: 'jit(anonymous)', … }]
 * @throws ArgumentError if the checker is off, or garbage cannot be collected
 */
export async function leakedTracers(): Promise<Leak[]> {
  if (watch === null) throw new ArgumentError('debug.leakedTracers: the leak checker is off; call debug.leaks() first');
  const collect = (globalThis as { readonly gc?: () => void }).gc;
  if (collect === undefined) {
    throw new ArgumentError(
      'debug.leakedTracers: this process cannot collect garbage on demand, and what is garbage looks like a leak; run it with node --expose-gc',
    );
  }
  // What a WeakRef was made or asked for lives until the current job ends.
  await new Promise((resolve) => setTimeout(resolve, 0));
  collect();
  return watch.leaks();
}
