import type { ConcreteArray } from '../../reference/core/array.ts';
import { encodeArray } from '../../reference/core/program.ts';
import { leavesWithPath } from '../../reference/library/tree.ts';

/** Every leaf of a tree of concrete arrays with its path, type and bits, as text that tests can compare. */
export const bits = (tree: unknown): string[] =>
  leavesWithPath(tree).map(([path, x]) => {
    const array = x as ConcreteArray;
    return `${path} ${array.weakType ? 'weak ' : ''}${JSON.stringify(encodeArray(array.toHost()))}`;
  });
