/**
 * An array as runs of elements that become one each. Axes of length one are left out, neighbours that are both reduced, or
 * both kept, are one axis, and the last axis is taken four at a time where it can be.
 */
import { type Shape, sizeOf } from '../../reference/core/host.ts';
import type { Builder } from './compile/builder.ts';
import type { Code, Lanes } from './compile/statements.ts';
import { Index } from './compile/index-space.ts';
import type { Node } from './compile/node.ts';

interface Axis {
  size: number;
  readonly isReduced: boolean;
}

export class Runs {
  readonly x: Node;
  /** What is read at once, along the last axis. */
  readonly lanes: Lanes;
  /** Whether the elements of a run are next to each other, at least in short stretches. */
  readonly isContiguous: boolean;
  /** Runs, and elements of each, or fours of them where those go along it. */
  readonly count: number;
  readonly length: number;
  readonly #shape: Shape;
  readonly #axes: readonly Axis[];

  constructor(x: Node, axes: Shape, byFour: boolean) {
    const merged: Axis[] = [];
    for (const [d, size] of x.type.shape.entries()) {
      const isReduced = axes.includes(d);
      const last = merged.at(-1);
      if (size === 1) continue;
      if (last?.isReduced === isReduced) last.size *= size;
      else merged.push({ size, isReduced });
    }
    const last = merged.at(-1);
    this.x = x;
    this.lanes = byFour && last !== undefined && last.size % 4 === 0 ? 4 : 1;
    this.isContiguous = last === undefined || last.isReduced;
    if (this.lanes === 4) last!.size /= 4;
    this.#axes = merged;
    this.#shape = merged.map(({ size }) => size);
    this.count = sizeOf(this.#sizes(false));
    this.length = sizeOf(this.#sizes(true));
  }

  #sizes(isReduced: boolean): Shape {
    return this.#axes.filter((axis) => axis.isReduced === isReduced).map(({ size }) => size);
  }

  /** The element, or the four, that is the j-th one of run r. */
  element(k: Builder, r: Code, j: Code): Code {
    return k.inLanes(this.lanes, () => k.element(this.x, this.#index(k, r, j)));
  }

  #index(k: Builder, r: Code, j: Code): Index {
    const outer = Index.flat(this.#sizes(false), r).dims(k);
    const inner = Index.flat(this.#sizes(true), j).dims(k);
    let [i, o] = [0, 0];
    const at = this.#axes.map(({ isReduced }) => (isReduced ? inner[i++]! : outer[o++]!));
    const { shape } = this.x.type;
    // Where no axes were merged the positions themselves are of use to what computes the element.
    if (this.lanes === 1 && String(shape.filter((n) => n !== 1)) === String(this.#shape)) {
      let next = 0;
      return Index.of(
        shape,
        shape.map((n) => (n === 1 ? '0u' : at[next++]!)),
      );
    }
    return Index.flat(shape, Index.of(this.#shape, at).flat(k));
  }

  /** The positions in its run of what `element` gives, as numbers of i32. */
  positions(k: Builder, j: Code): Code {
    if (this.lanes === 1) return k.let('i32', `i32(${j})`);
    return k.let('vec4i', this.isContiguous ? `vec4i(4 * i32(${j})) + vec4i(0, 1, 2, 3)` : `vec4i(i32(${j}))`);
  }
}
