/** Control flow and calls that go wrong. */
import { hostScalar, numbers, sameAval } from '../../reference/core/host.ts';
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import type { AnyHigherOrder, Machine, Params } from '../../reference/core/primitive.ts';
import { mapElements } from './operator.ts';

/** A way to get a primitive with programs inside wrong: what its `evaluate` becomes. */
export interface LoopOperator {
  readonly name: string;
  readonly of: readonly string[];
  evaluate<V>(primitive: AnyHigherOrder, machine: Machine<V>, operands: readonly V[], params: Params): readonly V[];
}

type Interpret<V> = (jaxpr: Jaxpr, operands: readonly V[]) => readonly V[];

/** A machine whose programs run as `run` says. `nth` counts them from 0. */
function running<V>(
  machine: Machine<V>,
  run: (interpret: Interpret<V>, jaxpr: Jaxpr, operands: readonly V[], nth: number) => readonly V[],
): Machine<V> {
  let nth = 0;
  return { ...machine, interpret: (jaxpr, operands) => run(machine.interpret, jaxpr, operands, nth++) };
}

const CALLS = ['jit', 'checkpoint', 'custom_jvp_call', 'custom_vjp_call'];
const ALL = [...CALLS, 'cond', 'scan', 'while'];

/** The first two of one type change places. */
function exchanged<V>({ aval }: Machine<V>, xs: readonly V[]): readonly V[] {
  for (const [i, x] of xs.entries()) {
    const j = xs.findIndex((y, k) => k > i && sameAval(aval(x), aval(y)));
    if (j > i) return xs.with(i, xs[j]!).with(j, x);
  }
  return xs;
}

export const LOOP_OPERATORS: readonly LoopOperator[] = [
  {
    name: 'last-iteration-left-out',
    of: ['scan'],
    evaluate(scan, machine, operands, params) {
      let before: readonly (typeof operands)[number][] | null = null;
      const left = running(machine, (interpret, jaxpr, xs, nth) => {
        const isLast = nth === Number(params['length']) - 1;
        return (before = isLast && before !== null ? before : interpret(jaxpr, xs));
      });
      return scan.evaluate(left, operands, params);
    },
  },
  {
    name: 'wrong-direction',
    of: ['scan'],
    evaluate: (scan, machine, operands, params) =>
      scan.evaluate(machine, operands, { ...params, reverse: params['reverse'] !== true }),
  },
  {
    name: 'carry-starts-again',
    of: ['scan'],
    evaluate(scan, machine, operands, params) {
      const [from, n] = [Number(params['num_consts']), Number(params['num_carry'])];
      const again = running(machine, (interpret, jaxpr, xs) =>
        interpret(jaxpr, [...xs.slice(0, from), ...operands.slice(from, from + n), ...xs.slice(from + n)]),
      );
      return scan.evaluate(again, operands, params);
    },
  },
  {
    name: 'first-slice-for-all',
    of: ['scan'],
    evaluate(scan, machine, operands, params) {
      const from = Number(params['num_consts']) + Number(params['num_carry']);
      let first: readonly (typeof operands)[number][] | null = null;
      const same = running(machine, (interpret, jaxpr, xs) => {
        first ??= xs.slice(from);
        return interpret(jaxpr, [...xs.slice(0, from), ...first]);
      });
      return scan.evaluate(same, operands, params);
    },
  },
  {
    name: 'one-iteration-too-many',
    of: ['while'],
    evaluate(loop, machine, operands, params) {
      let ended = false;
      const more = running(machine, (interpret, jaxpr, xs) => {
        const out = interpret(jaxpr, xs);
        if (jaxpr !== params['cond_jaxpr'] || ended || numbers(machine.read(out[0]!))[0] !== 0) return out;
        ended = true;
        return [machine.constant(hostScalar('bool', 1))];
      });
      return loop.evaluate(more, operands, params);
    },
  },
  {
    name: 'one-iteration-too-few',
    of: ['while'],
    evaluate(loop, machine, operands, params) {
      const [c, b] = [Number(params['cond_nconsts']), Number(params['body_nconsts'])];
      const fewer = running(machine, (interpret, jaxpr, xs) => {
        const out = interpret(jaxpr, xs);
        if (jaxpr !== params['cond_jaxpr'] || numbers(machine.read(out[0]!))[0] === 0) return out;
        const next = interpret(params['body_jaxpr'] as Jaxpr, [...operands.slice(c, c + b), ...xs.slice(c)]);
        return interpret(jaxpr, [...xs.slice(0, c), ...next]);
      });
      return loop.evaluate(fewer, operands, params);
    },
  },
  {
    name: 'at-least-one-iteration',
    of: ['while'],
    evaluate(loop, machine, operands, params) {
      const once = running(machine, (interpret, jaxpr, xs, nth) =>
        nth === 0 ? [machine.constant(hostScalar('bool', 1))] : interpret(jaxpr, xs),
      );
      return loop.evaluate(once, operands, params);
    },
  },
  {
    name: 'branch-off-by-one',
    of: ['cond'],
    evaluate(cond, machine, operands, params) {
      const branches = params['branches'] as readonly Jaxpr[];
      return cond.evaluate(machine, operands, { branches: [...branches.slice(1), branches[0]!] });
    },
  },
  {
    name: 'index-wraps',
    of: ['cond'],
    evaluate(cond, machine, [index, ...xs], params) {
      const n = (params['branches'] as readonly Jaxpr[]).length;
      const wrapped = mapElements(machine.read(index!), (i) => ((Number(i) % n) + n) % n);
      return cond.evaluate(machine, [machine.constant(wrapped), ...xs], params);
    },
  },
  {
    name: 'results-exchanged',
    of: ALL,
    evaluate: (primitive, machine, operands, params) =>
      exchanged(machine, primitive.evaluate(machine, operands, params)),
  },
  {
    name: 'inputs-exchanged',
    of: ALL,
    evaluate: (primitive, machine, operands, params) =>
      primitive.evaluate(
        running(machine, (interpret, jaxpr, xs) => interpret(jaxpr, exchanged(machine, xs))),
        operands,
        params,
      ),
  },
  {
    name: 'starts-with-zero',
    of: ['reduce', 'reduce_window'],
    evaluate(reduce, machine, operands, params) {
      const half = operands.length / 2;
      const zero = (x: (typeof operands)[number]): typeof x => {
        const host = machine.read(x);
        return machine.constant({ ...host, data: host.data.slice().fill(0 as never) });
      };
      return reduce.evaluate(machine, [...operands.slice(0, half), ...operands.slice(half).map(zero)], params);
    },
  },
];
