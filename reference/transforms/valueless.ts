/** What every tracer without a value says when it is asked for one. */
import { ConcretizationError } from '../core/errors.ts';
import { type Complex, type HostData, showAval } from '../core/host.ts';
import type { Nested } from '../core/ndarray.ts';
import { SourceLocation } from '../core/source.ts';
import { requireAlive, Tracer } from '../core/trace.ts';

/** A tracer whose number does not exist yet. */
export abstract class ValuelessTracer extends Tracer {
  /** What the user can write instead. */
  protected abstract readonly advice: string;
  /** Where the value comes from, and who is at work. */
  protected get story(): string {
    return `while ${this.trace.subject ?? this.trace.name} is being traced`;
  }

  #refuse(asked: string): never {
    requireAlive(this, `x.${asked}`);
    const at = SourceLocation.capture()?.toString() ?? '';
    throw new ConcretizationError(
      `a traced value has no number yet.\n  x.${asked}${at === '' ? '' : ` at ${at}`} asks for the value of x: ${showAval(this.aval)}, ${this.story}.\n  ${this.advice}`,
    );
  }
  item(): number | bigint | boolean | Complex {
    return this.#refuse('item()');
  }
  dataSync(): HostData {
    return this.#refuse('dataSync()');
  }
  js(): Nested {
    return this.#refuse('js()');
  }
  data(): Promise<HostData> {
    return this.#refuse('data()');
  }
  jsAsync(): Promise<Nested> {
    return this.#refuse('jsAsync()');
  }
  blockUntilReady(): Promise<this> {
    return this.#refuse('blockUntilReady()');
  }
  override toString(): string {
    return `Traced<${showAval(this.aval)}> under ${this.trace.name}`;
  }
}
