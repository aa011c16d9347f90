/** Reductions. */
import { type Shape, sizeOf } from '../../reference/core/host.ts';
import type { Builder, Code } from './compile/builder.ts';
import { Index } from './compile/index-space.ts';
import type { Lowerer, Part } from './compile/lowering.ts';
import type { Making } from './compile/making.ts';
import { Computation, type Node, type Result } from './compile/node.ts';
import { registerOf, type Type } from './compile/types.ts';

/** How two elements become one: associative, but for rounding. */
interface Monoid {
  readonly name: string;
  initial(k: Builder): Code;
  combine(k: Builder, a: Code, b: Code): Code;
}

/** One invocation per result, one element after the other. */
function reduceRuns(making: Making, x: Node, axes: Shape, result: Result, { initial, combine }: Monoid): void {
  const { shape, dtype } = x.type;
  const kept = shape.flatMap((_, d) => (axes.includes(d) ? [] : [d]));
  const run = axes.map((d) => shape[d]!);
  making.each(sizeOf(result.type.shape), (k, i) => {
    const outer = Index.flat(result.type.shape, i).dims(k);
    const total = k.variable(registerOf(dtype), initial(k));
    k.loop('0u', `${sizeOf(run)}u`, '1u', (j) => {
      const inner = Index.flat(run, j).dims(k);
      const at = shape.map((_, d) => (axes.includes(d) ? inner[axes.indexOf(d)]! : outer[kept.indexOf(d)]!));
      k.line(`${total} = ${combine(k, total, k.at(x, at))};`);
    });
    k.define(result, Index.flat(result.type.shape, i), k.read(total));
  });
}

function reduced(x: Node, axes: Shape, type: Type, monoid: Monoid): Node {
  const make = (making: Making, { results }: Computation): void => reduceRuns(making, x, axes, results[0]!, monoid);
  return new Computation({ name: monoid.name, operands: [x], results: [type], pulled: [x], finishes: true, make })
    .results[0]!;
}

const sum: Lowerer<{ readonly axes: Shape }> = (_, [x], { axes }, [result]) => [
  reduced(x!, axes, result!, {
    name: 'reduce_sum',
    initial: (k) => k.constant(x!.type.dtype, 0),
    combine: (_k, a, b) => `${a} + ${b}`,
  }),
];

export const reductions: Part<'reduce_sum'> = { reduce_sum: sum };
