/** What a law is: a demand on a program and its inputs that a backend meets or does not. */
import { BackendError, ConstraintError } from '../../reference/core/errors.ts';
import { oneEquation } from '../../reference/core/open-backend.ts';
import { avalOf, type HostArray } from '../../reference/core/host.ts';
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import type { Bounded } from '../../reference/core/primitive.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import type { Bench } from '../bench.ts';
import { type Comparison, judgeEquation, judgeProgram } from '../budgets.ts';
import { differentEquations, type Met } from '../debug/equations.ts';
import { AnsweredGap, EndedError } from '../protocol/connection.ts';
import type { RandomStream } from '../programs/random-stream.ts';
import type { Sample } from '../programs/sample.ts';
import type { Element, LawName, Measured } from '../types.ts';

/** The proof that something is wrong: a program, its inputs, and both sides' results. */
export interface Evidence {
  readonly message: string;
  readonly element: Element | null;
  /** null: the case is not about a program that runs. */
  readonly jaxpr: Jaxpr | null;
  readonly inputs: readonly HostArray[];
  readonly expected: readonly HostArray[];
  /** null: the backend threw. */
  readonly got: readonly HostArray[] | null;
  readonly budgets: readonly (Float64Array | null)[];
  /** The user's line of the wrong equation. */
  readonly source: string | null;
  /** The process that the backend is has ended, or had to be. */
  readonly ended?: 'timeout' | 'crash';
}

export interface Judgement {
  readonly compared: number;
  readonly uncompared: number;
  readonly measured: Measured | null;
  readonly wrong: Evidence | null;
  /** Where results were judged by bounds carried through the program. */
  readonly carried?: Carried;
}

/** The bounds that a program's results have, and the results. */
export interface Carried {
  readonly bounds: readonly Bounded[];
  readonly got: readonly HostArray[];
}

export interface Law {
  readonly name: LawName;
  /** Its section of the specification. */
  readonly anchor: `spec/conformance.md#${LawName}`;
  /** Holds of the reference's rules, whatever the backend: only `check reference` asks. */
  readonly ofRules: boolean;
  /**
   * What the law makes of a sample: it runs on the backend and names the case. `random` draws what is needed beyond the
   * sample (directions, lanes): both functions are given streams with the same seed.
   */
  program(sample: Sample, random: RandomStream): Sample;
  check(bench: Bench, sample: Sample, random: RandomStream): Promise<Judgement>;
}

/** The results that a backend gives, or the error that it throws. */
export async function attempt(
  bench: Bench,
  jaxpr: Jaxpr,
  inputs: readonly HostArray[],
): Promise<readonly HostArray[] | Error> {
  try {
    return await bench.run(jaxpr, inputs);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** A comparison of a program's results as a judgement. */
export function judgement(
  { compared, uncompared, measured, wrong, budgets }: Comparison,
  what: {
    jaxpr: Jaxpr;
    inputs: readonly HostArray[];
    expected: readonly HostArray[];
    got: readonly HostArray[];
    source?: string | null;
  },
): Judgement {
  const evidence = wrong && { ...wrong, ...what, budgets, source: what.source ?? null };
  return { compared, uncompared, measured, wrong: evidence };
}

/** A backend that throws where it declared no gap is wrong. @throws AnsweredGap where it has declared one just now */
export function threw(
  error: Error,
  jaxpr: Jaxpr,
  inputs: readonly HostArray[],
  expected: readonly HostArray[],
): Judgement {
  if (error instanceof AnsweredGap) throw error;
  const wrong = {
    message: whatHappened(error) + error.message.split('\n')[0],
    element: null,
    jaxpr,
    inputs,
    expected,
    got: null,
    budgets: expected.map(() => null),
    source: null,
    ...(error instanceof EndedError && { ended: error.ended }),
  };
  return { compared: 0, uncompared: 0, measured: null, wrong };
}

/** A BackendError says in its own words what it is about; of any other the name helps. */
function whatHappened(error: Error): string {
  if (error instanceof EndedError) return '';
  return error instanceof BackendError ? 'the backend failed: ' : `the backend threw ${error.name}: `;
}

/** A case that throws, where the backend's own errors have been caught: its program, or a rule, is not well-formed. */
export function unjudged(error: unknown, sample: Sample | null): Judgement {
  const what =
    error instanceof ConstraintError
      ? error.message.split('\n')[0]
      : String(error instanceof Error ? error.stack : error);
  const wrong = {
    message: `the case could not be judged: ${what}`,
    element: null,
    jaxpr: sample?.jaxpr ?? null,
    inputs: sample?.inputs ?? [],
    expected: [],
    got: null,
    budgets: [],
    source: null,
  };
  return { compared: 0, uncompared: 0, measured: null, wrong };
}

/** One equation on given operands, against its primitive's accuracy. */
export async function judgeMet(
  bench: Bench,
  { primitive, operands, params, results, source }: Met,
  own: readonly HostArray[] | null = null,
): Promise<Judgement> {
  const program = (): Jaxpr => oneEquation(primitive, operands.map(avalOf), params);
  const got = own ?? (await attempt(bench, program(), operands));
  if (got instanceof Error) return threw(got, program(), operands, results);
  const comparison = judgeEquation(primitive, operands, params, results, got, bench.profile);
  const { compared, uncompared, measured, wrong } = comparison;
  if (wrong === null) return { compared, uncompared, measured, wrong };
  const where = source?.toString() || null;
  return judgement(comparison, { jaxpr: program(), inputs: operands, expected: results, got, source: where });
}

export interface Locally {
  /** Elements of results of single equations. */
  readonly compared: number;
  /** The first equation that is wrong on the operands that it met. */
  readonly wrong: Evidence | null;
}

/** The equations of a program, one by one, up to the first that is wrong. */
export async function judgeLocally(bench: Bench, jaxpr: Jaxpr, inputs: readonly HostArray[]): Promise<Locally> {
  let compared = 0;
  for (const met of differentEquations(bench, jaxpr, inputs)) {
    const judged = await judgeMet(bench, met, met.own);
    compared += judged.compared;
    if (judged.wrong !== null) return { compared, wrong: judged.wrong };
  }
  return { compared, wrong: null };
}

/**
 * A program's results against the bounds carried through it. Where these say nothing (an infinite bound) or results are
 * beyond what is likely, its equations are judged one by one.
 */
export async function judgeWithin(
  bench: Bench,
  jaxpr: Jaxpr,
  inputs: readonly HostArray[],
  expected: readonly Bounded[] = errorBound(jaxpr, inputs, bench.profile),
): Promise<Judgement> {
  const values = expected.map((x) => x.value);
  const got = await attempt(bench, jaxpr, inputs);
  if (got instanceof Error) return threw(got, jaxpr, inputs, values);
  const comparison = judgeProgram(expected, got, bench.profile);
  const carried = { bounds: expected, got };
  const judged = { ...judgement(comparison, { jaxpr, inputs, expected: values, got }), carried };
  if (judged.wrong !== null || (comparison.uncompared === 0 && comparison.suspect === 0)) return judged;
  const locally = await judgeLocally(bench, jaxpr, inputs);
  return { ...judged, compared: judged.compared + locally.compared, wrong: locally.wrong };
}
