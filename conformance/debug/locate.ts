/**
 * Finding the first equation that a backend computes wrong (spec/diverge.md). Every equation is judged on the operands that
 * the backend had there, which one run gives: of the program with all its values as results. Where looking on changes what
 * comes out (compilers fuse), equations run one by one, and then as parts of the program.
 */
import type { HostArray } from '../../reference/core/host.ts';
import type { Equation, Jaxpr } from '../../reference/core/jaxpr.ts';
import type { AnyHigherOrder, Bounded } from '../../reference/core/primitive.ts';
import { evaluateJaxpr } from '../../reference/interpreter.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import type { Bench } from '../bench.ts';
import { type Comparison, exactly, judgeEquation, judgeProgram } from '../budgets.ts';
import { attempt, type Evidence, judgement, threw } from '../laws/law.ts';
import { type NestedRun, searchNested } from './nested.ts';
import { aloneOf, areOf, equationCount, referenceValues, tapped, Values, windowOf } from './parts.ts';

/** Where a program stands in the whole one. */
export interface Origin {
  /** The number of its first equation, as the text form lists them, nested ones included. */
  readonly first: number;
  /** The runs of nested programs around it, outermost first: `scan, iteration 3`. */
  readonly path: readonly string[];
}
export const WHOLE: Origin = { first: 1, path: [] };

/** One equation, or those in a row that are wrong only together. */
export interface Located {
  /** Numbers in the text form, from 1; nested equations count. */
  readonly first: number;
  readonly last: number;
  readonly path: readonly string[];
  readonly equations: readonly Equation[];
  /** What the backend gave for them, in the program or (`isolated`) as a program of their own. */
  readonly evidence: Evidence;
  readonly isolated: boolean;
  /** The equation of the outermost program that it is part of, and what that one's operands were. */
  readonly outer: { readonly equation: Equation; readonly operands: readonly HostArray[] } | null;
  /** Numbers of later equations of the outermost program that are wrong too. */
  readonly alsoWrong: readonly number[];
}

/** `open`: beyond what is likely, or where the bound says nothing; the equations have to tell. */
export type Standing = 'fine' | 'open' | 'wrong';

export function standingOf(
  { wrong, suspect, uncompared }: Comparison,
  expected: readonly HostArray[],
  got: readonly HostArray[],
): Standing {
  if (wrong !== null) return 'wrong';
  if (suspect > 0) return 'open';
  return uncompared > 0 && exactly(expected, got).wrong !== null ? 'open' : 'fine';
}

const valuesOf = (bounded: readonly Bounded[]): HostArray[] => bounded.map((x) => x.value);

/** How many equations of the text one equation is, those of its nested programs included. */
const extent = ({ primitive, params }: Equation): number =>
  1 + (primitive.kind === 'first-order' ? 0 : primitive.subJaxprs(params).reduce((n, j) => n + equationCount(j), 0));

/** The number of the equation at `index`. */
export const numberAt = ({ equations }: Jaxpr, index: number, { first }: Origin): number =>
  equations.slice(0, index).reduce((n, e) => n + extent(e), first);

/** Where a nested program of an equation stands. */
export const originWithin = (primitive: AnyHigherOrder, params: Equation['params'], run: NestedRun, number: number, path: readonly string[]): Origin => ({
  first: primitive.subJaxprs(params).slice(0, run.program).reduce((n, j) => n + equationCount(j), number + 1),
  path: [...path, run.place],
}); // prettier-ignore

export class Search {
  readonly #bench: Bench;
  /** A `Date.now()` after which nested programs are not looked into. */
  readonly #deadline: number;

  constructor(bench: Bench, deadline: number) {
    this.#bench = bench;
    this.#deadline = deadline;
  }

  /** The first equation that is wrong in a program that gave `got`; null: each is right by itself, and so are they together. */
  async within(
    jaxpr: Jaxpr,
    inputs: readonly HostArray[],
    got: readonly HostArray[] | Error,
    isWrong: boolean,
    origin: Origin = WHOLE,
  ): Promise<Located | null> {
    const seen = got instanceof Error ? null : await this.#seen(jaxpr, inputs, got);
    const found =
      seen !== null
        ? await this.#firstWrong(jaxpr, inputs, origin, async (equation) => seen.all(equation.outputs), false)
        : await this.#firstWrong(jaxpr, inputs, origin, (e, xs) => attempt(this.#bench, aloneOf(e), xs), true);
    if (found !== null) return found;
    return isWrong ? this.together(jaxpr, inputs, origin) : null;
  }

  /** Every value of the program as the backend has it; null if it gives others, or none, where it is looked at. */
  async #seen(jaxpr: Jaxpr, inputs: readonly HostArray[], got: readonly HostArray[]): Promise<Values | null> {
    const program = tapped(jaxpr);
    const all = await attempt(this.#bench, program, inputs);
    if (all instanceof Error || all.length !== program.outputs.length) return null;
    if (exactly(got, all.slice(0, got.length)).wrong !== null) return null;
    const values = new Values(jaxpr, inputs);
    values.bind(jaxpr.equations.flatMap((e) => e.outputs), all.slice(got.length)); // prettier-ignore
    return values;
  }

  /** Equation by equation, each on the operands that the backend's own results are. */
  async #firstWrong(
    jaxpr: Jaxpr,
    inputs: readonly HostArray[],
    origin: Origin,
    resultsOf: (equation: Equation, operands: readonly HostArray[]) => Promise<readonly HostArray[] | Error>,
    isolated: boolean,
  ): Promise<Located | null> {
    const values = new Values(jaxpr, inputs);
    let found: Located | null = null;
    const alsoWrong: number[] = [];
    let number = origin.first;
    for (const equation of jaxpr.equations) {
      const operands = values.all(equation.inputs);
      const results = await resultsOf(equation, operands);
      if (found === null) {
        const wrong = await this.#judged(equation, operands, results, { first: number, path: origin.path }, isolated);
        if (wrong !== null) found = { ...wrong, outer: { equation, operands } };
        // What comes after it is of interest in the outermost program only.
        if (found !== null && origin.path.length > 0) return found;
      } else if (!(results instanceof Error) && this.#compared(equation, operands, results).wrong !== null) {
        alsoWrong.push(number);
      }
      if (results instanceof Error || !areOf(equation.outputs, results)) break;
      values.bind(equation.outputs, results);
      number += extent(equation);
    }
    return found && { ...found, alsoWrong };
  }

  async #judged(
    equation: Equation,
    operands: readonly HostArray[],
    results: readonly HostArray[] | Error,
    origin: Origin,
    isolated: boolean,
  ): Promise<Located | null> {
    const { primitive } = equation;
    if (results instanceof Error) {
      const expected = evaluateJaxpr(aloneOf(equation), operands);
      return this.#located([equation], origin, threw(results, aloneOf(equation), operands, expected).wrong!, isolated);
    }
    const { expected, ...comparison } = this.#compared(equation, operands, results);
    if (primitive.kind === 'higher-order' && exactly(expected, results).wrong !== null) {
      const inner = await this.#inside(primitive, equation, operands, origin);
      if (inner !== null) return inner;
    }
    if (comparison.wrong === null) return null;
    const what = { jaxpr: aloneOf(equation), inputs: operands, expected, got: results };
    return this.#located([equation], origin, judgement(comparison, what).wrong!, isolated);
  }

  #compared(
    { primitive, params, inputs, outputs }: Equation,
    operands: readonly HostArray[],
    results: readonly HostArray[],
  ): Comparison & { readonly expected: readonly HostArray[] } {
    const { profile } = this.#bench;
    if (primitive.kind === 'first-order') {
      const expected = primitive.evaluate(operands, params);
      return { ...judgeEquation(primitive, operands, params, expected, results, profile), expected };
    }
    const bounded = errorBound(aloneOf({ primitive, params, inputs, outputs, source: null }), operands, profile);
    return { ...judgeProgram(bounded, results, profile), expected: valuesOf(bounded) };
  }

  #located(equations: readonly Equation[], { first, path }: Origin, evidence: Evidence, isolated: boolean): Located {
    const last = equations.reduce((n, e) => n + extent(e), first) - 1;
    const source = equations.map((e) => e.source?.toString() || null).find((s) => s !== null) ?? null;
    return {
      first,
      last: equations.length === 1 ? first : last,
      path,
      equations,
      evidence: { ...evidence, source },
      isolated,
      outer: null,
      alsoWrong: [],
    };
  }

  /** The first run of a nested program that is wrong, and what is wrong in it. */
  #inside(
    primitive: AnyHigherOrder,
    { params }: Equation,
    operands: readonly HostArray[],
    { first, path }: Origin,
  ): Promise<Located | null> {
    const { profile } = this.#bench;
    return searchNested<Located>(primitive, operands, params, async (run) => {
      if (Date.now() > this.#deadline) return { results: evaluateJaxpr(run.jaxpr, run.operands) };
      const got = await attempt(this.#bench, run.jaxpr, run.operands);
      const bounded = errorBound(run.jaxpr, run.operands, profile);
      const results = got instanceof Error ? valuesOf(bounded) : got;
      // A bound has room for an error that is beyond the budget of a single equation.
      if (!(got instanceof Error) && exactly(results, valuesOf(bounded)).wrong === null) return { results };
      const isWrong = got instanceof Error || judgeProgram(bounded, got, profile).wrong !== null;
      const origin = originWithin(primitive, params, run, first, path);
      const found = await this.within(run.jaxpr, run.operands, got, isWrong, origin);
      return found === null ? { results } : { found };
    });
  }

  /**
   * The equations in a row that are wrong together, where none is alone: the shortest beginning of the program that is
   * wrong, then the shortest end of that, on the reference's values. null: the whole is not wrong.
   */
  async together(jaxpr: Jaxpr, inputs: readonly HostArray[], origin: Origin = WHOLE): Promise<Located | null> {
    const values = new Values(jaxpr, inputs);
    const all = evaluateJaxpr(tapped(jaxpr), inputs).slice(jaxpr.outputs.length);
    values.bind(jaxpr.equations.flatMap((e) => e.outputs), all); // prettier-ignore
    const wrongIn = async (from: number, to: number): Promise<Evidence | null> => {
      const part = windowOf(jaxpr, from, to);
      return part.outputs.length === 0 ? null : this.wrongAlone(part, values.all(part.inputs));
    };
    const n = jaxpr.equations.length;
    let evidence = await wrongIn(0, n);
    if (evidence === null) return null;
    const to = await boundary(0, n, async (end) => {
      const wrong = await wrongIn(0, end);
      evidence = wrong ?? evidence;
      return wrong !== null;
    });
    const from = await boundary(to, 0, async (start) => {
      const wrong = await wrongIn(start, to);
      evidence = wrong ?? evidence;
      return wrong !== null;
    });
    const place = { first: numberAt(jaxpr, from, origin), path: origin.path };
    return this.#located(jaxpr.equations.slice(from, to), place, evidence, true);
  }

  /** What is wrong with a program's results, by the bounds carried through it. */
  async wrongAlone(jaxpr: Jaxpr, inputs: readonly HostArray[]): Promise<Evidence | null> {
    const bounded = errorBound(jaxpr, inputs, this.#bench.profile);
    const expected = valuesOf(bounded);
    const got = await attempt(this.#bench, jaxpr, inputs);
    if (got instanceof Error) return threw(got, jaxpr, inputs, expected).wrong;
    return judgement(judgeProgram(bounded, got, this.#bench.profile), { jaxpr, inputs, expected, got }).wrong;
  }
}

/** A place next to one where it is right, and where it is wrong, between `right` and `wrong`, by halving. */
async function boundary(right: number, wrong: number, isWrong: (at: number) => Promise<boolean>): Promise<number> {
  while (Math.abs(wrong - right) > 1) {
    const middle = Math.trunc((right + wrong) / 2);
    if (await isWrong(middle)) wrong = middle;
    else right = middle;
  }
  return wrong;
}
