/** Whole programs that go wrong: caches, constants, buffers, and what optimisers do to equations. */
import type { BackendDefinition, Session } from '../../reference/core/backend.ts';
import { type HostArray, hostScalar, numbers, sameAval, showAval } from '../../reference/core/host.ts';
import { type Atom, type Equation, Jaxpr, Literal, type Var } from '../../reference/core/jaxpr.ts';
import { oneEquation, paramsKey } from '../../reference/core/open-backend.ts';
import { aval } from '../../reference/core/host.ts';
import { primitives } from '../../reference/primitives/index.ts';
import { transforms as t } from '../../reference/transforms/rules.ts';
import { toDocument } from '../../reference/core/program.ts';
import { printDocument } from '../../reference/core/text.ts';
import type { Sample } from '../programs/sample.ts';
import { changedReference } from './table.ts';
import { hostArray } from '../../reference/core/host.ts';

/** A way to get everything but the kernels wrong. */
export interface SessionOperator {
  readonly name: string;
  /** The primitives whose cases see it, the likeliest first. */
  readonly seenIn: readonly string[];
  readonly backend: BackendDefinition;
  /** Programs that do not all come out right when they are run one after the other. */
  readonly witness: () => readonly Sample[];
}

const operator = (
  name: string,
  seenIn: readonly string[],
  change: (session: Session) => Partial<Session>,
  witness: () => readonly Sample[],
): SessionOperator => ({ name, seenIn, backend: changedReference(`faulty:${name}`, change), witness });

const x = hostArray('float32', [3], [1, -0, Infinity]);
const y = hostArray('float32', [3], [4, 5, 6]);
const type = aval([3], 'float32');
const sampleOf = (jaxpr: Jaxpr, inputs: readonly HostArray[]): Sample => ({ jaxpr, inputs, active: [] });
const { lax } = t;

// ---- caches

const caching =
  (keyOf: (jaxpr: Jaxpr) => string) =>
  ({ compile }: Session): Partial<Session> => {
    const known = new Map<string, ReturnType<typeof compile>>();
    return {
      compile(jaxpr, options) {
        const key = keyOf(jaxpr);
        const executable = known.get(key) ?? compile(jaxpr, options);
        known.set(key, executable);
        return { run: executable.run, dispose: () => undefined };
      },
    };
  };

/** What a program is, but for what the cache forgets. */
const outline = (jaxpr: Jaxpr, of: (e: Equation) => string): string =>
  [...jaxpr.inAvals.map(showAval), ...jaxpr.equations.map(of), jaxpr.outputs.map((v) => showAval(v.aval)).join()].join(
    ';',
  );
const wiring = (jaxpr: Jaxpr): ((v: Atom) => string) => {
  const all: Atom[] = [...jaxpr.inputs, ...jaxpr.equations.flatMap((e) => e.outputs)];
  return (v) => (v instanceof Literal ? 'literal' : String(all.indexOf(v)));
};
const withoutParams = (jaxpr: Jaxpr): string => outline(jaxpr, (e) => e.primitive.name);
const withoutConstants = (jaxpr: Jaxpr): string => {
  const at = wiring(jaxpr);
  const nested = jaxpr.equations.some(({ primitive }) => primitive.kind !== 'first-order');
  if (nested) return printDocument(toDocument(jaxpr, { constants: true }));
  return outline(jaxpr, (e) => `${e.primitive.name}(${e.inputs.map(at).join()})${paramsKey(e.params)}`);
};
const withoutDTypes = (jaxpr: Jaxpr): string =>
  `${jaxpr.inAvals.map((a) => a.shape.join('x')).join()}${withoutConstants(jaxpr).replace(/[a-z]+\d+/g, '')}`;

const reductions = (): Sample[] => {
  const square = hostArray('float32', [2, 2], [1, 2, 3, 4]);
  return [0, 1].map((axis) =>
    sampleOf(oneEquation(primitives.reduce_sum, [aval([2, 2], 'float32')], { axes: [axis] }), [square]),
  );
};
const scaled = (): Sample[] =>
  [2, 3].map((by) =>
    sampleOf(
      t.trace((v) => [lax.mul(v, by)], [type]),
      [y],
    ),
  );
const twice = (): Sample[] => {
  const jaxpr = t.trace((v) => [lax.neg(v)], [type]);
  return [sampleOf(jaxpr, [x]), sampleOf(jaxpr, [y])];
};

/** Executables that give the results of their first run. */
const staleResults = ({ compile }: Session): Partial<Session> => {
  const known = new Map<string, ReturnType<ReturnType<typeof compile>['run']>>();
  return {
    compile(jaxpr, options) {
      const key = printDocument(toDocument(jaxpr, { constants: true }));
      const executable = compile(jaxpr, options);
      return {
        ...executable,
        run(inputs) {
          const results = known.get(key) ?? executable.run(inputs);
          known.set(key, results);
          return results.map((r) => ({ ...r }));
        },
      };
    },
  };
};

// ---- rewriting

const rewriting =
  (rewrite: (jaxpr: Jaxpr) => Jaxpr) =>
  ({ compile }: Session): Partial<Session> => ({ compile: (jaxpr, options) => compile(rewrite(jaxpr), options) });

/** Equations that are another one's results, by a key, are left out. */
function merged(jaxpr: Jaxpr, keyOf: (e: Equation) => string): Jaxpr {
  const instead = new Map<Atom, Var>();
  const at = (v: Atom): Atom => instead.get(v) ?? v;
  const first = new Map<string, Equation>();
  const ids = new Map<Atom, number>();
  const id = (v: Atom): number => ids.get(v) ?? (ids.set(v, ids.size), ids.size - 1);
  const equations: Equation[] = [];
  for (const equation of jaxpr.equations) {
    const inputs = equation.inputs.map(at);
    const key = `${keyOf(equation)}(${inputs.map((v) => (v instanceof Literal ? `=${String(v.value.data)}` : id(v))).join()})`;
    const known = first.get(key);
    const same = known?.outputs.every((v, i) => sameAval(v.aval, equation.outputs[i]!.aval)) ?? false;
    if (known !== undefined && same) equation.outputs.forEach((v, i) => instead.set(v, known.outputs[i]!));
    else {
      const kept = { ...equation, inputs };
      first.set(key, kept);
      equations.push(kept);
    }
  }
  return new Jaxpr({ ...jaxpr, equations, outputs: jaxpr.outputs.map(at) });
}

/** Equations `name(v, literal)`, or `name(v, v)`, become what `of` says; null: they stay. */
function simplified(jaxpr: Jaxpr, of: (e: Equation) => Atom | null): Jaxpr {
  const instead = new Map<Atom, Atom>();
  const at = (v: Atom): Atom => instead.get(v) ?? v;
  const equations = jaxpr.equations.flatMap((equation) => {
    const own = { ...equation, inputs: equation.inputs.map(at) };
    const simple = of(own);
    if (simple === null || !sameAval(simple.aval, own.outputs[0]!.aval)) return [own];
    instead.set(own.outputs[0]!, simple);
    return [];
  });
  return new Jaxpr({ ...jaxpr, equations, outputs: jaxpr.outputs.map(at) });
}

/** The elements of a scalar that an operand is, or is a broadcast of. */
const scalarOf = (v: Atom, equations: readonly Equation[]): number | null => {
  if (v instanceof Literal) return v.aval.dtype.startsWith('float') ? numbers(v.value)[0]! : null;
  const made = equations.find((e) => e.outputs[0] === v);
  return made?.primitive.name === 'broadcast_in_dim' ? scalarOf(made.inputs[0]!, equations) : null;
};

/** x op c, c being the scalar: x, or c's array, takes its place. */
const peephole =
  (name: string, constant: number, give: 0 | 1) =>
  (jaxpr: Jaxpr): Jaxpr =>
    simplified(jaxpr, ({ primitive, inputs }) => {
      const found =
        primitive.name === name && inputs[1] !== undefined && scalarOf(inputs[1], jaxpr.equations) === constant;
      return found ? inputs[give]! : null;
    });

const onItself =
  (name: string, value: number) =>
  (jaxpr: Jaxpr): Jaxpr =>
    simplified(jaxpr, ({ primitive, inputs, outputs }) => {
      const [a, b] = inputs;
      if (primitive.name !== name || a !== b || a === undefined || outputs[0]!.aval.shape.length > 0) return null;
      return outputs[0]!.aval.dtype.startsWith('float')
        ? new Literal(outputs[0]!.aval, hostScalar(outputs[0]!.aval.dtype, value))
        : null;
    });

const infinity = hostScalar('float32', Infinity);
const ofItself = (f: typeof lax.sub) => (): Sample[] => [
  sampleOf(
    t.trace((v) => [f(v, v)], [aval([], 'float32')]),
    [infinity],
  ),
];
const withScalar = (f: (v: Parameters<typeof lax.neg>[0]) => ReturnType<typeof lax.neg>) => (): Sample[] => [
  sampleOf(
    t.trace((v) => [f(v)], [type]),
    [x],
  ),
];

/** An output that is also another one shares its buffer, which the second owner spoils. */
const exchangedOutputs = (jaxpr: Jaxpr): Jaxpr => {
  const [a, b, ...rest] = jaxpr.outputs;
  return a && b && a !== b && sameAval(a.aval, b.aval) ? new Jaxpr({ ...jaxpr, outputs: [b, a, ...rest] }) : jaxpr;
};

export const SESSION_OPERATORS: readonly SessionOperator[] = [
  operator('executables-kept-by-types', ['reduce_sum', 'slice'], caching(withoutParams), reductions),
  operator('executables-kept-without-constants', ['random', 'integer_pow'], caching(withoutConstants), scaled),
  operator('executables-kept-without-dtypes', ['add', 'neg'], caching(withoutDTypes), () => [
    sampleOf(oneEquation(primitives.neg, [type], {}), [x]),
    sampleOf(oneEquation(primitives.neg, [aval([3], 'int32')], {}), [hostArray('int32', [3], [1, 2, 3])]),
  ]),
  operator('results-kept-of-the-first-run', ['neg'], staleResults, twice),
  operator('outputs-exchanged', ['random', 'sort'], rewriting(exchangedOutputs), () => [
    sampleOf(t.trace((u, v) => [lax.neg(u), lax.neg(v)], [type, type]), [x, y]),
  ]),
  operator('equations-merged-by-name', ['random', 'reduce_prod'], rewriting((j) => merged(j, (e) => e.primitive.name)), () => [
    sampleOf(t.trace((v) => [lax.slice(v, [0], [2]), lax.slice(v, [1], [3])], [type]), [y]),
  ]),
  operator('zero-added-is-left-out', ['identities', 'random', 'add'], rewriting(peephole('add', 0, 0)), withScalar((v) => lax.add(v, 0))),
  operator('product-with-zero-is-zero', ['identities', 'random', 'mul'], rewriting(peephole('mul', 0, 1)), withScalar((v) => lax.mul(v, 0))),
  operator('difference-with-itself-is-zero', ['identities', 'random', 'sub'], rewriting(onItself('sub', 0)), ofItself(lax.sub)),
  operator('quotient-with-itself-is-one', ['identities', 'random', 'div'], rewriting(onItself('div', 1)), ofItself(lax.div)),
  operator('inputs-spoiled', ['neg'], ({ compile }) => ({
    compile(jaxpr, options) {
      const executable = compile(jaxpr, options);
      return {
        ...executable,
        run(inputs) {
          const results = executable.run(inputs);
          for (const { data } of inputs as readonly HostArray[]) (data as Float32Array).fill(0);
          return results;
        },
      };
    },
  }), twice),
]; // prettier-ignore
