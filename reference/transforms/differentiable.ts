/** What may be differentiated with respect to what: the checks of grad, jacfwd, jacrev and linearTranspose. */
import { isComplex, isInexact } from '../core/dtypes.ts';
import { DifferentiationError } from '../core/errors.ts';
import { type Aval, showAval } from '../core/host.ts';
import type { NDArray } from '../core/ndarray.ts';
import type { TreeDef } from '../core/tree.ts';
import { argumentPaths } from './call.ts';

/**
 * `arrays` are the leaves of the arguments of the given numbers, `treedef` the list of those.
 * @throws DifferentiationError if an argument that is to be differentiated has no tangent, or with `holomorphic` is real
 */
export function requireInexact(
  arrays: readonly NDArray[],
  argnums: readonly number[],
  treedef: TreeDef,
  where: string,
  holomorphic: boolean = false,
): void {
  const refuse = (i: number, why: string): never => {
    const path = argumentPaths(treedef, argnums)[i]!;
    throw new DifferentiationError(`${where}: argument${path} is ${showAval(arrays[i]!.aval)}, ${why}`);
  };
  for (const [i, { dtype }] of arrays.entries()) {
    if (!isInexact(dtype)) {
      refuse(i, "which has no derivative; convert it with astype('float32'), or choose other argnums");
    }
    if (holomorphic && !isComplex(dtype)) refuse(i, 'but { holomorphic: true } is for complex arguments; leave it out');
  }
}

/**
 * A derivative of a complex result is one complex number only if the function is holomorphic; reverse mode gives half of
 * the real Jacobian otherwise (as JAX demands of `grad` and `jacrev`).
 * @throws DifferentiationError
 */
export function requireRealOrHolomorphic(result: Aval, holomorphic: boolean, where: string): void {
  const got = showAval(result);
  if (!isInexact(result.dtype)) {
    throw new DifferentiationError(`${where}: a float result is needed, got ${got}, which has no derivative`);
  }
  if (holomorphic && !isComplex(result.dtype)) {
    throw new DifferentiationError(`${where}: { holomorphic: true } is for complex results, got ${got}; leave it out`);
  }
  if (!holomorphic && isComplex(result.dtype)) {
    throw new DifferentiationError(
      `${where}: a real result is needed, got ${got}; pass { holomorphic: true } if the function is, else use vjp`,
    );
  }
}

/** Forward mode along the unit vectors of a complex argument sees half of the real Jacobian, unless it is holomorphic. */
export function requireRealArguments(arrays: readonly NDArray[], where: string): void {
  const complex = arrays.find((x) => isComplex(x.dtype));
  if (complex === undefined) return;
  throw new DifferentiationError(
    `${where}: a real argument is needed, got ${showAval(complex.aval)}; pass { holomorphic: true } if the function is, else use jvp`,
  );
}
