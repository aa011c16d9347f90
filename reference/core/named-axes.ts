/** Named axes: those in scope where a function runs, and those that a program needs. */
import { ArgumentError, DivergentLanesError, UnboundAxisError } from './errors.ts';
import { allEquations, type Equation, type Jaxpr } from './jaxpr.ts';
import type { AnyPrimitive, BatchAxis, Params } from './primitive.ts';
import type { SourceLocation } from './source.ts';

/** The axes in scope, the innermost first; null: none. */
export type AxisScope = {
  readonly name: string;
  readonly size: number;
  readonly outer: AxisScope;
} | null;

let scope: AxisScope = null;

/** What a function that runs later needs, to run in the scope of now. */
export const currentAxes = (): AxisScope => scope;

/** Runs `f` in a scope. */
export function withAxes<T>(axes: AxisScope, f: () => T): T {
  const previous = scope;
  scope = axes;
  try {
    return f();
  } finally {
    scope = previous;
  }
}

/** Runs `f` with one more axis in scope, if it has a name. */
export const withAxis = <T>({ name, size }: BatchAxis, f: () => T): T =>
  name === null ? f() : withAxes({ name, size, outer: scope }, f);

function* axesOf(axes: AxisScope): Generator<NonNullable<AxisScope>> {
  for (let axis = axes; axis !== null; axis = axis.outer) yield axis;
}

/** True if an axis has the name. */
export const hasAxis = (axes: AxisScope, name: string): boolean => axesOf(axes).some((axis) => axis.name === name);

/** A text that tells scopes apart, empty for the empty one. */
export const axesKey = (): string =>
  scope === null ? '' : [...axesOf(scope)].map(({ name, size }) => JSON.stringify([name, size])).join('');

/** The size of the innermost axis of a name. @throws UnboundAxisError naming those in scope */
export function sizeOfAxis(name: string, where: string): number {
  if (typeof name !== 'string')
    throw new ArgumentError(`${where}: the name of an axis is a string, got ${String(name)}`);
  for (const axis of axesOf(scope)) if (axis.name === name) return axis.size;
  const known = [...axesOf(scope)].map((axis) => `'${axis.name}' (${axis.size})`);
  throw new UnboundAxisError(
    `${where}: no axis is named '${name}' here; in scope: ${known.join(', ') || 'none'}. ` +
      `Name it where the axis is made: vmap(f, { axisName: '${name}' })`,
  );
}

const memo = new WeakMap<Jaxpr, ReadonlySet<string>>();

/** The names of the axes that a program needs, nested programs included. */
export function namedAxes(jaxpr: Jaxpr): ReadonlySet<string> {
  let names = memo.get(jaxpr);
  if (names === undefined) {
    const found = new Set<string>();
    for (const { primitive, params } of jaxpr.equations) {
      if (primitive.kind === 'collective') found.add(params['axis_name'] as string);
      if (primitive.kind !== 'higher-order') continue;
      for (const inner of primitive.subJaxprs(params)) for (const name of namedAxes(inner)) found.add(name);
    }
    memo.set(jaxpr, (names = found));
  }
  return names;
}

/** Whether an equation has to do with the axis of a name, although none of its operands may. */
export function needsAxis(primitive: AnyPrimitive, params: Params, name: string): boolean {
  if (primitive.kind === 'collective') return params['axis_name'] === name;
  if (primitive.kind === 'first-order') return false;
  const programs = [...primitive.subJaxprs(params), ...(primitive.laterJaxprs?.(params, name) ?? [])];
  return programs.some((jaxpr) => namedAxes(jaxpr).has(name));
}

/** A collective without operands, the number of the lane, asks no other lane. */
const meetsOthers = ({ primitive, params, inputs }: Equation, name: string): boolean =>
  primitive.kind === 'collective' && params['axis_name'] === name && inputs.length > 0;

/**
 * Lanes of `axis` go different ways through these programs.
 * @throws DivergentLanesError if a collective in them needs all lanes
 */
export function partLanes({ name }: BatchAxis, jaxprs: readonly Jaxpr[], where: string): void {
  if (name === null || !jaxprs.some((jaxpr) => allEquations(jaxpr).some((e) => meetsOthers(e, name)))) return;
  throw new DivergentLanesError(
    `${where} differs between the lanes of '${name}', and holds a collective over '${name}', which needs them all. ` +
      `Make it the same in every lane (lax.pmax(…, '${name}')), or take the collective out`,
  );
}

/** A collective that nothing has resolved. @throws UnboundAxisError */
export function unresolved(primitive: AnyPrimitive, params: Params, source: SourceLocation | null): never {
  const at = source?.toString();
  const name = String(params['axis_name']);
  throw new UnboundAxisError(
    `${primitive.name} over the axis '${name}'${at ? ` at ${at}` : ''} was to be computed, but the program is under no vmap with that name: ` +
      `vmap(f, { axisName: '${name}' })`,
  );
}
