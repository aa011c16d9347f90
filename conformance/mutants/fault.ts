/** Faults: backends, or rules, that are the reference but for one thing, each with inputs that prove it. */
import type { BackendDefinition } from '../../reference/core/backend.ts';
import type { DType } from '../../reference/core/dtypes.ts';
import type { HostArray } from '../../reference/core/host.ts';
import type { AnyFirstOrder, AnyHigherOrder, AnyPrimitive, Params } from '../../reference/core/primitive.ts';
import type { Transforms } from '../../reference/core/rules.ts';
import { evaluateJaxpr, referenceBackend } from '../../reference/interpreter.ts';
import { Backend } from '../../reference/core/open-backend.ts';
import { transforms } from '../../reference/transforms/rules.ts';
import { Bench } from '../bench.ts';
import { exactly } from '../budgets.ts';
import { RandomStream } from '../programs/random-stream.ts';
import { madeWith, type Sample, transformed } from '../programs/sample.ts';
import type { Transformation } from '../types.ts';
import type { LoopOperator } from './loops.ts';
import type { KernelOperator } from './operator.ts';
import type { RuleOf, RuleOperator, TransformationOperator } from './rules.ts';
import type { SessionOperator } from './sessions.ts';
import { backendOver, rulesOver, type Table } from './table.ts';

/** Where a kernel is wrong: in every program, within calls and loops only, or beside other equations only. */
export type Place = 'everywhere' | 'in-nested-programs' | 'beside-others';
export const PLACES: readonly Place[] = ['everywhere', 'in-nested-programs', 'beside-others'];

export interface Fault {
  /** `nan-is-zero/max/f32/everywhere`. */
  readonly id: string;
  /** The primitives whose cases can see it, the likeliest first. */
  readonly seenIn: readonly string[];
  /** The dtype of the cases that are likeliest to see it. */
  readonly dtype: DType | null;
  readonly backend: BackendDefinition;
  /** Rules that are wrong; null: those of the reference. */
  readonly rules: Transforms | null;
  /** Whether it differs from the reference on the samples, run one after the other. */
  differsOn(samples: readonly Sample[]): Promise<boolean>;
}

/** Whether results differ, the payload of NaNs apart. */
const differ = (a: readonly HostArray[], b: readonly HostArray[]): boolean => exactly(a, b).wrong !== null;

/** A backend's results and inputs, against the reference's. What throws differs. */
async function backendDiffers(definition: BackendDefinition, samples: readonly Sample[]): Promise<boolean> {
  const bench = new Bench(new Backend(definition, await definition.open({})));
  for (const { jaxpr, inputs } of samples) {
    const expected = evaluateJaxpr(jaxpr, inputs);
    const ran = await bench.runAndReadInputs(jaxpr, inputs).catch(() => null);
    if (ran === null || differ(expected, ran.outputs) || differ(inputs, ran.inputsAfter)) return true;
    const again = await bench.run(jaxpr, inputs).catch(() => null);
    if (again === null || differ(expected, again)) return true;
  }
  return false;
}

const replacing =
  (name: string, depthOf: (depth: number) => boolean, instead: (own: AnyPrimitive) => AnyPrimitive): Table =>
  (primitive, depth) =>
    primitive.name === name && depthOf(depth) ? instead(primitive) : primitive;

// ---- of backends

export function kernelFault(operator: KernelOperator, primitive: AnyFirstOrder, dtype: DType, place: Place): Fault {
  const id = `${operator.name}/${primitive.name}/${dtype}/${place}`;
  const concerns = (operands: readonly HostArray[], results: readonly HostArray[]): boolean =>
    [...operands, ...results].some((x) => x.dtype === dtype);
  const wrong: AnyFirstOrder = {
    ...primitive,
    evaluate(operands: readonly HostArray[], params: Params) {
      const right = primitive.evaluate(operands, params);
      if (!concerns(operands, right)) return right;
      const evaluate = (xs = operands, p = params): readonly HostArray[] => primitive.evaluate(xs, p);
      return operator.kernel({ primitive, operands, params, evaluate });
    },
  };
  const table = replacing(
    primitive.name,
    (depth) => place !== 'in-nested-programs' || depth > 0,
    () => wrong,
  );
  const seldom: Table = (p) => p;
  const over = (jaxpr: Sample['jaxpr']): Table =>
    place === 'beside-others' && jaxpr.equations.length < 2 ? seldom : table;
  return ofBackend(id, [primitive.name], dtype, backendOver(`faulty:${operator.name}`, over));
}

export function loopFault(operator: LoopOperator, primitive: AnyHigherOrder, dtype: DType): Fault {
  const id = `${operator.name}/${primitive.name}/${dtype}/everywhere`;
  const wrong: AnyHigherOrder = {
    ...primitive,
    evaluate: (machine, operands, params) =>
      operands.some((x) => machine.aval(x).dtype === dtype)
        ? operator.evaluate(primitive, machine, operands, params as Params)
        : primitive.evaluate(machine, operands, params),
  };
  const table = replacing(
    primitive.name,
    () => true,
    () => wrong,
  );
  return ofBackend(
    id,
    [primitive.name],
    dtype,
    backendOver(`faulty:${operator.name}`, () => table),
  );
}

export const sessionFault = ({ name, seenIn, backend }: SessionOperator): Fault =>
  ofBackend(`${name}/programs`, seenIn, null, backend);

const ofBackend = (id: string, seenIn: readonly string[], dtype: DType | null, backend: BackendDefinition): Fault => ({
  id,
  seenIn,
  dtype,
  backend,
  rules: null,
  differsOn: (samples) => backendDiffers(backend, samples),
});

// ---- of rules

const WHAT: Readonly<Record<RuleOf, Transformation>> = { jvp: 'jvp', vjp: 'vjp', vmap: 'vmap' };

/** Whether a transformation gives another program, by its results. What cannot be made differs. */
async function rulesDiffer(rules: Transforms, of: RuleOf, samples: readonly Sample[]): Promise<boolean> {
  for (const sample of samples) {
    const made = (): Promise<readonly HostArray[]> => {
      const { jaxpr, inputs } = transformed(sample, WHAT[of], new RandomStream('witness'));
      return Promise.resolve(evaluateJaxpr(jaxpr, inputs));
    };
    const right = await madeWith(transforms, made);
    const wrong = await madeWith(rules, made).catch(() => null);
    if (wrong === null || differ(right, wrong)) return true;
  }
  return false;
}

const ofRules = (id: string, primitive: string, dtype: DType | null, of: RuleOf, rules: Transforms): Fault => ({
  id,
  seenIn: [primitive],
  dtype,
  backend: referenceBackend,
  rules,
  differsOn: (samples) => rulesDiffer(rules, of, samples),
});

/** null: the primitive has no such rule. */
export function ruleFault(operator: RuleOperator, primitive: AnyPrimitive, dtype: DType): Fault | null {
  const wrong = operator.change(primitive);
  if (wrong === null) return null;
  const id = `${operator.name}/${primitive.name}/${dtype}/${operator.of}`;
  return ofRules(
    id,
    primitive.name,
    dtype,
    operator.of,
    rulesOver(
      replacing(
        primitive.name,
        () => true,
        () => wrong,
      ),
    ),
  );
}

export const transformationFault = (
  { name, of, change }: TransformationOperator,
  seenIn: string,
  dtype: DType,
): Fault =>
  ofRules(
    `${name}/${seenIn}/${dtype}/${of}`,
    seenIn,
    dtype,
    of,
    rulesOver((p) => p, change),
  );
