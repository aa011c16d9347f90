/**
 * Op-by-op execution (spec/backend.md#interpret): turns a backend's functions on single values into `compile`. A program
 * is walked once at compile time into steps over numbered slots; a run fills the slots and frees each temporary at its
 * last use.
 */
import { ConcreteArray } from './array.ts';
import type { Buffer, Executable } from './backend.ts';
import { BackendError, EtalonError, NoSyncReadError } from './errors.ts';
import type { Aval, HostArray } from './host.ts';
import { type Atom, type Equation, type Jaxpr, Literal, type Var } from './jaxpr.ts';
import { unresolved } from './named-axes.ts';
import type { NDArray } from './ndarray.ts';
import { type AnyFirstOrder, type AnyPrimitive, inferAvals, type Machine, type Params } from './primitive.ts';
import type { SourceLocation } from './source.ts';

/** What a backend brings; V is its handle of a value. */
export interface Kernels<V extends Buffer> {
  /** Computes a first-order primitive. Each result is a handle of its own, also where it is the value of an operand. */
  apply(primitive: AnyFirstOrder, operands: readonly V[], params: Params, results: readonly Aval[]): readonly V[];
  put(value: HostArray): V;
  /**
   * The value, at once; only the predicates of control flow and checks are read, and the values of checks that fail. Left
   * out where the backend cannot: running a program that needs it is a NoSyncReadError.
   */
  read?(value: V): HostArray;
  /** Another handle of the same value. Either may be freed first. */
  clone(value: V): V;
  free(value: V): void;
  avalOf(value: V): Aval;
  /** The table of primitives, which core does not know. */
  primitiveNamed(name: string): AnyPrimitive | undefined;
}

/** One equation, over slots. */
interface Step {
  readonly equation: Equation;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly results: readonly Aval[];
  /** Slots that nobody reads after this step. */
  readonly dead: readonly number[];
}

/** Slots: the constants and literals, then the inputs, then the results of the equations. */
interface Program<V> {
  readonly constants: readonly V[];
  readonly inputs: number;
  readonly steps: readonly Step[];
  readonly outputs: readonly number[];
}

/** `compile` of a backend that computes one primitive at a time. */
export function interpret<V extends Buffer>(kernels: Kernels<V>): (jaxpr: Jaxpr) => Executable {
  return (jaxpr) => {
    const programs = new Map<Jaxpr, Program<V>>();
    const owned: V[] = [];
    const programOf = (inner: Jaxpr): Program<V> => {
      let program = programs.get(inner);
      if (program === undefined) {
        programs.set(inner, (program = compileProgram(kernels, inner)));
        owned.push(...program.constants);
      }
      return program;
    };
    const machine = machineOf(kernels, programOf);
    const main = programOf(jaxpr);
    return {
      run: (inputs) => runProgram(kernels, machine, main, inputs as readonly V[]),
      dispose: freeing(kernels, owned),
    };
  };
}

/** Frees constants. It stands by itself: a function made where the programs are known would keep them alive. */
const freeing =
  <V extends Buffer>({ free }: Kernels<V>, owned: V[]): (() => void) =>
  () =>
    owned.splice(0).forEach(free);

function machineOf<V extends Buffer>(kernels: Kernels<V>, programOf: (jaxpr: Jaxpr) => Program<V>): Machine<V> {
  const machine: Machine<V> = {
    interpret: (jaxpr, operands) => runProgram(kernels, machine, programOf(jaxpr), operands),
    apply(name, operands, params) {
      const primitive = kernels.primitiveNamed(name);
      if (primitive === undefined) throw new BackendError(`no primitive is called ${name}`);
      return applyPrimitive(
        kernels,
        machine,
        primitive,
        operands,
        params,
        inferAvals(primitive, operands.map(kernels.avalOf), params),
      );
    },
    read: kernels.read ?? (() => refuseRead('control flow', null)),
    aval: kernels.avalOf,
    constant: kernels.put,
    release: kernels.free,
  };
  return machine;
}

function applyPrimitive<V extends Buffer>(
  kernels: Kernels<V>,
  machine: Machine<V>,
  primitive: AnyPrimitive,
  operands: readonly V[],
  params: Params,
  results: readonly Aval[],
): readonly V[] {
  switch (primitive.kind) {
    case 'first-order':
      return checkCount(primitive, kernels.apply(primitive, operands, params, results), results.length);
    case 'higher-order':
      return cleaning(machine, (own) => primitive.evaluate(own, operands, params));
    case 'collective':
      return unresolved(primitive, params, null);
  }
}

/** A kernel that gives too few results, or too many, must not go unnoticed. */
function checkCount<V>({ name }: AnyPrimitive, given: readonly V[], count: number): readonly V[] {
  const got = Array.isArray(given) ? String(given.length) : 'no array of';
  if (got !== String(count))
    throw new BackendError(`the kernel of ${name} gave ${got} results, its equation has ${count}`);
  return given;
}

/** Runs a rule with a machine that releases what the rule has made and not released, should it fail. */
export function cleaning<V extends Buffer>(machine: Machine<V>, rule: (own: Machine<V>) => readonly V[]): readonly V[] {
  const made = new Set<V>();
  const note = (values: readonly V[]): readonly V[] => {
    for (const value of values) made.add(value);
    return values;
  };
  try {
    return rule({
      ...machine,
      interpret: (jaxpr, operands) => note(machine.interpret(jaxpr, operands)),
      apply: (name, operands, params) => note(machine.apply(name, operands, params)),
      constant: (value) => note([machine.constant(value)])[0]!,
      release(value) {
        made.delete(value);
        machine.release(value);
      },
    });
  } catch (error) {
    made.forEach(machine.release);
    throw error;
  }
}

function compileProgram<V extends Buffer>(kernels: Kernels<V>, jaxpr: Jaxpr): Program<V> {
  for (const { primitive, params, source } of jaxpr.equations) {
    if (primitive.kind === 'collective') unresolved(primitive, params, source);
  }
  const hosts = jaxpr.consts.map(hostOf);
  const slots = new Map<Atom, number>(jaxpr.constvars.map((v, i) => [v, i]));
  const literals = [...jaxpr.equations.flatMap((e) => e.inputs), ...jaxpr.outputs].filter((x) => x instanceof Literal);
  for (const literal of literals) {
    if (slots.has(literal)) continue;
    slots.set(literal, hosts.length);
    hosts.push(literal.value);
  }
  for (const v of [...jaxpr.inputs, ...jaxpr.equations.flatMap((e) => e.outputs)]) slots.set(v, slots.size);

  const slotOf = (x: Atom): number => slots.get(x)!;
  const outputs = jaxpr.outputs.map(slotOf);
  const firstTemporary = hosts.length + jaxpr.inputs.length;
  const dead = lastUses(jaxpr.equations, slotOf, firstTemporary, outputs);
  return {
    constants: hosts.map(kernels.put),
    inputs: jaxpr.inputs.length,
    steps: jaxpr.equations.map((equation, i) => ({
      equation,
      inputs: equation.inputs.map(slotOf),
      outputs: equation.outputs.map(slotOf),
      results: equation.outputs.map((v) => v.aval),
      dead: dead[i]!,
    })),
    outputs,
  };
}

function hostOf(constant: NDArray): HostArray {
  if (constant instanceof ConcreteArray) return constant.toHost();
  throw new BackendError('a constant of the program is a tracer: its transformation has not ended');
}

/** Per equation, the temporaries that no later equation and no output reads. */
function lastUses(
  equations: readonly Equation[],
  slotOf: (x: Atom) => number,
  firstTemporary: number,
  outputs: readonly number[],
): number[][] {
  const used = new Set(outputs);
  const dead: number[][] = equations.map(() => []);
  for (let i = equations.length - 1; i >= 0; i--) {
    const { inputs, outputs: results } = equations[i]!;
    for (const x of [...inputs, ...results] satisfies readonly (Atom | Var)[]) {
      const slot = slotOf(x);
      if (slot < firstTemporary || used.has(slot)) continue;
      used.add(slot);
      dead[i]!.push(slot);
    }
  }
  return dead;
}

/** Runs a program. The operands stay the caller's; every result is a handle of its own. */
function runProgram<V extends Buffer>(
  kernels: Kernels<V>,
  machine: Machine<V>,
  { constants, inputs, steps, outputs }: Program<V>,
  operands: readonly V[],
): V[] {
  if (operands.length !== inputs) throw new BackendError(`the program takes ${inputs} inputs, got ${operands.length}`);
  const slots: (V | undefined)[] = [...constants, ...operands];
  const firstTemporary = slots.length;
  try {
    for (const step of steps) {
      const results = runStep(
        kernels,
        machine,
        step,
        step.inputs.map((slot) => slots[slot]!),
      );
      for (let i = 0; i < results.length; i++) slots[step.outputs[i]!] = results[i]!;
      for (const slot of step.dead) {
        kernels.free(slots[slot]!);
        slots[slot] = undefined;
      }
    }
  } catch (error) {
    for (const value of slots.slice(firstTemporary)) if (value !== undefined) kernels.free(value);
    throw error;
  }
  const given = new Set<number>();
  return outputs.map((slot) => {
    if (slot < firstTemporary || given.has(slot)) return kernels.clone(slots[slot]!);
    given.add(slot);
    return slots[slot]!;
  });
}

function refuseRead(name: string, source: SourceLocation | null): never {
  throw new NoSyncReadError(
    `${name}${placeOf(source)} decides by a value, which this backend cannot read at once. ` +
      `Loops of a known length, lax.scan and lax.foriLoop with numbers as limits, need no decision, backwards neither; or run on another backend: jit(f, { backend })`,
  );
}

const runStep = <V extends Buffer>(
  kernels: Kernels<V>,
  machine: Machine<V>,
  { equation: { primitive, params, source }, results }: Step,
  operands: readonly V[],
): readonly V[] => {
  const own = kernels.read === undefined ? { ...machine, read: () => refuseRead(primitive.name, source) } : machine;
  return namingFailures(primitive, source, () => applyPrimitive(kernels, own, primitive, operands, params, results));
};

/** ` at src/loss.ts:9:74`, where the user's line is known. */
function placeOf(source: SourceLocation | null): string {
  const place = source?.toString() ?? '';
  return place === '' ? '' : ` at ${place}`;
}

/** Runs an equation. What fails in it, a kernel or a callback, is told as a BackendError that names the equation. */
export function namingFailures<T>({ name }: AnyPrimitive, source: SourceLocation | null, f: () => T): T {
  try {
    return f();
  } catch (error) {
    if (error instanceof EtalonError) throw error;
    throw new BackendError(
      `${name}${placeOf(source)} failed: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  }
}
