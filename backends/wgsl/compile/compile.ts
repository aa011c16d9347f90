/** From a program to its plan. */
import type { Jaxpr } from '../../../reference/core/jaxpr.ts';
import { Graph, type HigherLowerings, type Table } from './lowering.ts';
import { Buffers, type Target } from './making.ts';
import { Input, layoutOf } from './node.ts';
import type { Plan } from './plan.ts';
import { schedule } from './schedule.ts';

/** What a program does, step by step. Needs no GPU. */
export function compile(jaxpr: Jaxpr, table: Table, higher: HigherLowerings, target: Target): Plan {
  const graph = new Graph(table, higher);
  const buffers = new Buffers();
  const inputs = jaxpr.inAvals.map(({ shape, dtype }) => new Input({ shape, dtype }));
  inputs.forEach((node, input) => buffers.allocate(node, { input }));
  const outputs = graph.enter(jaxpr, inputs);
  const steps = schedule(outputs, buffers, target, graph.origins);
  return {
    buffers: buffers.planned,
    steps,
    results: outputs.map((node) => {
      const equation = graph.origins.get(node);
      const owner = equation === undefined ? null : { label: equation.primitive.name, source: equation.source };
      return { buffer: buffers.of(layoutOf(node))!, type: node.type, owner };
    }),
  };
}
