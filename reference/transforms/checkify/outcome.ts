/**
 * What comes of checks, as values: a code, which says the check that failed first, and for each check the values that its
 * message speaks of. What is known of a check without its values is its site, which no program carries.
 */
import { type Aval, sizeOf } from '../../core/host.ts';
import type { NDArray } from '../../core/ndarray.ts';
import type { Lax, Transforms } from '../../core/rules.ts';
import type { SourceLocation } from '../../core/source.ts';
import { type Category, check, laneAt } from '../../primitives/higher-order/check.ts';
import { cut } from '../../primitives/higher-order/shared.ts';

export interface Site {
  readonly category: Category;
  /** Each `{}` stands for a value; `{{` and `}}` are braces. */
  readonly message: string;
  readonly source: SourceLocation | null;
  /** The types of the values. */
  readonly values: readonly Aval[];
}

/** Of a list of sites. */
export interface Outcome {
  /** int32: 0 if nothing failed, else 1 + the number of the site that failed first. */
  readonly code: NDArray;
  /** The values of all sites, one after another. Those of sites that `code` does not name mean nothing. */
  readonly values: readonly NDArray[];
}

/** All that is known of some checks. */
export interface Report {
  readonly sites: readonly Site[];
  readonly outcome: Outcome;
}

/** A part of a report: what one equation adds. */
export interface Found {
  readonly sites: readonly Site[];
  readonly values: readonly NDArray[];
  /** The code if `before` sites come before these; `otherwise` if none of these fails. */
  code(before: number, otherwise: NDArray): NDArray;
}

/** The results of equations, and what came of the checks in them, in order. */
export interface Checked {
  readonly out: readonly NDArray[];
  readonly found: readonly Found[];
}

export const valuesOf = (sites: readonly Site[]): Aval[] => sites.flatMap((s) => s.values);
/** The types of an outcome's arrays. */
export const outcomeAvals = (sites: readonly Site[]): Aval[] => [CODE, ...valuesOf(sites)];
const CODE: Aval = { shape: [], dtype: 'int32', weak: false };

export const arraysOf = ({ code, values }: Outcome): NDArray[] => [code, ...values];
export const outcomeOf = ([code, ...values]: readonly NDArray[]): Outcome => ({ code: code!, values });

/** Nothing has failed. */
export const passed = (lax: Lax, sites: readonly Site[]): Outcome =>
  outcomeOf(outcomeAvals(sites).map((a) => lax.zerosLike(a)));

const failed = (lax: Lax, code: NDArray): NDArray => lax.ne(code, 0);

/** Of two outcomes of the same sites the first, or the second if nothing failed in the first. */
export function earlier(lax: Lax, a: Outcome, b: Outcome): Outcome {
  const is = failed(lax, a.code);
  const [first, second] = [arraysOf(a), arraysOf(b)];
  return outcomeOf(first.map((x, i) => lax.select(is, x, second[i]!)));
}

/** One check; `fails` is a bool scalar. */
export const single = (lax: Lax, site: Site, fails: NDArray, values: readonly NDArray[]): Found => ({
  sites: [site],
  values,
  code: (before, otherwise) => lax.select(fails, before + 1, otherwise),
});

/** What is in a report, as a part of another one. */
export const part = (lax: Lax, { sites, outcome: { code, values } }: Report): Found => ({
  sites,
  values,
  code: (before, otherwise) => lax.select(failed(lax, code), before === 0 ? code : lax.add(code, before), otherwise),
});

/** What has been found, in the order in which it came about; `before` sites come before these. */
export function inOrder(lax: Lax, found: readonly Found[], before: number = 0): Report {
  const sites = found.flatMap((f) => f.sites);
  let count = before + sites.length;
  const code = found.reduceRight((otherwise, f) => f.code((count -= f.sites.length), otherwise), passed(lax, []).code);
  return { sites, outcome: { code, values: found.flatMap((f) => f.values) } };
}

/** What has been found at one of several lists of sites, as an outcome of all of them: nothing has failed in the others. */
export function among(lax: Lax, found: readonly Found[], which: number, lists: readonly (readonly Site[])[]): Outcome {
  const { code, values } = inOrder(lax, found, lists.slice(0, which).flat().length).outcome;
  return { code, values: lists.flatMap((sites, i) => (i === which ? values : passed(lax, sites).values)) };
}

/** The first that failed of several outcomes of the same sites, which lie along the axes that the code has. */
export function firstOfAll(lax: Lax, { code, values }: Outcome, sites: readonly Site[]): Outcome {
  const lanes = sizeOf(code.shape);
  if (lanes === 0) return passed(lax, sites);
  const inLine = (x: NDArray): NDArray => lax.reshape(x, [lanes, ...x.shape.slice(code.ndim)]);
  const codes = inLine(code);
  const first = lax.argmax(lax.convertElementType(failed(lax, codes), 'int32'), 0);
  return outcomeOf([codes, ...values.map(inLine)].map((x) => laneAt(lax, x, first)));
}

/** The results of a program with functional checks: those that it had before, and the outcome. */
export function parted(lax: Lax, results: readonly NDArray[], sites: readonly Site[]): Checked {
  if (sites.length === 0) return { out: results, found: [] };
  const [out, outcome] = cut(results, [results.length - outcomeAvals(sites).length]);
  return { out: out!, found: [part(lax, { sites, outcome: outcomeOf(outcome!) })] };
}

/** Puts what has been found back into the program, as checks. */
export function raise(t: Transforms, { sites, outcome: { code, values } }: Report): void {
  const own = cut(values, sites.map((s) => s.values.length)); // prettier-ignore
  sites.forEach(({ category, message, source }, i) => {
    t.bind(check, [t.lax.ne(code, i + 1), ...own[i]!], { category, message, source });
  });
}
