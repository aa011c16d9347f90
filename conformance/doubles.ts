/** A program evaluated in double precision, whatever it is typed as: what its results are with hardly any rounding. */
import type { ConcreteArray } from '../reference/core/array.ts';
import { doubleOf, isDType, isInexact } from '../reference/core/dtypes.ts';
import { avalOf, type HostArray, widened } from '../reference/core/host.ts';
import { type Atom, type Jaxpr, Literal, type Var } from '../reference/core/jaxpr.ts';
import { unresolved } from '../reference/core/named-axes.ts';
import type { AnyFirstOrder, Machine, Params } from '../reference/core/primitive.ts';
import { primitiveNamed } from '../reference/primitives/index.ts';

/** Primitives that look at the bits of numbers: in another precision they are other functions. */
const OF_BITS: ReadonlySet<string> = new Set(['bitcast_convert_type', 'nextafter', 'reduce_precision']);

export const looksAtBits = ({ name }: { readonly name: string }): boolean => OF_BITS.has(name);

/** The dtypes that parameters name, in double precision. */
export const inDoubles = (params: Params): Params =>
  Object.fromEntries(Object.entries(params).map(([name, v]) => [name, isDType(v) && isInexact(v) ? doubleOf(v) : v]));

export function evaluateInDoubles(jaxpr: Jaxpr, inputs: readonly HostArray[]): readonly HostArray[] {
  const machine: Machine<HostArray> = {
    interpret: (inner, operands) => run(inner, operands),
    apply: (name, operands, params) => apply(primitiveNamed(name)!, operands, params),
    read: (x) => x,
    aval: avalOf,
    constant: widened,
    release: () => {},
  };
  const apply = (
    primitive: NonNullable<ReturnType<typeof primitiveNamed>>,
    operands: readonly HostArray[],
    params: Params,
  ): readonly HostArray[] => {
    if (primitive.kind === 'collective') return unresolved(primitive, params, null);
    if (primitive.kind === 'higher-order') return primitive.evaluate(machine, operands, params);
    return evaluated(primitive, operands, params);
  };
  const run = (inner: Jaxpr, operands: readonly HostArray[]): readonly HostArray[] => {
    const known = new Map<Var, HostArray>();
    inner.constvars.forEach((v, i) => known.set(v, widened((inner.consts[i] as ConcreteArray).toHost())));
    inner.inputs.forEach((v, i) => known.set(v, operands[i]!));
    const read = (x: Atom): HostArray => (x instanceof Literal ? widened(x.value) : known.get(x)!);
    for (const { primitive, inputs: from, params, outputs } of inner.equations) {
      const results = apply(primitive, from.map(read), params);
      outputs.forEach((v, i) => known.set(v, results[i]!));
    }
    return inner.outputs.map(read);
  };
  return run(jaxpr, inputs.map(widened));
}

const evaluated = (primitive: AnyFirstOrder, operands: readonly HostArray[], params: Params): readonly HostArray[] =>
  primitive.evaluate(operands, inDoubles(params));
