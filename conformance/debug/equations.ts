/** The reference, equation by equation, through every nested program: what single equations are judged on. */
import { type ConcreteArray, paramsKey } from '../../reference/core/array.ts';
import { avalOf, type HostArray } from '../../reference/core/host.ts';
import { type Atom, type Jaxpr, Literal, type Var } from '../../reference/core/jaxpr.ts';
import type { AnyFirstOrder, Machine, Params } from '../../reference/core/primitive.ts';
import type { SourceLocation } from '../../reference/core/source.ts';
import { primitiveNamed } from '../../reference/primitives/index.ts';

/** One first-order equation on the values that it met. */
export interface Met {
  readonly primitive: AnyFirstOrder;
  readonly operands: readonly HostArray[];
  readonly params: Params;
  readonly results: readonly HostArray[];
  readonly source: SourceLocation | null;
}

/** Runs a program on the reference and shows every first-order equation that runs, loops and branches unrolled. */
export function meetEquations(
  jaxpr: Jaxpr,
  inputs: readonly HostArray[],
  meet: (met: Met) => void,
): readonly HostArray[] {
  let source: SourceLocation | null = null;
  const machine: Machine<HostArray> = {
    interpret: (inner, operands) => run(inner, operands),
    apply(name, operands, params) {
      const primitive = primitiveNamed(name)!;
      if (primitive.kind === 'higher-order') return primitive.evaluate(machine, operands, params);
      const results = primitive.evaluate(operands, params);
      meet({ primitive, operands, params, results, source });
      return results;
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

/** Every different equation that a program runs: loops meet the same one many times. */
export function differentEquations(jaxpr: Jaxpr, inputs: readonly HostArray[]): Met[] {
  const seen = new Set<string>();
  const all: Met[] = [];
  meetEquations(jaxpr, inputs, (met) => {
    const { primitive, operands, params } = met;
    const values = operands.map((x) => `${x.dtype}${x.shape.join(',')}:${x.data.join(',')}`);
    const key = `${primitive.name}${paramsKey(params)}${values.join(';')}`;
    if (!seen.has(key)) all.push(met);
    seen.add(key);
  });
  return all;
}
