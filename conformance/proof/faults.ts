/** Faults of backends, each planted into one equation of a program: the reference gets everything else right. */
import { type BackendDefinition, defineBackend } from '../../reference/core/backend.ts';
import { finfo, isComplex, isFloat } from '../../reference/core/dtypes.ts';
import {
  avalOf,
  buildElements,
  type Element,
  elements,
  type HostArray,
  hostScalar,
  numbers,
  sameAval,
  sizeOf,
} from '../../reference/core/host.ts';
import { type Equation, Jaxpr, Literal } from '../../reference/core/jaxpr.ts';
import { interpret } from '../../reference/core/machine.ts';
import {
  type AnyFirstOrder,
  type AnyHigherOrder,
  inferAvals,
  type Machine,
  type Params,
} from '../../reference/core/primitive.ts';
import { openReference, referenceBackend } from '../../reference/interpreter.ts';
import type { WhileParams } from '../../reference/primitives/higher-order/while-parts.ts';
import { primitiveNamed } from '../../reference/primitives/index.ts';
import { judgeEquation } from '../budgets.ts';
import type { RandomStream } from '../programs/random-stream.ts';

/** What a backend makes of a call instead of the right thing. */
type Wrong = (primitive: AnyFirstOrder, operands: readonly HostArray[], params: Params) => readonly HostArray[];

/** Gives what is done wrong to an equation; null: it is none that could go wrong in this way. */
type Plant = (equation: Equation & { readonly primitive: AnyFirstOrder }, random: RandomStream) => Wrong | null;

/** The same elements but for some. */
const changed = (x: HostArray, change: (v: Element, i: number) => Element): HostArray => {
  const at = elements(x);
  return buildElements(x.dtype, x.shape, (i) => change(at(i), i));
};
const givesFloats = ({ outputs }: Equation): boolean =>
  outputs.every((v) => isFloat(v.aval.dtype) && sizeOf(v.aval.shape) > 0);

const ofResults =
  (change: (y: HostArray) => HostArray): Wrong =>
  (primitive, operands, params) =>
    primitive.evaluate(operands, params).map(change);

/** A relative error of 2⁻⁶, far beyond any budget of these programs' dtypes but little to look at. */
const OFF = 2 ** -6;

const valueOff: Plant = (equation, random) => {
  if (equation.outputs.some((v) => isComplex(v.aval.dtype))) return null;
  const place = random.unit();
  return ofResults((y) => {
    const at = Math.floor(place * sizeOf(y.shape));
    const other = (v: Element): Element =>
      y.dtype === 'bool' ? 1 - Number(v) : isFloat(y.dtype) ? Number(v) * (1 + OFF) + OFF : Number(v) + 1;
    return changed(y, (v, i) => (i === at ? other(v) : v));
  });
};

/** The largest element of a result is taken for a NaN. */
const spuriousNan: Plant = (equation) =>
  givesFloats(equation)
    ? ofResults((y) => {
        const largest = Math.max(...numbers(y));
        return changed(y, (v) => (v === largest ? NaN : v));
      })
    : null;

const lostSignOfZero: Plant = (equation) =>
  givesFloats(equation) ? ofResults((y) => changed(y, (v) => (v === 0 ? -(v as number) : v))) : null;

/** Digits as many as half the dtype has. */
const narrowRounding: Plant = (equation) => {
  if (!givesFloats(equation)) return null;
  return ofResults((y) => {
    const steps = 2 ** Math.floor(-Math.log2(finfo(y.dtype).unitRoundoff) / 2);
    return changed(y, (v) => {
      const unit = 2 ** Math.floor(Math.log2(Math.abs(v as number))) / steps;
      return unit > 0 && Number.isFinite(unit) ? Math.round((v as number) / unit) * unit : v;
    });
  });
};

const AXES = ['axis', 'axes', 'dimension', 'dimensions'];

/** The next axis, where the types of the results do not tell. */
const wrongAxis: Plant = ({ primitive, params, inputs, outputs }) => {
  const key = AXES.find((name) => name in params);
  const rank = inputs[0]?.aval.shape.length ?? 0;
  if (key === undefined || rank < 2) return null;
  const next = (axis: number): number => (axis + 1) % rank;
  const before = params[key] as number | readonly number[];
  const other = { ...params, [key]: typeof before === 'number' ? next(before) : before.map(next) };
  try {
    const types = inferAvals(primitive, inputs.map((x) => x.aval), other); // prettier-ignore
    if (!types.every((a, i) => sameAval(a, outputs[i]!.aval))) return null;
  } catch {
    return null;
  }
  return (p, operands) => p.evaluate(operands, other);
};

/** The first operand without its last element. */
const droppedLast: Plant = ({ inputs }) => {
  const [first] = inputs;
  if (first === undefined || !isFloat(first.aval.dtype) || first.aval.shape.length === 0) return null;
  return (primitive, [x, ...others], params) => {
    const last = sizeOf(x!.shape) - 1;
    return primitive.evaluate([changed(x!, (v, i) => (i === last ? 0 : v)), ...others], params);
  };
};

/** The constant of an earlier compilation. */
const staleConstant: Plant = ({ inputs }) => {
  const k = inputs.findIndex((x) => x instanceof Literal && isFloat(x.aval.dtype));
  if (k < 0) return null;
  return (primitive, operands, params) => {
    const stale = changed(operands[k]!, (v) => Number(v) * (1 + OFF));
    return primitive.evaluate(operands.with(k, stale), params);
  };
};

const swappedOperands: Plant = ({ inputs }) => {
  const [a, b] = inputs.slice(-2);
  if (b === undefined || a === b || !sameAval(a!.aval, b.aval)) return null;
  return (primitive, operands, params) =>
    primitive.evaluate([...operands.slice(0, -2), operands.at(-1)!, operands.at(-2)!], params);
};

const FIRST_ORDER: Readonly<Record<string, Plant | undefined>> = {
  'value off': valueOff,
  'spurious NaN': spuriousNan,
  'lost sign of zero': lostSignOfZero,
  'narrow rounding': narrowRounding,
  'wrong axis': wrongAxis,
  'dropped last element': droppedLast,
  'stale constant': staleConstant,
  'swapped operands': swappedOperands,
};

/** A higher-order primitive that does not keep to its rule; null: it is another one. */
function misruled(primitive: AnyHigherOrder): AnyHigherOrder | null {
  const evaluate = MISRULED[primitive.name];
  return evaluate === undefined ? null : { ...primitive, evaluate: (machine, xs, params) => evaluate(primitive, machine, xs, params as Params) as never }; // prettier-ignore
}

type Rule = (
  primitive: AnyHigherOrder,
  machine: Machine<unknown>,
  operands: readonly unknown[],
  params: Params,
) => readonly unknown[];

const MISRULED: Readonly<Record<string, Rule | undefined>> = {
  /** The iteration before the last twice, and never the last. */
  scan(primitive, machine, operands, params) {
    let [run, last] = [0, [] as readonly unknown[]];
    const stopping: Machine<unknown> = {
      ...machine,
      interpret: (jaxpr, xs) => (++run < (params['length'] as number) ? (last = machine.interpret(jaxpr, xs)) : last),
      release: () => undefined,
    };
    return primitive.evaluate(stopping, operands, params);
  },
  /** One iteration too many. */
  while(primitive, machine, operands, params) {
    const { body_jaxpr, cond_nconsts, body_nconsts } = params as WhileParams;
    const consts = operands.slice(cond_nconsts, cond_nconsts + body_nconsts);
    return machine.interpret(body_jaxpr, [...consts, ...primitive.evaluate(machine, operands, params)]);
  },
  /** The next branch. */
  cond(primitive, machine, [index, ...operands], params) {
    const { length } = params['branches'] as readonly Jaxpr[];
    const wrong = (numbers(machine.read(index))[0]! + 1) % length;
    return primitive.evaluate(machine, [machine.constant(hostScalar('int32', wrong)), ...operands], params);
  },
};

/** A fault in one equation, told from the others by its source. */
export interface Fault {
  readonly kind: string;
  /** Whether it has gone beyond the equation's budget since it was planted: else it is no fault. */
  isFault(): boolean;
  /** The equation as the backend takes it. */
  readonly planted: (equation: Equation) => Equation;
}

export const FAULT_KINDS: readonly string[] = [
  ...Object.keys(FIRST_ORDER),
  ...Object.keys(MISRULED).map((name) => `misruled ${name}`),
];

/** null: such an equation cannot go wrong in this way. */
export function faultIn(kind: string, equation: Equation, random: RandomStream): Fault | null {
  const { primitive } = equation;
  if (primitive.kind === 'higher-order') {
    const wrong = kind === `misruled ${primitive.name}` ? misruled(primitive) : null;
    return wrong && { kind, isFault: () => true, planted: (e) => ({ ...e, primitive: wrong }) };
  }
  if (primitive.kind === 'collective') return null;
  const wrong = FIRST_ORDER[kind]?.({ ...equation, primitive }, random) ?? null;
  return wrong && kernelFault(primitive, { kind, wrong });
}

function kernelFault(
  primitive: AnyFirstOrder,
  { kind, wrong }: { readonly kind: string; readonly wrong: Wrong },
): Fault {
  let isFault = false;
  const evaluate = (operands: readonly HostArray[], params: Params): readonly HostArray[] => {
    const results = wrong(primitive, operands, params);
    const right = primitive.evaluate(operands, params);
    isFault ||= judgeEquation(primitive, operands, params, right, results, 'strict').wrong !== null;
    return results;
  };
  return { kind, isFault: () => isFault, planted: (e) => ({ ...e, primitive: { ...primitive, evaluate } }) };
}

/** The reference, but for the equations that come from `line`. `fused`: only where the one before is compiled with it. */
export function backendWith(fault: Fault, line: string, fused: boolean): BackendDefinition {
  const compile = interpret<HostArray>({
    apply: (primitive, operands, params) => primitive.evaluate(operands, params).map((y) => ({ ...y })),
    put: (value) => ({ ...value }),
    read: (value) => value,
    clone: (value) => ({ ...value }),
    free: () => undefined,
    avalOf,
    primitiveNamed,
  });
  return defineBackend({
    ...referenceBackend,
    name: 'faulty',
    open: async () => ({ ...openReference(), compile: (jaxpr) => compile(withFault(jaxpr, fault, line, fused)) }),
  });
}

function withFault(jaxpr: Jaxpr, fault: Fault, line: string, fused: boolean): Jaxpr {
  const equations = jaxpr.equations.map((equation): Equation => {
    if (equation.source?.toString() === line && (!fused || hasHiddenNeighbour(jaxpr, equation)))
      return fault.planted(equation);
    const { primitive, params } = equation;
    if (primitive.kind !== 'higher-order') return equation;
    const programs = primitive.subJaxprs(params).map((inner) => withFault(inner, fault, line, fused));
    return { ...equation, params: primitive.withSubJaxprs(params, programs) as Params };
  });
  return new Jaxpr({ ...jaxpr, equations });
}

/** Whether an operand is made by an equation of the same program, and is no result of it: a compiler may fuse the two. */
export function hasHiddenNeighbour({ equations, outputs }: Jaxpr, { inputs }: Equation): boolean {
  const made = new Set<unknown>(equations.flatMap((e) => e.outputs));
  return inputs.some((x) => made.has(x) && !outputs.includes(x));
}
