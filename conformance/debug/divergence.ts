/**
 * What `etalon diverge` finds (spec/diverge.md): plain JSON, as spec/schema/divergence.schema.json describes it.
 */
import type { BackendFacts, Element, Versions } from '../types.ts';

/** How far two backends are apart in one result of the program. Sizes are relative to its largest element. */
export interface OutputDifference {
  readonly output: number;
  /** `f32[128,10]`. */
  readonly type: string;
  /** Elements that are not the same bits. */
  readonly different: number;
  /** The largest difference; null: not a finite number. */
  readonly largest: number | null;
  /** What rounding may make of it likely, and at most; null: nothing is known. */
  readonly likely: number | null;
  readonly worst: number | null;
  /** Not relative to anything; `scale` is the modulus of the largest element. */
  readonly absolute: { readonly largest: number | null; readonly likely: number | null; readonly scale: number };
}

/**
 * - `wrong`: one equation is out of its budget, on the operands that the backend has there.
 * - `together`: equations that are wrong as one program, and none is by itself: what a compiler makes of them.
 * - `throws`: an equation fails.
 * - `nondeterministic`: an equation gives other bits when it runs again.
 * - `nan`, `infinity`: an equation makes one of operands that have none (`--nan`).
 */
export type FindingKind = 'wrong' | 'together' | 'throws' | 'nondeterministic' | 'nan' | 'infinity';

/** What is wrong with one of the backends. */
export interface Finding {
  readonly kind: FindingKind;
  /** As the user named it. */
  readonly backend: string;
  /** Numbers of the equations in the text form, from 1, nested ones counted. */
  readonly numbers: readonly number[];
  /** The equations as the text form prints them. */
  readonly equations: readonly string[];
  /** The runs of nested programs around them, outermost first: `scan, iteration 3`. */
  readonly path: readonly string[];
  readonly source: string | null;
  readonly message: string;
  readonly element: Element | null;
  /** Whether the equation of the outermost program began with the bits that the reference has there. */
  readonly inputs: 'same' | 'within bounds' | null;
  /** Later equations of the same program, or run of a nested one, that are wrong on their own operands too. */
  readonly alsoWrong: readonly number[];
  readonly reproducer: { readonly equations: number; readonly file: string | null } | null;
}

/** The equation at which the bound grows most: where a right program loses its digits. */
export interface Conditioning {
  readonly equation: number;
  readonly text: string;
  readonly source: string | null;
  /** The bound relative to the largest element, of the operands and of the results; null: nothing is known. */
  readonly before: number | null;
  readonly after: number | null;
}

export interface Divergence {
  readonly format: 'etalon.divergence/1';
  readonly versions: Versions;
  readonly mode: 'values' | 'nan';
  readonly backends: readonly BackendFacts[];
  /** Equations of the program, nested ones included. */
  readonly equations: number;
  /**
   * - `agree`: all results are within the bounds that rounding has.
   * - `ill-conditioned`: they are not, or there is no bound, and yet every equation is within its budget.
   * - `diverge`: there are findings.
   */
  readonly kind: 'agree' | 'ill-conditioned' | 'diverge';
  /** Empty for one backend. */
  readonly outputs: readonly OutputDifference[];
  /** At most one of each backend. */
  readonly findings: readonly Finding[];
  /** null: not ill-conditioned. */
  readonly conditioning: Conditioning | null;
}
