/**
 * `check`: an error if a predicate is false (spec/transformations/checkify.md#check). It has no results, so that its
 * effect alone keeps it in a program.
 */
import { CheckError } from '../../core/errors.ts';
import { type Aval, aval, type HostArray, numbers, showAval } from '../../core/host.ts';
import type { NDArray } from '../../core/ndarray.ts';
import { defineHigherOrder, type HigherOrderPrimitive } from '../../core/primitive.ts';
import type { Lax } from '../../core/rules.ts';
import { showElements } from '../../core/show.ts';
import type { SourceLocation } from '../../core/source.ts';
import { alignBatch } from './shared.ts';

/** What failing a check means: what the user forbids, a NaN, a division by zero, an index out of bounds. */
export const CATEGORIES = ['user', 'nan', 'div', 'index'] as const;
export type Category = (typeof CATEGORIES)[number];

export type CheckParams = {
  readonly category: Category;
  /** Each `{}` stands for the next operand after the predicate; `{{` and `}}` are braces. */
  readonly message: string;
  /** Where the check comes from; null in a program read from a file. */
  readonly source: SourceLocation | null;
};

/** Braces that are braces, places for values, and single braces, which mean nothing. */
const tokensIn = (message: string): readonly string[] => message.match(/\{\{|\}\}|\{\}|[{}]/g) ?? [];
const placesIn = (message: string): number => tokensIn(message).filter((token) => token === '{}').length;

/** The message about the given values, and where in the user's files it is from. */
export function checkMessage({ message, source }: Omit<CheckParams, 'category'>, values: readonly HostArray[]): string {
  let next = 0;
  const text = message.replaceAll(/\{\{|\}\}|\{\}/g, (token) => (token === '{}' ? showElements(values[next++]!) : token[0]!)); // prettier-ignore
  const line = source?.toString() ?? '';
  return line === '' ? text : `${text} (${line})`;
}

/** Part `index` (an int32 scalar) of `x` along axis 0. */
export function laneAt({ dynamicSlice, reshape }: Lax, x: NDArray, index: NDArray): NDArray {
  const [, ...shape] = x.shape;
  return reshape(dynamicSlice(x, [index, ...shape.map(() => 0)], [1, ...shape]), shape);
}

export const check: HigherOrderPrimitive<'check', CheckParams, 'C1' | 'C2'> = defineHigherOrder<
  'check',
  CheckParams,
  'C1' | 'C2'
>({
  name: 'check',
  spec: 'spec/transformations/checkify.md#check',
  params: { category: { enum: CATEGORIES }, message: { type: 'string' }, source: 'unsaved' },
  constraints: {
    C1: ([predicate]) =>
      (predicate?.dtype === 'bool' && predicate.shape.length === 0) ||
      `predicate must be a bool scalar, got ${predicate === undefined ? 'nothing' : showAval(predicate)}`,
    C2: ([, ...values], { message }) =>
      (placesIn(message) === values.length && !tokensIn(message).some((token) => token.length === 1)) ||
      `message must have one {} for each of the ${values.length} values, and {{ and }} for braces, got ${JSON.stringify(message)}`,
  },
  recurs: false,
  subJaxprs: () => [],
  withSubJaxprs: (params) => params,
  infer: () => [],
  evaluate(machine, [predicate, ...values], params) {
    if (numbers(machine.read(predicate!))[0] !== 0) return [];
    throw new CheckError(checkMessage(params, values.map(machine.read)));
  },

  jvp(t, x, _dx, params) {
    t.bind(check, x, params);
    return { out: [], tangents: [] };
  },
  partialEval: () => null,
  transpose: (_t, _ct, x) => x.map(() => null),

  /** The first example that fails gives the values of the message. */
  batch(t, x, at, axis, params) {
    if (axis.size > 0) {
      const [predicate, ...values] = alignBatch(t.lax, x, at, 0);
      const lanes = at[0] === null ? t.lax.broadcast(predicate!, [axis.size]) : predicate!;
      const first = t.lax.argmin(t.lax.convertElementType(lanes, 'int32'), 0);
      const shown = values.map((v, i) => (at[i + 1] === null ? v : laneAt(t.lax, v, first)));
      t.bind(check, [t.lax.reduceAnd(lanes, [0]), ...shown], params);
    }
    return { out: [], at: [] };
  },

  /** It has no results that anybody could use, and takes all its operands. */
  dce: (_t, used, params) => ({
    params,
    inputs: Array<boolean>(1 + placesIn(params.message)).fill(true),
    results: used,
  }),
  bound: () => [],
  effects: () => EFFECTS,
  breaks: {
    C1: () => ({ operands: [aval([2], 'bool')], params: plain }),
    C2: () => ({ operands: [predicate, aval([], 'float32')], params: plain }),
  },
});

const EFFECTS: ReadonlySet<string> = new Set(['check']);
const predicate: Aval = aval([], 'bool');
const plain: CheckParams = { category: 'user', message: 'no', source: null };
