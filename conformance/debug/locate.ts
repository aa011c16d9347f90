/**
 * Finding the first equation that a backend computes wrong (spec/diverge.md). Every equation is judged on the operands that
 * the backend had there, which one run gives: of the program with all its values as results. Where looking on changes what
 * comes out (compilers fuse), equations run one by one, and then as parts of the program.
 */
import { isInexact } from '../../reference/core/dtypes.ts';
import type { HostArray } from '../../reference/core/host.ts';
import { allEquations, type Equation, type Jaxpr } from '../../reference/core/jaxpr.ts';
import type { AnyHigherOrder, Bounded } from '../../reference/core/primitive.ts';
import { evaluateJaxpr } from '../../reference/interpreter.ts';
import { errorBound } from '../../reference/transforms/error-bound.ts';
import type { Bench } from '../bench.ts';
import { type Comparison, exactly, judgeEquation, judgeProgram } from '../budgets.ts';
import { attempt, type Evidence, judgement, threw } from '../laws/law.ts';
import { RandomStream } from '../programs/random-stream.ts';
import { direction } from '../programs/sample.ts';
import { type Inside, seenInside } from './inside.ts';
import { type Answer, type NestedRun, searchNested } from './nested.ts';
import { aloneOf, areOf, equationCount, referenceValues, partOf, rangesOf, tapped, Values } from './parts.ts';

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
  readonly numbers: readonly number[];
  readonly path: readonly string[];
  readonly equations: readonly Equation[];
  /** What the backend gave for them, in the program or (`isolated`) as a program of their own. */
  readonly evidence: Evidence;
  readonly isolated: boolean;
  /** The equation of the outermost program that it is part of, and what that one's operands were. */
  readonly outer: { readonly equation: Equation; readonly operands: readonly HostArray[] } | null;
  /** Numbers of later equations of the same program that are wrong on their own operands too. */
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
  1 + (primitive.kind !== 'higher-order' ? 0 : primitive.subJaxprs(params).reduce((n, j) => n + equationCount(j), 0));

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
  /** A `Date.now()` after which nested programs are not looked into, and parts not made smaller. */
  readonly #deadline: number;

  constructor(bench: Bench, deadline: number) {
    this.#bench = bench;
    this.#deadline = deadline;
  }

  get isLate(): boolean {
    return Date.now() > this.#deadline;
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
    if (isWrong) return this.together(jaxpr, inputs, origin);
    return seen === null ? this.#neighbours(jaxpr, inputs, origin) : null;
  }

  /** Every value of the program as the backend has it; null if it gives others, or none, where it is looked at. */
  async #seen(jaxpr: Jaxpr, inputs: readonly HostArray[], got: readonly HostArray[]): Promise<Values | null> {
    const program = tapped(jaxpr);
    const all = await attempt(this.#bench, program, inputs);
    if (all instanceof Error || all.length !== program.outputs.length) return null;
    if (exactly(got, all.slice(0, got.length)).wrong !== null) return null;
    const values = new Values(jaxpr, inputs);
    values.bindResults(jaxpr, all);
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
        // Whatever is wrong within a nested program has told what comes after it there.
        if (found !== null && found.path.length > origin.path.length) return found;
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
    const { first, path } = origin;
    if (results instanceof Error) {
      const expected = evaluateJaxpr(aloneOf(equation), operands);
      return this.#located(
        [equation],
        [first],
        path,
        threw(results, aloneOf(equation), operands, expected).wrong!,
        isolated,
      );
    }
    const { expected, ...comparison } = this.#compared(equation, operands, results);
    if (primitive.kind === 'higher-order' && exactly(expected, results).wrong !== null) {
      const inside = await this.#inside(primitive, equation, operands, results, origin);
      if ('found' in inside && inside.found !== null) return inside.found;
      const isSumOfParts = 'results' in inside && exactly(inside.results, results).wrong === null;
      if (comparison.wrong === null && !isSumOfParts) {
        const elsewhere = await this.#wrongElsewhere(equation, operands);
        return elsewhere && this.#located([equation], [first], path, elsewhere, true);
      }
    }
    if (comparison.wrong === null) return null;
    const what = { jaxpr: aloneOf(equation), inputs: operands, expected, got: results };
    return this.#located([equation], [first], path, judgement(comparison, what).wrong!, isolated);
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

  /** Names the equations; what became of them in the outermost program is the caller's to say. */
  #located(
    equations: readonly Equation[],
    numbers: readonly number[],
    path: readonly string[],
    evidence: Evidence,
    isolated: boolean,
  ): Located {
    const source = equations.map((e) => e.source?.toString() || null).find((line) => line !== null) ?? null;
    return { numbers, path, equations, evidence: { ...evidence, source }, isolated, outer: null, alsoWrong: [] };
  }

  /**
   * The first run of a nested program that is wrong, and what is wrong in it: in the equation, or as a program of its own.
   * null: the equation gives a run something else than it should.
   */
  async #inside(
    primitive: AnyHigherOrder,
    equation: Equation,
    operands: readonly HostArray[],
    results: readonly HostArray[],
    { first, path }: Origin,
  ): Promise<Answer<Located | null>> {
    const { params } = equation;
    const originOf = (run: NestedRun): Origin => originWithin(primitive, params, run, first, path);
    const seen = await seenInside(this.#bench, primitive, equation, operands, results);
    if (seen !== null) {
      let index = 0;
      const answer = await searchNested<Located | null>(primitive, operands, params, (run) =>
        this.#seenRun(run, seen(run, index++), originOf(run)),
      );
      if ('found' in answer) return answer;
    }
    return searchNested<Located>(primitive, operands, params, (run) => this.#ownRun(run, originOf(run)));
  }

  async #seenRun(run: NestedRun, seen: ReturnType<Inside>, origin: Origin): Promise<Answer<Located | null>> {
    const { jaxpr, operands } = run;
    if (exactly(operands, seen.operands).wrong !== null) return { found: null };
    const [results, expected] = [seen.values.all(jaxpr.outputs), evaluateJaxpr(jaxpr, operands)];
    if (exactly(expected, results).wrong === null) return { results };
    const found = await this.#firstWrong(jaxpr, operands, origin, async (e) => seen.values.all(e.outputs), false);
    return found === null ? { results: areOf(jaxpr.outputs, results) ? results : expected } : { found };
  }

  async #ownRun({ jaxpr, operands }: NestedRun, origin: Origin): Promise<Answer<Located>> {
    if (this.isLate) return { results: evaluateJaxpr(jaxpr, operands) };
    const { profile } = this.#bench;
    const got = await attempt(this.#bench, jaxpr, operands);
    const bounded = errorBound(jaxpr, operands, profile);
    const results = got instanceof Error || !areOf(jaxpr.outputs, got) ? valuesOf(bounded) : got;
    // A bound has room for an error that is beyond the budget of a single equation.
    if (results === got && exactly(got, valuesOf(bounded)).wrong === null) return { results };
    const isWrong = got instanceof Error || judgeProgram(bounded, got, profile).wrong !== null;
    const found = await this.within(jaxpr, operands, got, isWrong, origin);
    return found === null ? { results } : { found };
  }

  /**
   * What is wrong with an equation on other numbers, where the bound has room for whatever is wrong with these. Loops of
   * unknown length are left alone: on other numbers they may not end.
   */
  async #wrongElsewhere(equation: Equation, operands: readonly HostArray[]): Promise<Evidence | null> {
    const jaxpr = aloneOf(equation);
    if ([...allEquations(jaxpr)].some((e) => e.primitive.name === 'while')) return null;
    const random = new RandomStream('elsewhere');
    for (let n = 0; n < OTHER_OPERANDS && !this.isLate; n++) {
      const others = operands.map((x) => (isInexact(x.dtype) ? direction(x, random) : x));
      const wrong = await this.wrongAlone(jaxpr, others);
      if (wrong !== null) return wrong;
    }
    return null;
  }

  /**
   * The equations that are wrong together, where none is alone: the shortest beginning of the program that is wrong, the
   * shortest end of that, and of it what cannot be left out, on the reference's values. null: the whole is not wrong.
   */
  async together(jaxpr: Jaxpr, inputs: readonly HostArray[], origin: Origin = WHOLE): Promise<Located | null> {
    const part = new Part(this, jaxpr, inputs);
    const all = jaxpr.equations;
    if (!(await part.take(all))) return null;
    const to = await boundary(0, all.length, (end) => part.take(all.slice(0, end)));
    await boundary(to, 0, (start) => part.take(all.slice(start, to)));
    return this.#part(part, origin);
  }

  /** Neighbours that are wrong together, in a program of which the bounds as a whole say nothing. */
  async #neighbours(jaxpr: Jaxpr, inputs: readonly HostArray[], origin: Origin): Promise<Located | null> {
    const part = new Part(this, jaxpr, inputs);
    for (const size of WINDOWS) {
      for (let from = 0; from + size <= jaxpr.equations.length && !this.isLate; from++) {
        if (await part.take(jaxpr.equations.slice(from, from + size))) return this.#part(part, origin);
      }
    }
    return null;
  }

  async #part(part: Part, origin: Origin): Promise<Located> {
    await part.reduce();
    const numbers = part.equations.map((e) => numberAt(part.whole, part.whole.equations.indexOf(e), origin));
    return this.#located(part.equations, numbers, origin.path, part.evidence!, true);
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

/** How many other operands are tried. */
const OTHER_OPERANDS = 8;

/** Sizes of the groups of neighbours that are looked at. */
const WINDOWS = [2, 3, 5, 9, 17];

/** The part of a program that is known to be wrong, on the reference's values. */
class Part {
  readonly whole: Jaxpr;
  equations: readonly Equation[] = [];
  evidence: Evidence | null = null;
  readonly #search: Search;
  readonly #values: Values;

  constructor(search: Search, whole: Jaxpr, inputs: readonly HostArray[]) {
    this.#search = search;
    this.whole = whole;
    this.#values = referenceValues(whole, inputs);
  }

  /** Goes on with these equations if they are wrong. */
  async take(equations: readonly Equation[]): Promise<boolean> {
    const jaxpr = partOf(this.whole, equations);
    if (jaxpr.outputs.length === 0 || this.#search.isLate) return false;
    const wrong = await this.#search.wrongAlone(jaxpr, this.#values.all(jaxpr.inputs));
    if (wrong === null) return false;
    this.evidence = wrong;
    this.equations = equations;
    return true;
  }

  /** Leaves out what can be left out. */
  async reduce(): Promise<void> {
    const before = this.equations;
    for (const [from, to] of rangesOf(before.length)) {
      const gone = before.slice(from, to);
      const fewer = this.equations.filter((e) => !gone.includes(e));
      if (fewer.length > 0 && fewer.length < this.equations.length) await this.take(fewer);
    }
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
