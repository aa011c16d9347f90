/** Cases of the fixtures: inputs and results that NumPy, SciPy and mpmath made (fixtures/manifest.json). */
import { readFileSync } from 'node:fs';
import { oneEquation } from '../../reference/core/open-backend.ts';
import type { DType } from '../../reference/core/dtypes.ts';
import { avalOf, type HostArray } from '../../reference/core/host.ts';
import type { AnyFirstOrder, Params } from '../../reference/core/primitive.ts';
import { type PrimitiveName, primitives } from '../../reference/primitives/index.ts';
import { judgeFixture } from '../laws/fixture.ts';
import { readNpz } from '../npz.ts';
import { packageFile } from '../package.ts';
import { type Case, caseId, contentHash, type Unit, unitKey } from './case.ts';

interface FixtureCase {
  readonly id: string;
  readonly primitive: PrimitiveName;
  readonly dtype: DType;
  readonly params: Params;
  readonly file: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A call, and the results that NumPy, SciPy and mpmath gave. */
export interface Fixture {
  readonly id: string;
  readonly primitive: AnyFirstOrder;
  readonly operands: readonly HostArray[];
  readonly params: Params;
  readonly expected: readonly HostArray[];
}

export function* fixtures(): Generator<Fixture> {
  for (const member of manifest()) yield loaded(member);
}

/** How many fixtures each primitive has. */
export function fixtureCounts(): ReadonlyMap<string, number> {
  const groups = Map.groupBy(manifest(), ({ primitive }) => primitive);
  return new Map([...groups].map(([name, members]) => [name, members.length]));
}

const manifest = (): readonly FixtureCase[] =>
  (JSON.parse(readFileSync(packageFile('fixtures/manifest.json'), 'utf8')) as { cases: readonly FixtureCase[] }).cases;

function loaded({ id, primitive, params, file, inputs, outputs }: FixtureCase): Fixture {
  const arrays = fixtureFile(file);
  const named = (names: readonly string[]): HostArray[] => names.map((name) => arrays.get(name)!);
  return { id, primitive: primitives[primitive], operands: named(inputs), params, expected: named(outputs) };
}

/** The units of all fixtures: one per primitive and dtype. */
export function* fixtureUnits(): Generator<Unit> {
  const groups = Map.groupBy(manifest(), ({ primitive, dtype }) => unitKey(primitive, dtype, 'fixture'));
  for (const [key, members] of groups) yield fixtureUnit(key, members);
}

function fixtureUnit(key: string, members: readonly FixtureCase[]): Unit {
  const { primitive: subject, dtype } = members[0]!;
  return {
    key,
    group: 'primitives',
    law: 'fixture',
    subject,
    dtype,
    transformation: 'eval',
    planned: members.length,
    *cases() {
      for (const member of members) yield fixtureCase(key, loaded(member));
    },
  };
}

function fixtureCase(key: string, { id, primitive, operands, params, expected }: Fixture): Case {
  const sample = { jaxpr: oneEquation(primitive, operands.map(avalOf), params), inputs: operands, active: [] };
  const content = contentHash(key, sample);
  const variant = id.split('/').slice(2).join('-');
  const check: Case['check'] = (bench) => judgeFixture(bench, primitive, operands, params, expected);
  return { id: caseId(key, variant, content), content, variant, sample, check };
}

const files = new Map<string, ReadonlyMap<string, HostArray>>();

function fixtureFile(name: string): ReadonlyMap<string, HostArray> {
  let arrays = files.get(name);
  if (arrays === undefined) files.set(name, (arrays = readNpz(readFileSync(packageFile(`fixtures/${name}`)))));
  return arrays;
}
