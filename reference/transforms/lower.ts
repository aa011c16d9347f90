import { checkOptions, EtalonError, ShapeError, TreeError } from '../core/errors.ts';
import { getDefaultBackend } from '../core/evaluation.ts';
import { type Aval, sameAval, showAval } from '../core/host.ts';
import type { Jaxpr } from '../core/jaxpr.ts';
import { type Backend, requireBackend } from '../core/open-backend.ts';
import { printProgram } from '../core/text.ts';
import { bind } from '../core/trace.ts';
import { difference, shortly, type TreeDef, unflatten } from '../core/tree.ts';
import { jit as jitPrimitive } from '../primitives/higher-order/jit.ts';
import { flattenArguments } from './call.ts';
import { type JitTarget, type Program, type SplitCall, traced } from './jit-cache.ts';

/** A function that runs a compiled program: of the arguments that are not static, with exactly the types it was made for. */
export interface Compiled<Result> {
  (...args: readonly unknown[]): Result;
  readonly backend: Backend;
}

/** The program of a jitted function for arguments of given types. */
export interface Lowered<Result> {
  readonly jaxpr: Jaxpr;
  /** The structure of the list of arguments, without the static ones, and of the result. */
  readonly inTree: TreeDef;
  readonly outTree: TreeDef;
  /** Types of the leaves. */
  readonly inAvals: readonly Aval[];
  readonly outAvals: readonly Aval[];
  /** Per leaf of the arguments, whether a call donates it. */
  readonly donated: readonly boolean[];
  /** The program as it is saved (spec/ir.md). */
  readonly text: string;
  /**
   * Compiles the program now, for `backend`, or the one given to `jit`, or the default one.
   * @throws GapError naming every equation that the backend does not compute
   */
  compile(options?: { readonly backend?: Backend }): Compiled<Result>;
}

/** See `Jitted.lower`. @throws EtalonError if the function closes over a traced value */
export function lower<Result>(target: JitTarget, call: SplitCall): Lowered<Result> {
  const { program, lifted } = traced(target, call);
  if (lifted.length > 0)
    throw new EtalonError(`${target.where}.lower: the function closes over a traced value; pass it as an argument`);
  const { params, outTree, signature } = program;
  const { children } = call.treedef.node as { readonly children: readonly TreeDef[] };
  return {
    jaxpr: params.jaxpr,
    inTree: call.treedef,
    outTree,
    inAvals: signature.avals,
    outAvals: params.jaxpr.outAvals,
    donated: children.flatMap((c, k) => new Array<boolean>(c.leafCount).fill(call.donated.includes(call.moving[k]!))),
    get text() {
      return printProgram(params.jaxpr);
    },
    compile(options = {}) {
      const where = `${target.where}.lower(…).compile`;
      checkOptions(options, ['backend'], where);
      const backend = requireBackend(options.backend ?? target.backend ?? getDefaultBackend(), where);
      return compiled(program, call.treedef, backend, target.where);
    },
  };
}

function compiled<Result>(
  { params, outTree, signature }: Program,
  inTree: TreeDef,
  backend: Backend,
  where: string,
): Compiled<Result> {
  const bound = { ...params, backend };
  backend.eager(jitPrimitive, signature.avals, bound);
  const run = (...args: readonly unknown[]): Result => {
    const { arrays, treedef } = flattenArguments(args, `the compiled ${where}`);
    if (!treedef.equals(inTree)) {
      throw new TreeError(`the compiled ${where} takes the arguments ${shortly(inTree)}, got ${shortly(treedef)}${difference(inTree, treedef)}`); // prettier-ignore
    }
    const paths = signature.paths();
    arrays.forEach(({ aval }, i) => {
      const wanted = signature.avals[i]!;
      if (!sameAval(aval, wanted)) throw new ShapeError(`the compiled ${where} takes ${showAval(wanted)} as argument ${paths[i]}, got ${showAval(aval)}`); // prettier-ignore
    });
    return unflatten(outTree, bind(jitPrimitive, arrays, bound)) as Result;
  };
  return Object.assign(run, { backend });
}
