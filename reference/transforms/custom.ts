/** What functions with derivatives of their own share: their arguments, and what their rules give. */
import { ConcretizationError, DifferentiationError, LeakedTracerError, ShapeError, TreeError } from '../core/errors.ts';
import { type Aval, sameAval, showAval } from '../core/host.ts';
import type { Jaxpr } from '../core/jaxpr.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { Tangent } from '../core/primitive.ts';
import { callCustom, type CustomCall, type Tracer } from '../core/trace.ts';
import { flatten, type TreeDef, unflatten } from '../core/tree.ts';
import * as lax from '../lax.ts';
import {
  type AnyFunction,
  argumentNumbers,
  flattenArguments,
  flattenFunction,
  type FlatFunction,
  nameOf,
} from './call.ts';
import { lifting, stage, type Staged } from './staging.ts';

export interface CustomOptions {
  /**
   * Arguments that are not differentiated: functions, and whatever else is no array. The rules get them as they are,
   * before everything else.
   */
  readonly nondiffArgnums?: number | readonly number[];
}

/** What a function gives. */
export interface ResultTypes {
  readonly tree: TreeDef;
  readonly avals: readonly Aval[];
}

/** The arguments of one call: arrays, and those that are passed on as they are. */
export class CustomArguments {
  readonly where: string;
  readonly arrays: readonly NDArray[];
  readonly treedef: TreeDef;
  readonly #args: readonly unknown[];
  readonly #nondiff: readonly number[];

  constructor(args: readonly unknown[], { nondiffArgnums = [] }: CustomOptions, where: string) {
    this.#nondiff = argumentNumbers(nondiffArgnums, args.length, `${where} nondiffArgnums`);
    const { arrays, treedef } = flattenArguments(args.filter((_, i) => !this.#nondiff.includes(i)), where); // prettier-ignore
    this.where = where;
    this.#args = args;
    this.arrays = arrays;
    this.treedef = treedef;
  }

  get avals(): Aval[] {
    return this.arrays.map((x) => x.aval);
  }

  /** The arguments that are not differentiated. */
  get fixed(): readonly unknown[] {
    return this.#nondiff.map((i) => this.#args[i]);
  }

  /** A function of all arguments as one of the others. */
  complete(f: AnyFunction): AnyFunction {
    return (...given: readonly unknown[]) => {
      let next = 0;
      return f(...this.#args.map((x, i) => (this.#nondiff.includes(i) ? x : given[next++])));
    };
  }

  flat(f: AnyFunction): { readonly flat: FlatFunction; outTree(): TreeDef } {
    return flattenFunction(this.complete(f), this.treedef, this.where);
  }

  /** A function of all arguments as a program. Traced values that it closes over are its first inputs. */
  staged(f: AnyFunction): Staged & ResultTypes {
    const { flat, outTree } = this.flat(f);
    const staged = stage(nameOf(f), flat, this.avals);
    return { ...staged, tree: outTree(), avals: staged.jaxpr.outAvals };
  }

  /** What `f` gives for these arguments; null where that depends on their values. */
  types(f: AnyFunction): ResultTypes | null {
    try {
      return this.staged(f);
    } catch (error) {
      if (error instanceof ConcretizationError) return null;
      throw error;
    }
  }
}

/** One call of a function with rules of its own. */
export abstract class Call implements CustomCall {
  readonly where: string;
  protected readonly f: AnyFunction;
  protected readonly args: CustomArguments;
  /** The structure of the result: known once the function or a rule has run. */
  protected tree: TreeDef | undefined;

  constructor(f: AnyFunction, args: CustomArguments) {
    this.where = args.where;
    this.f = f;
    this.args = args;
  }

  value(): unknown {
    const results = callCustom(this, this.args.arrays);
    return unflatten(this.tree!, results);
  }

  run(operands: readonly NDArray[]): readonly NDArray[] {
    const { flat, outTree } = this.args.flat(this.f);
    const results = flat(operands);
    this.tree = outTree();
    return results;
  }

  abstract jvp(operands: readonly NDArray[], tangents: readonly Tangent[]): Dual;
  abstract bind(operands: readonly NDArray[]): readonly NDArray[];
}

export interface Dual {
  readonly out: readonly NDArray[];
  readonly tangents: readonly Tangent[];
}

/**
 * A rule as a program: of the traced values `closed` that its function closes over, then of its arguments.
 * @throws DifferentiationError if it closes over others
 */
export function stageRule(what: string, rule: FlatFunction, avals: readonly Aval[], closed: readonly Tracer[]): Jaxpr {
  const staged = ended(what, () => stage(what, rule, avals));
  const other = staged.lifted.find((x) => !closed.includes(x));
  if (other === undefined) return lifting(staged, closed);
  throw new DifferentiationError(
    `${what} closes over a traced value, ${showAval(other.aval)}, and its function does not; pass it as an argument`,
  );
}

/** A rule runs after the function: what both closed over may have ended in between. */
function ended<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof LeakedTracerError)) throw error;
    throw new DifferentiationError(
      `${what} closes over a traced value of a transformation that is over; pass it as an argument (closureConvert makes arguments of what a function closes over)`,
      { cause: error },
    );
  }
}

/**
 * The leaves of a value that a rule gives, which must be of the function's `types`, where these are known.
 * @throws TreeError, ShapeError
 */
export function leavesLike(
  value: unknown,
  types: ResultTypes | null,
  what: string,
): { readonly tree: TreeDef; readonly out: readonly NDArray[] } {
  const [leaves, tree] = flatten(value);
  if (types?.tree.equals(tree) === false) {
    throw new TreeError(`${what} is ${tree.toString()}, the function's result ${types.tree.toString()}`);
  }
  const out = flattenArguments(leaves, what).arrays.map((x, i) => {
    const wanted = types?.avals[i] ?? x.aval;
    const array = x.weakType ? lax.convertElementType(x, wanted.dtype) : x;
    if (sameAval(array.aval, wanted)) return array;
    const at = tree.paths()[i];
    throw new ShapeError(`${what}${at} is ${showAval(array.aval)}, the function's result ${showAval(wanted)}`);
  });
  return { tree, out };
}
