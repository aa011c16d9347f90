/** Running a jaxpr under the current trace, equation by equation: how transformations see the inside of programs. */
import { ConcreteArray } from '../core/array.ts';
import { type Atom, type Jaxpr, Literal, type Var } from '../core/jaxpr.ts';
import type { NDArray } from '../core/ndarray.ts';
import { SourceLocation } from '../core/source.ts';
import { bind } from '../core/trace.ts';

/** Values of variables. */
export class Environment {
  readonly #values = new Map<Var, NDArray>();
  constructor(jaxpr: Jaxpr) {
    jaxpr.constvars.forEach((v, i) => this.#values.set(v, jaxpr.consts[i]!));
  }
  has(atom: Atom): boolean {
    return atom instanceof Literal || this.#values.has(atom);
  }
  read(atom: Atom): NDArray {
    if (atom instanceof Literal) return ConcreteArray.fromHost(atom.value, atom.aval.weak);
    const value = this.#values.get(atom);
    if (value === undefined) throw new Error('jaxpr: a variable is used before it is bound');
    return value;
  }
  write(variable: Var, value: NDArray): void {
    this.#values.set(variable, value);
  }
}

export function evaluate(jaxpr: Jaxpr, operands: readonly NDArray[]): readonly NDArray[] {
  const env = new Environment(jaxpr);
  jaxpr.inputs.forEach((v, i) => env.write(v, operands[i]!));
  for (const { primitive, inputs, params, outputs, source } of jaxpr.equations) {
    const results = SourceLocation.within(source, () =>
      bind(
        primitive,
        inputs.map((x) => env.read(x)),
        params,
      ),
    );
    outputs.forEach((v, i) => env.write(v, results[i]!));
  }
  return jaxpr.outputs.map((x) => env.read(x));
}
