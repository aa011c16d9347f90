import { describe, expect, test } from 'vitest';
import { jit, type NDArray, np } from '../index.ts';
import { add, neg } from '../primitives/arithmetic.ts';
import { ConcreteArray } from './array.ts';
import { aval, avalOf, type HostArray, hostScalar, numbers } from './host.ts';
import { type Atom, type Equation, Jaxpr, type JaxprParts, Literal, Var } from './jaxpr.ts';
import { interpret, type Kernels } from './machine.ts';
import type { AnyPrimitive } from './primitive.ts';

const scalar = aval([], 'float32');
const variable = (): Var => new Var(scalar);
const literal = (value: number): Literal => new Literal(scalar, hostScalar('float32', value));
const equation = (primitive: AnyPrimitive, inputs: readonly Atom[], outputs: readonly Var[]): Equation => ({
  primitive,
  inputs,
  outputs,
  params: {},
  source: null,
});
const jaxprOf = (parts: Partial<JaxprParts>): Jaxpr =>
  new Jaxpr({ constvars: [], consts: [], inputs: [], equations: [], outputs: [], ...parts });

/** The reference's kernels, with every handle that is alive. */
function counted(): { kernels: Kernels<HostArray>; live: Set<HostArray>; most: () => number } {
  const live = new Set<HostArray>();
  let most = 0;
  const begin = (x: HostArray): HostArray => {
    const handle = { ...x };
    live.add(handle);
    most = Math.max(most, live.size);
    return handle;
  };
  const kernels: Kernels<HostArray> = {
    apply: (primitive, operands, params) => primitive.evaluate(operands, params).map(begin),
    put: begin,
    read: (x) => x,
    clone: begin,
    free(x) {
      if (!live.delete(x)) throw new Error('freed twice');
    },
    avalOf,
    primitiveNamed: () => undefined,
  };
  return { kernels, live, most: () => most };
}

const valuesOf = (results: readonly object[]): number[] => results.map((x) => numbers(x as HostArray)[0]!);

describe('interpret', () => {
  test('a chain frees each temporary at its last use', () => {
    const { kernels, live, most } = counted();
    const vars = Array.from({ length: 100 }, variable);
    const equations = vars.slice(1).map((v, i) => equation(neg, [vars[i]!], [v]));
    const executable = interpret(kernels)(jaxprOf({ inputs: [vars[0]!], equations, outputs: [vars.at(-1)!] }));
    const x = kernels.put(hostScalar('float32', 2));
    expect(valuesOf(executable.run([x]))).toEqual([-2]);
    expect(live.size).toBe(2);
    expect(most()).toBe(3);
  });

  test('results that nobody reads are freed', () => {
    const { kernels, live } = counted();
    const [x, unused] = [variable(), variable()];
    const executable = interpret(kernels)(
      jaxprOf({ inputs: [x], equations: [equation(neg, [x], [unused])], outputs: [] }),
    );
    executable.run([kernels.put(hostScalar('float32', 1))]);
    expect(live.size).toBe(1);
  });

  test('every result is a handle of its own', () => {
    const { kernels, live } = counted();
    const [constant, x, y] = [variable(), variable(), variable()];
    const program = jaxprOf({
      constvars: [constant],
      consts: [ConcreteArray.fromHost(hostScalar('float32', 5))],
      inputs: [x],
      equations: [equation(add, [x, literal(1)], [y])],
      outputs: [x, constant, y, y, literal(7)],
    });
    const executable = interpret(kernels)(program);
    const input = kernels.put(hostScalar('float32', 1));
    const results = executable.run([input]);
    expect(valuesOf(results)).toEqual([1, 5, 2, 2, 7]);
    expect(new Set([input, ...results]).size).toBe(6);
    for (const result of results) kernels.free(result as HostArray);
    executable.dispose();
    expect([...live]).toEqual([input]);
  });

  test('constants are put once', () => {
    const { kernels, live } = counted();
    const [x, y, z] = [variable(), variable(), variable()];
    const one = literal(1);
    const equations = [equation(add, [x, one], [y]), equation(add, [y, one], [z])];
    const executable = interpret(kernels)(jaxprOf({ inputs: [x], equations, outputs: [z] }));
    expect(live.size).toBe(1);
    const input = kernels.put(hostScalar('float32', 1));
    for (let i = 0; i < 3; i++) kernels.free(executable.run([input])[0] as HostArray);
    expect(live.size).toBe(2);
  });

  test('a failing kernel names its equation and leaves nothing behind', () => {
    const { kernels, live } = counted();
    const failing: Kernels<HostArray> = {
      ...kernels,
      apply(primitive, operands, params, results) {
        if (primitive.name === 'add') throw new RangeError('out of memory');
        return kernels.apply(primitive, operands, params, results);
      },
    };
    const [x, y, z] = [variable(), variable(), variable()];
    const equations = [equation(neg, [x], [y]), equation(add, [x, y], [z])];
    const executable = interpret(failing)(jaxprOf({ inputs: [x], equations, outputs: [z] }));
    const input = kernels.put(hostScalar('float32', 1));
    expect(() => executable.run([input])).toThrow(/add.*failed: out of memory/);
    expect([...live]).toEqual([input]);
  });

  test('a tracer is no constant', () => {
    let leaked = np.zeros([]);
    jit((x: NDArray) => (leaked = x))(1);
    const program = jaxprOf({ constvars: [variable()], consts: [leaked] });
    expect(() => interpret(counted().kernels)(program)).toThrow('a constant of the program is a tracer');
  });

  test('the number of operands is checked', () => {
    const executable = interpret(counted().kernels)(jaxprOf({ inputs: [variable()] }));
    expect(() => executable.run([])).toThrow('takes 1 inputs, got 0');
  });
});
