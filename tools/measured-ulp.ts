/**
 * Writes how far the reference is from the fixtures that mpmath made, in units in the last place, into the pages of the
 * primitives between `<!-- ulp:NAME -->` and `<!-- /ulp -->`; without `--write` only checks that the pages are current.
 *
 *     node --conditions=etalon-source tools/measured-ulp.ts --write
 */
import { writeFileSync } from 'node:fs';
import { type Fixture, fixtures } from '../conformance/programs/fixtures.ts';
import { ulpError } from '../conformance/ulp.ts';
import { type DType, isFloat, shortName } from '../reference/core/dtypes.ts';
import { elements, type HostArray, numbers } from '../reference/core/host.ts';
import { showElement } from '../reference/core/show.ts';
import { readPages } from './spec/pages.ts';

const marked = /(<!-- ulp:(\w+) -->)[^]*?(<!-- \/ulp -->)/g;

/** Errors of one primitive in one dtype. */
interface Errors {
  readonly all: number[];
  worst: { readonly error: number; readonly at: string } | null;
}

/** The errors of the reference over all fixtures of the named primitives, by primitive and dtype. */
export function measure(names: ReadonlySet<string>): Map<string, Map<DType, Errors>> {
  const found = new Map<string, Map<DType, Errors>>();
  for (const fixture of fixtures()) {
    const [y] = fixture.expected;
    if (!names.has(fixture.primitive.name) || !isFloat(y!.dtype)) continue;
    const byDtype = found.get(fixture.primitive.name) ?? new Map<DType, Errors>();
    found.set(fixture.primitive.name, byDtype);
    const errors = byDtype.get(y!.dtype) ?? { all: [], worst: null };
    byDtype.set(y!.dtype, errors);
    addErrors(errors, fixture, y!);
  }
  return found;
}

function addErrors(errors: Errors, { primitive, operands, params }: Fixture, expected: HostArray): void {
  const [e, g] = [numbers(expected), numbers(primitive.evaluate(operands, params)[0]!)];
  for (let i = 0; i < e.length; i++) {
    const error = ulpError(g[i]!, e[i]!, expected.dtype);
    errors.all.push(error);
    if (error > (errors.worst?.error ?? 0)) {
      errors.worst = { error, at: operands.map((x) => shownAt(x, i)).join(', ') };
    }
  }
}

const shownAt = (x: HostArray, i: number): string => showElement(x.dtype, elements(x)(i));

const ORDER: readonly DType[] = ['float64', 'float32', 'float16', 'bfloat16'];

/** `f64 p50 0, p99 1, max 2 ulp at 1.5 (2,402 values); f32, f16 correctly rounded (…)`. */
function sentence(byDtype: ReadonlyMap<DType, Errors>): string {
  const own = ORDER.filter((dtype) => byDtype.has(dtype));
  const exact = own.filter((dtype) => byDtype.get(dtype)!.worst === null);
  const parts = own.filter((dtype) => !exact.includes(dtype)).map((dtype) => oneDtype(dtype, byDtype.get(dtype)!));
  if (exact.length > 0) {
    const values = exact.reduce((n, dtype) => n + byDtype.get(dtype)!.all.length, 0);
    parts.push(`${exact.map(shortName).join(', ')} correctly rounded (${values.toLocaleString('en')} values)`);
  }
  return `${parts.join('; ')}.`;
}

function oneDtype(dtype: DType, { all, worst }: Errors): string {
  const sorted = all.toSorted((a, b) => a - b);
  const quantile = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
  const figures = `p50 ${quantile(0.5)}, p99 ${quantile(0.99)}, max ${worst!.error} ulp at ${worst!.at}`;
  return `${shortName(dtype)} ${figures} (${all.length.toLocaleString('en')} values)`;
}

if (import.meta.main) {
  const pages = readPages('.').filter((page) => page.text.match(marked) !== null);
  const names = new Set(pages.flatMap((page) => [...page.text.matchAll(marked)].map(([, , name]) => name!)));
  const measured = measure(names);
  const unmeasured = [...names].filter((name) => !measured.has(name));
  if (unmeasured.length > 0) throw new Error(`no fixtures for ${unmeasured.join(', ')}`);
  const stale = [];
  for (const page of pages) {
    const text = page.text.replace(marked, (_, begin: string, name: string, end: string) => {
      return `${begin}${sentence(measured.get(name)!)}${end}`;
    });
    if (text === page.text) continue;
    stale.push(page.path);
    if (process.argv.includes('--write')) writeFileSync(page.path, text);
  }
  const wrong = stale.length > 0 && !process.argv.includes('--write');
  console.log(
    wrong
      ? `run tools/measured-ulp.ts --write: ${stale.join(', ')} are not current`
      : `measured ulp: ${names.size} primitives`,
  );
  process.exitCode = wrong ? 1 : 0;
}
