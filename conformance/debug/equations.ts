/** A program equation by equation, through every nested program: what single equations are judged on. */
import type { ConcreteArray } from '../../reference/core/array.ts';
import { oneEquation, paramsKey } from '../../reference/core/open-backend.ts';
import { avalOf, type HostArray } from '../../reference/core/host.ts';
import { unresolved } from '../../reference/core/named-axes.ts';
import { type Atom, type Jaxpr, Literal, type Var } from '../../reference/core/jaxpr.ts';
import type { AnyFirstOrder, Machine, Params } from '../../reference/core/primitive.ts';
import type { SourceLocation } from '../../reference/core/source.ts';
import { primitiveNamed } from '../../reference/primitives/index.ts';
import type { Bench } from '../bench.ts';

/** One first-order equation on the values that it met. */
export interface Met {
  readonly primitive: AnyFirstOrder;
  readonly operands: readonly HostArray[];
  readonly params: Params;
  readonly source: SourceLocation | null;
  /** By the reference. */
  readonly results: readonly HostArray[];
}

/** An equation with what the backend makes of the same operands; null: it has not been asked yet. */
export interface OwnMet extends Met {
  readonly own: readonly HostArray[] | null;
}

/**
 * Runs a program, loops and branches unrolled, and shows every first-order equation. `meet` gives the results that the
 * program goes on with.
 */
export function meetEquations(
  jaxpr: Jaxpr,
  inputs: readonly HostArray[],
  meet: (met: Met) => readonly HostArray[],
): readonly HostArray[] {
  let source: SourceLocation | null = null;
  const machine: Machine<HostArray> = {
    interpret: (inner, operands) => run(inner, operands),
    apply(name, operands, params) {
      const primitive = primitiveNamed(name)!;
      if (primitive.kind === 'higher-order') return primitive.evaluate(machine, operands, params);
      if (primitive.kind === 'collective') return unresolved(primitive, params, source);
      return meet({ primitive, operands, params, source, results: primitive.evaluate(operands, params) });
    },
    read: (x) => x,
    aval: avalOf,
    constant: (x) => x,
    release: () => {},
  };
  const run = (inner: Jaxpr, operands: readonly HostArray[]): readonly HostArray[] => {
    const known = new Map<Var, HostArray>();
    inner.constvars.forEach((v, i) => known.set(v, (inner.consts[i] as ConcreteArray).toHost()));
    inner.inputs.forEach((v, i) => known.set(v, operands[i]!));
    const read = (x: Atom): HostArray => (x instanceof Literal ? x.value : known.get(x)!);
    for (const equation of inner.equations) {
      source = equation.source;
      const results = machine.apply(equation.primitive.name, equation.inputs.map(read), equation.params);
      equation.outputs.forEach((v, i) => known.set(v, results[i]!));
    }
    return inner.outputs.map(read);
  };
  return run(jaxpr, inputs);
}

/** The bytes as a string, which is quick to make and to compare. */
const bytes = ({ data }: HostArray): string =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1');

/**
 * Every different equation that a program meets; loops meet the same one many times. A backend that reads at once goes
 * on with its own results, so that each equation is seen on the backend's operands, others with the reference's.
 */
export function differentEquations(bench: Bench, jaxpr: Jaxpr, inputs: readonly HostArray[]): OwnMet[] {
  const seen = new Map<string, OwnMet>();
  meetEquations(jaxpr, inputs, (met) => {
    const { primitive, operands, params, results } = met;
    const values = operands.map((x) => `${x.dtype}${x.shape.join(',')}:${bytes(x)}`);
    const key = `${primitive.name}${paramsKey(params)}${values.join(';')}`;
    const known = seen.get(key) ?? {
      ...met,
      own: bench.runNow(oneEquation(primitive, operands.map(avalOf), params), operands),
    };
    seen.set(key, known);
    return known.own ?? results;
  });
  return [...seen.values()];
}
