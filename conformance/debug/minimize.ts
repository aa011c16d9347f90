/**
 * Making evidence small: fewer outputs, fewer equations, no constants, smaller shapes, simpler numbers. Each step is run
 * again, by the law that a replay uses, and is taken only if the backend is still wrong in the same way.
 */
import { oneEquation } from '../../reference/core/open-backend.ts';
import {
  avalOf,
  elementFrom,
  elements,
  flatten,
  forEachIndex,
  type HostArray,
  hostScalar,
  sameElement,
  type Shape,
  sizeOf,
  stridesOf,
  take,
} from '../../reference/core/host.ts';
import { Jaxpr } from '../../reference/core/jaxpr.ts';
import { transforms as t } from '../../reference/transforms/rules.ts';
import type { Bench } from '../bench.ts';
import type { Evidence } from '../laws/law.ts';
import { value } from '../laws/value.ts';
import { RandomStream } from '../programs/random-stream.ts';
import { rangesOf, referenceValues, without, withoutConstants } from './parts.ts';
import { resized } from './resize.ts';

/** What is wrong with a program by itself. */
export async function wrongAlone(bench: Bench, jaxpr: Jaxpr, inputs: readonly HostArray[]): Promise<Evidence | null> {
  const judged = value.check(bench, { jaxpr, inputs, active: [] }, new RandomStream(0));
  return (await judged.catch(() => ({ wrong: null }))).wrong;
}

/** The smallest evidence of the same kind that is found until the deadline (a `Date.now()`). */
export async function minimized(bench: Bench, start: Evidence, deadline: number): Promise<Evidence> {
  const reduction = new Reduction(bench, start, deadline);
  await reduction.outputs();
  await reduction.equations();
  await reduction.constants();
  await reduction.shapes();
  await reduction.element();
  await reduction.values();
  return reduction.best;
}

class Reduction {
  best: Evidence;
  readonly #bench: Bench;
  readonly #deadline: number;

  constructor(bench: Bench, start: Evidence, deadline: number) {
    this.best = start;
    this.#bench = bench;
    this.#deadline = deadline;
  }

  /** A backend that begins to throw while its wrong numbers are made small is wrong in another way. */
  async #takes(jaxpr: Jaxpr, inputs: readonly HostArray[]): Promise<boolean> {
    if (Date.now() > this.#deadline) return false;
    const wrong = await wrongAlone(this.#bench, jaxpr, inputs);
    if (wrong === null || (wrong.got === null) !== (this.best.got === null)) return false;
    this.best = { ...wrong, source: wrong.source ?? this.best.source };
    return true;
  }

  get #program(): Jaxpr {
    return this.best.jaxpr!;
  }

  /** One result, and what it needs. The results of a single equation stay together. */
  async outputs(): Promise<void> {
    const { outputs, equations } = this.#program;
    if (outputs.length < 2 || (equations.length === 1 && equations[0]!.primitive.kind === 'first-order')) return;
    const likely = this.best.element?.output ?? 0;
    for (const j of [likely, ...outputs.keys()]) {
      const small = t.dce(this.#program, outputs.map((_, i) => i === j)); // prettier-ignore
      if (await this.#takes(small.jaxpr, this.best.inputs.filter((_, i) => small.inputs[i]))) return; // prettier-ignore
    }
  }

  /** Equations go, many at once first; what they gave becomes an input. */
  async equations(): Promise<void> {
    for (const [from, to] of rangesOf(this.#program.equations.length)) {
      const program = this.#program;
      if (to > program.equations.length || to - from === program.equations.length) continue;
      const values = referenceValues(program, this.best.inputs);
      const small = without(program, from, to);
      if (small.outputs.length > 0) await this.#takes(small, values.all(small.inputs));
    }
  }

  async constants(): Promise<void> {
    if (this.#program.constvars.length === 0) return;
    const { jaxpr, values } = withoutConstants(this.#program);
    await this.#takes(jaxpr, [...values, ...this.best.inputs]);
  }

  /** Axes of one size become shorter together, with the parameters that say so. */
  async shapes(): Promise<void> {
    if (this.#program.constvars.length > 0) return;
    const tried = new Set<number>();
    for (;;) {
      const sizes = this.best.inputs.flatMap((x) => x.shape).filter((n) => n > 1 && !tried.has(n));
      if (sizes.length === 0 || Date.now() > this.#deadline) return;
      const size = Math.max(...sizes);
      tried.add(size);
      for (const smaller of [1, 2, 3, Math.ceil(size / 2), size - 1]) {
        if (smaller < size && (await this.#resize(size, smaller))) break;
      }
    }
  }

  async #resize(from: number, to: number): Promise<boolean> {
    for (const jaxpr of resized(this.#program, from, to)) {
      if (await this.#takes(jaxpr, this.best.inputs.map((x, i) => leading(x, jaxpr.inAvals[i]!.shape)))) return true; // prettier-ignore
    }
    return false;
  }

  /** An elementwise equation on the operands of its wrong element alone. */
  async element(): Promise<void> {
    const { element, inputs } = this.best;
    const [equation, ...others] = this.#program.equations;
    if (element === null || equation === undefined || others.length > 0) return;
    const { primitive, params } = equation;
    if (primitive.kind !== 'first-order' || primitive.batch !== 'elementwise') return;
    if (inputs.length !== equation.inputs.length) return;
    const operands = inputs.map((x) => {
      const at = x.shape.length === 0 ? 0 : flatten(element.index, stridesOf(x.shape));
      return take(x, [], () => at);
    });
    const one = oneEquation(primitive, operands.map(avalOf), params);
    const { source } = equation;
    await this.#takes(new Jaxpr({ ...one, equations: [{ ...one.equations[0]!, source }] }), operands);
  }

  /** Zeros, then ones, for whole inputs, then for single elements. */
  async values(): Promise<void> {
    for (const k of this.best.inputs.keys()) {
      for (const simple of [0, 1]) {
        for (const range of rangesOf(sizeOf(this.best.inputs[k]!.shape))) {
          if (Date.now() > this.#deadline) return;
          const next = replaced(this.best.inputs[k]!, range, simple);
          if (next !== null) await this.#takes(this.#program, this.best.inputs.with(k, next));
        }
      }
    }
  }
}

/** The elements of a smaller array of the same rank, from the front of every axis. */
function leading(x: HostArray, shape: Shape): HostArray {
  const strides = stridesOf(x.shape);
  const places: number[] = [];
  forEachIndex(shape, (index) => places.push(flatten(index, strides)));
  return take(x, shape, (i) => places[i]!);
}

/** null if nothing gets simpler: zeros are simpler than ones, ones than everything else. */
function replaced(x: HostArray, [from, to]: readonly [number, number], simple: number): HostArray | null {
  const at = elements(x);
  const [zero, fill] = [0, simple].map((v) => elementFrom(x.dtype, v));
  const isSimple = (i: number): boolean => [zero, fill].some((v) => sameElement(at(i), v!));
  const replace = (i: number): boolean => i >= from && i < to && !isSimple(i);
  if (!Array.from({ length: to - from }, (_, i) => replace(from + i)).includes(true)) return null;
  return take(x, x.shape, (i) => (replace(i) ? -1 : i), hostScalar(x.dtype, fill!));
}
