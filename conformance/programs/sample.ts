/**
 * Programs with inputs, and the transformations that make new ones of them (spec/conformance.md#programs).
 */
import { oneEquation } from '../../reference/core/open-backend.ts';
import { isInexact } from '../../reference/core/dtypes.ts';
import {
  allocate,
  avalOf,
  buildElements,
  buildParts,
  elements,
  type HostArray,
  mover,
  sameAval,
  type Shape,
  sizeOf,
  take,
} from '../../reference/core/host.ts';
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import type { AnyFirstOrder, Call, Params } from '../../reference/core/primitive.ts';
import { evaluateJaxpr } from '../../reference/interpreter.ts';
import { toFront } from '../../reference/primitives/axes.ts';
import { higherOrder } from '../../reference/primitives/index.ts';
import type { Transforms } from '../../reference/core/rules.ts';
import type { Choices } from '../../reference/transforms/rounding.ts';
import { transforms } from '../../reference/transforms/rules.ts';
import { batchFlat } from '../../reference/transforms/vmap.ts';
import type { RandomStream } from './random-stream.ts';

/** The transformations that samples are made with: the reference's, but where the suite itself is on trial. */
let t: Transforms = transforms;

/** Has samples made with other transformations while `f` runs. */
export async function madeWith<R>(others: Transforms, f: () => Promise<R>): Promise<R> {
  const before = t;
  t = others;
  try {
    return await f();
  } finally {
    t = before;
  }
}

/** A program and what it is run on. */
export interface Sample {
  readonly jaxpr: Jaxpr;
  readonly inputs: readonly HostArray[];
  /** Inputs that it is differentiated in. */
  readonly active: readonly number[];
  /** Which choices the results do not depend on; left out: they depend on all of them. */
  readonly choices?: Choices;
}

/** Thrown where a transformation has nothing to do: no operand to batch, no derivative. */
export class NotApplicable extends Error {}

/** One call of a primitive. */
export function callSample(primitive: AnyFirstOrder, { args, params }: Call<Params>): Sample {
  const avals = args.map(avalOf);
  const rule = primitive.differentiate;
  const active = 'zero' in rule ? [] : rule.active(avals, params).filter((i) => isInexact(avals[i]!.dtype));
  return { jaxpr: oneEquation(primitive, avals, params), inputs: args, active };
}

/** What of a call's results does not depend on free choices in them: the derivatives of the others are such choices too. */
export function invariantSample(primitive: AnyFirstOrder, { args, params }: Call<Params>): Sample {
  const sample = callSample(primitive, { args, params });
  const { invariants } = primitive;
  if (invariants === undefined) return sample;
  const jaxpr = t.trace((...xs) => invariants(t.lax, t.bind(primitive, xs, params), params), args.map(avalOf));
  return { ...sample, jaxpr };
}

/** Of samples with several active inputs every other one is differentiated in some of them only. */
export function partlyActive(sample: Sample, random: RandomStream): Sample {
  const { active } = sample;
  if (active.length < 2 || random.chance(0.5)) return sample;
  const sure = random.pick(active);
  return { ...sample, active: active.filter((i) => i === sure || random.chance(0.5)) };
}

/** A composition of transformations (`vmap.vjp`), the rightmost applied first. */
export function transformed(sample: Sample, how: string, random: RandomStream): Sample {
  const made = how.split('.').reduceRight((s, name) => single[name as keyof typeof single](s, random), sample);
  return { ...made, ...(sample.choices && { choices: sample.choices }) };
}

const single = {
  eval: (s: Sample): Sample => s,
  jit: jitted,
  vmap: (s: Sample, random: RandomStream): Sample => vmapped(s, random).sample,
  jvp: jvpOf,
  vjp: vjpOf,
};

/** The program as one call of a jitted function. */
export function jitted(sample: Sample): Sample {
  const { jaxpr } = sample;
  const params = { name: 'f', jaxpr, backend: null };
  return { ...sample, jaxpr: oneEquation(higherOrder.jit, jaxpr.inAvals, params) };
}

// ---- vmap

export interface Vmapped {
  readonly sample: Sample;
  /** The operands of each lane. */
  readonly lanes: readonly (readonly HostArray[])[];
}

/** Some inputs get a batch axis, anywhere; all results have it in front. */
export function vmapped({ jaxpr, inputs, active }: Sample, random: RandomStream): Vmapped {
  if (inputs.length === 0) throw new NotApplicable('nothing to batch');
  const small = smallDimensions(inputs);
  const size = small.length > 0 && random.chance(0.5) ? random.pick(small) : 2 + random.below(2);
  const sure = random.below(inputs.length);
  const at = inputs.map((x, i) => (i === sure || random.chance(0.75) ? random.below(x.shape.length + 1) : null));
  const rolls = rollable(jaxpr);
  const lanes = Array.from({ length: size }, (_, lane) =>
    inputs.map((x, i) => (at[i] === null || rolls[i] !== true ? x : rolled(x, lane))),
  );
  const batched = inputs.map((x, i) =>
    at[i] === null
      ? x
      : stacked(
          lanes.map((lane) => lane[i]!),
          at[i]!,
        ),
  );
  const axis = { size, name: null };
  const wide = t.trace((...xs) => {
    const result = batchFlat(t, (ys) => t.evaluate(jaxpr, ys), xs, at, axis);
    return result.out.map((y, j) => toFront(t.lax, y, result.at[j]!, axis));
  }, batched.map(avalOf));
  return { sample: { jaxpr: wide, inputs: batched, active }, lanes };
}

/** Those that the inputs have already: a batch axis of such a size can be taken for another axis silently. */
const smallDimensions = (inputs: readonly HostArray[]): number[] =>
  inputs.flatMap((x) => x.shape).filter((n) => n > 1 && n < 5);

/**
 * Which inputs may hold other values in other lanes. Not those that an equation promises something about: sorted or
 * unique indices, indices within bounds.
 */
function rollable(jaxpr: Jaxpr): boolean[] {
  const promised = jaxpr.equations.filter((e) => 'unique_indices' in e.params).map((e) => e.inputs[1]);
  return jaxpr.inputs.map((v) => !promised.includes(v));
}

/** The elements moved on by some places; a single element is moved in value, or all lanes would have the same. */
function rolled(x: HostArray, places: number): HostArray {
  const n = sizeOf(x.shape);
  return n === 1 ? moved(x, places) : take(x, x.shape, (i) => (i + places) % n);
}

/** The same with another value; bools alternate. */
function moved(x: HostArray, by: number): HostArray {
  const v = elements(x)(0);
  if (typeof v === 'object') return buildElements(x.dtype, x.shape, () => ({ re: v.re + by, im: v.im - by }));
  if (typeof v === 'bigint') return buildElements(x.dtype, x.shape, () => v + BigInt(by));
  return buildElements(x.dtype, x.shape, () => (x.dtype === 'bool' ? (v + by) % 2 : v + by));
}

/** Arrays of one type along a new axis. */
export function stacked(xs: readonly HostArray[], axis: number): HostArray {
  const { shape, dtype } = xs[0]!;
  const inner = sizeOf(shape.slice(axis));
  const outer = sizeOf(shape.slice(0, axis));
  const data = allocate(dtype, outer * xs.length * inner);
  xs.forEach((x, lane) => {
    const move = mover(data, x);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) move((o * xs.length + lane) * inner + i, o * inner + i);
    }
  });
  return { shape: shape.toSpliced(axis, 0, xs.length), dtype, data };
}

// ---- derivatives

/** Values and tangents, as a function of inputs and tangents of the active ones. */
export function jvpOf({ jaxpr, inputs, active }: Sample, random: RandomStream): Sample {
  const dual = t.jvp(jaxpr, flagged(jaxpr, active));
  if (!dual.out.includes(true)) throw new NotApplicable('no tangent');
  const tangents = active.map((i) => direction(inputs[i]!, random));
  return {
    jaxpr: dual.jaxpr,
    inputs: [...inputs, ...tangents],
    active: active.concat(tangents.map((_, k) => inputs.length + k)),
  };
}

/** The tangents of the results along given directions of the active inputs. */
export function tangentsOf({ jaxpr, inputs, active }: Sample, directions: readonly HostArray[]): readonly HostArray[] {
  const dual = t.jvp(jaxpr, flagged(jaxpr, active));
  return evaluateJaxpr(dual.jaxpr, [...inputs, ...directions]).slice(jaxpr.outputs.length);
}

/** The results that have a tangent. */
export const tangentResults = ({ jaxpr, active }: Sample): boolean[] => [...t.jvp(jaxpr, flagged(jaxpr, active)).out];

/** Values and cotangents of the active inputs, as a function of inputs and cotangents of the results. */
export function vjpOf({ jaxpr, inputs, active }: Sample, random: RandomStream): Sample {
  const n = jaxpr.inputs.length;
  const dual = t.jvp(jaxpr, flagged(jaxpr, active));
  if (!dual.out.includes(true)) throw new NotApplicable('no tangent');
  const isKnown = dual.jaxpr.inputs.map((_, i) => i < n);
  const split = t.partialEval(
    dual.jaxpr,
    isKnown,
    dual.jaxpr.outputs.map((_, j) => j >= jaxpr.outputs.length),
  );
  const residuals = split.residuals.length;
  const back = t.transpose(
    split.unknown,
    split.unknown.inputs.map((_, i) => i >= residuals),
    split.unknown.outputs.map(() => true),
    true,
  );
  const cotangents = split.unknown.outAvals.map(({ shape, dtype }) => direction({ shape, dtype }, random));
  const both = t.trace(
    (...args) => {
      const known = t.evaluate(split.known, args.slice(0, n));
      const values = known.slice(0, jaxpr.outputs.length);
      return [...values, ...t.evaluate(back.jaxpr, [...known.slice(jaxpr.outputs.length), ...args.slice(n)])];
    },
    [...jaxpr.inAvals, ...cotangents.map(avalOf)],
  );
  return { jaxpr: both, inputs: [...inputs, ...cotangents], active: active.concat(cotangents.map((_, k) => n + k)) };
}

const flagged = (jaxpr: Jaxpr, active: readonly number[]): boolean[] => jaxpr.inputs.map((_, i) => active.includes(i));

/** Moderate numbers, or parts, that are exact in every float dtype, so that tangents are not what overflows. */
export function direction(
  { shape, dtype }: { shape: Shape; dtype: HostArray['dtype'] },
  random: RandomStream,
): HostArray {
  return buildParts(dtype, shape, () => (random.below(65) - 32) / 16);
}

/** The same program on other inputs of the same types. */
export function withInputs(sample: Sample, inputs: readonly HostArray[]): Sample {
  const fits = inputs.every((x, i) => sameAval(avalOf(x), sample.jaxpr.inputs[i]!.aval));
  if (!fits || inputs.length !== sample.inputs.length) throw new Error('inputs of other types');
  return { ...sample, inputs };
}
