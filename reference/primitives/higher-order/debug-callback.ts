/**
 * `debug_callback`: shows values to a JavaScript function while a program runs
 * (spec/transformations/debugging.md#debug_callback). It has no results: it is there for its effect.
 */
import { ConcreteArray } from '../../core/array.ts';
import type { NDArray } from '../../core/ndarray.ts';
import { defineHigherOrder, type HigherOrderPrimitive } from '../../core/primitive.ts';
import { untracked } from '../../core/scopes.ts';
import { scan } from './scan.ts';

export type DebugCallbackParams = {
  /** `print`, or the name of the user's function. */
  readonly name: string;
  /** null in a program read from a file, in which nobody is called. */
  readonly callback: ((values: readonly NDArray[]) => void) | null;
};

const DEBUG: ReadonlySet<string> = new Set(['debug']);

export const debugCallback: HigherOrderPrimitive<'debug_callback', DebugCallbackParams, never> = defineHigherOrder<
  'debug_callback',
  DebugCallbackParams,
  never
>({
  name: 'debug_callback',
  spec: 'spec/transformations/debugging.md#debug_callback',
  params: { name: { type: 'string' }, callback: 'unsaved' },
  constraints: {},
  recurs: false,
  subJaxprs: () => [],
  withSubJaxprs: (params) => params,
  infer: () => [],
  evaluate(machine, x, { callback }) {
    if (callback !== null) {
      const values = x.map((v) => machine.read(v));
      untracked(() => callback(values.map((v) => ConcreteArray.fromHost(v))));
    }
    return [];
  },

  /** Values are shown, tangents are not. */
  jvp(t, x, _dx, params) {
    t.bind(debugCallback, x, params);
    return { out: [], tangents: [] };
  },
  partialEval: () => null,
  transpose: (_t, _ct, x) => x.map(() => null),

  /** One call per example, in their order. */
  batch(t, x, at, axis, params) {
    const batched = at.map((a) => a !== null);
    const consts = x.filter((_, i) => !batched[i]);
    const xs = x.flatMap((v, i) => (batched[i] ? [t.lax.moveAxis(v, at[i]!, 0)] : []));
    const one = t.traceList(
      (args) => {
        let [c, k] = [0, consts.length];
        return t.bind(debugCallback, batched.map((is) => args[is ? k++ : c++]!), params); // prettier-ignore
      },
      [...consts.map((v) => v.aval), ...xs.map((v) => ({ ...v.aval, shape: v.shape.slice(1) }))],
    );
    t.bind(scan, [...consts, ...xs], {
      jaxpr: one,
      length: axis.size,
      reverse: false,
      num_consts: consts.length,
      num_carry: 0,
    });
    return { out: [], at: [] };
  },

  /** There are no results that somebody could need: its effect is what keeps it. */
  dce: (_t, _used, params) => ({ params, inputs: [], results: [] }),
  bound: () => [],
  effects: () => DEBUG,
  breaks: {},
});
