/** Functions over devices, as far as one device goes (spec/transformations/pmap.md). */
import { type Backend, requireBackend } from '../core/open-backend.ts';
import { checkOptions } from '../core/errors.ts';
import { type Axes, vmap } from './batching.ts';
import {
  type AnyFunction,
  argumentNumbers,
  type Arrays,
  type LooseArguments,
  called,
  nameOf,
  type Tree,
} from './call.ts';
import { jit } from './jit.ts';

export interface PmapOptions {
  readonly axisName?: string;
  /** Per argument, the axis that is spread over the devices; null: every device has it all. Default 0. */
  readonly inAxes?: number | null | readonly Axes[];
  readonly outAxes?: Axes;
  /** How many devices there are, for where no argument says so. */
  readonly axisSize?: number;
  /** Arguments that are compiled in, the same on every device. Their entries of `inAxes` do not count. */
  readonly staticBroadcastedArgnums?: number | readonly number[];
  readonly donateArgnums?: number | readonly number[];
  readonly backend?: Backend;
}

/**
 * `f` once for each slice of its arguments, as one program; collectives in `f` work across them. One device does it all:
 * it is `jit(vmap(f))`.
 *
 * @example
 * pmap((x) => x.div(lax.psum(x, 'i')), 'i')(np.array([1, 3])); // [0.25, 0.75]
 * @throws what `vmap` and `jit` throw
 */
export function pmap<F extends AnyFunction>(
  f: F,
  axisName: string | PmapOptions = {},
): (...args: LooseArguments<Parameters<F>>) => Arrays<ReturnType<F>> {
  const options = typeof axisName === 'string' ? { axisName } : axisName;
  const known = ['axisName', 'inAxes', 'outAxes', 'axisSize', 'staticBroadcastedArgnums', 'donateArgnums', 'backend'];
  checkOptions(options, known, 'pmap');
  const { staticBroadcastedArgnums, donateArgnums, backend, inAxes, ...rest } = options;
  const where = called('pmap', f);
  if (backend !== undefined) requireBackend(backend, where);
  const spread = (...args: Tree[]): unknown => {
    const fixed = argumentNumbers(staticBroadcastedArgnums ?? [], args.length, `${where} staticBroadcastedArgnums`);
    const moves = (_: unknown, i: number): boolean => !fixed.includes(i);
    const each = (...given: Tree[]): unknown => {
      let next = 0;
      return f(...(args.map((x, i): unknown => (fixed.includes(i) ? x : given[next++])) as never[]));
    };
    const axes = Array.isArray(inAxes) ? (inAxes as readonly Axes[]).filter(moves) : inAxes;
    const named = Object.defineProperty(each, 'name', { value: nameOf(f) });
    return vmap(named, { ...rest, ...(axes === undefined ? {} : { inAxes: axes }) })(
      ...(args.filter(moves) as never[]),
    );
  };
  const jitOptions = {
    staticArgnums: staticBroadcastedArgnums ?? [],
    donateArgnums: donateArgnums ?? [],
    ...(backend === undefined ? {} : { backend }),
  };
  return jit(Object.defineProperty(spread, 'name', { value: nameOf(f) }), jitOptions) as never;
}

/**
 * `pmap` over more slices than there are devices, as JAX 0.1 has it: over axis 0 of every argument.
 *
 * @example
 * softPmap((x) => lax.psum(x, 'i'), 'i')(np.array([1, 2, 3])); // [6, 6, 6]
 */
export function softPmap<F extends AnyFunction>(
  f: F,
  axisName: string | Pick<PmapOptions, 'axisName' | 'backend'> = {},
): (...args: LooseArguments<Parameters<F>>) => Arrays<ReturnType<F>> {
  if (typeof axisName === 'object') checkOptions(axisName, ['axisName', 'backend'], 'softPmap');
  return pmap(f, axisName);
}
