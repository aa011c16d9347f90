/**
 * What JavaScript would do to an array without a word: look up an index that is not there, add a property, read a length
 * that no array has. Names that an array lacks are looked up at the end of its prototype chain, which is here.
 */
import { describe, OperatorError } from './errors.ts';

/** What to write instead of what lists have. */
const instead: Readonly<Record<string, string>> = {
  length: 'x.shape[0] for the first axis, x.size for all elements',
  map: 'vmap(f)(x) or lax.map(f, x) for slices; functions of numpy take whole arrays',
  forEach: 'x.js() for the numbers; functions of numpy take whole arrays',
  filter: 'np.where(mask, x, 0), or x.slice(mask) outside of jit',
  reduce: 'x.sum(), x.prod(), x.max(), or lax.reduce',
  push: 'np.concatenate, which makes a new array',
  concat: 'np.concatenate',
  join: 'x.js().join()',
  indexOf: 'x.equal(value).argmax()',
  includes: 'x.equal(value).any()',
};

/** What an index becomes as the name of a property: numbers, ranges, lists, other arrays, and values that are missing. */
const isIndex = (key: string): boolean =>
  /^(-?\d+(\.\d+)?(e[+-]\d+)?|-?Infinity|NaN|null|undefined|true|false|)$/.test(key) || /[:,[\]]|^\.\.\.$/.test(key);

function refuse(key: string, does: 'read' | 'written'): void {
  if (isIndex(key)) {
    const shown = /^-?\d+$/.test(key) ? key : '…';
    throw new OperatorError(
      `an array was indexed with [${key}]: JavaScript cannot overload [ ], and arrays are immutable. ` +
        `Write x.slice(${shown}) for a part, x.at(${shown}).set(y) for a changed copy`,
    );
  }
  if (does === 'read' && Object.hasOwn(instead, key))
    throw new OperatorError(`an array is no list and has no ${key}; write ${instead[key]}`);
}

/** Refuses an assignment to a property. */
export function refuseAssignment(key: string, value: unknown): never {
  throw new OperatorError(
    `${key} of an array was set to ${describe(value)}: arrays are immutable. Write x.reshape(…), x.astype(…) or x.at(…).set(y) for a changed copy, and keep what belongs to you beside the array`,
  );
}

/** The last object of every array's prototype chain. */
export const endOfChain: object = new Proxy(
  {},
  {
    get(end, key, x: object): unknown {
      if (typeof key === 'string') refuse(key, 'read');
      return Reflect.get(end, key, x) as unknown;
    },
    set(end, key, value, x: object): boolean {
      if (typeof key === 'symbol') return Reflect.set(end, key, value, x);
      refuse(key, 'written');
      return refuseAssignment(key, value);
    },
  },
);

/** Gives the accessors of a prototype a setter that refuses: without one, the error would be JavaScript's. */
export function refuseSetters(prototype: object): void {
  for (const [key, accessor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (accessor.get === undefined || accessor.set !== undefined) continue;
    Object.defineProperty(prototype, key, { ...accessor, set: (value: unknown) => refuseAssignment(key, value) });
  }
}
