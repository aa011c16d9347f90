/**
 * `etalon primitives`: everything that a program can be made of.
 */
import fc from 'fast-check';
import type { AnyCollective } from '../../reference/core/collective.ts';
import { type DType, shortName } from '../../reference/core/dtypes.ts';
import { avalOf } from '../../reference/core/host.ts';
import {
  type AnyFirstOrder,
  type AnyPrimitive,
  type Call,
  type Params,
  SHAPE_CLASSES,
} from '../../reference/core/primitive.ts';
import { allPrimitives } from '../../reference/primitives/index.ts';
import { fixtureCounts } from '../programs/fixtures.ts';
import { makeGen } from '../programs/gen.ts';
import { counted } from '../report/words.ts';
import { type Io, paintFor } from './io.ts';
import { columns } from './tables.ts';

interface Listed {
  readonly name: string;
  readonly kind: AnyPrimitive['kind'];
  readonly operands: readonly {
    readonly name: string;
    readonly dtypes: readonly string[];
    readonly variadic: boolean;
  }[];
  readonly parameters: readonly string[];
  readonly dtypes: readonly string[];
  readonly constraints: readonly string[];
  /** Why its derivative is zero; null: it differentiates. */
  readonly zeroDerivative: string | null;
  /** What there is beside the value. */
  readonly rules: readonly ('jvp' | 'transpose' | 'vmap' | 'bound' | 'decompose')[];
  /** The kind of accuracy, per dtype (spec/numerics.md#accuracy). */
  readonly accuracy: Readonly<Record<string, string>>;
  /** Shape classes that it has generated calls of. */
  readonly cases: readonly string[];
  /** How many calls NumPy, SciPy or mpmath answered. */
  readonly fixtures: number;
  readonly spec: string;
}

export function listPrimitives(io: Io, asJson: boolean): number {
  const list = allPrimitives().map(listed);
  if (asJson) {
    io.stdout.write(`${JSON.stringify(list, null, 2)}\n`);
    return 0;
  }
  const paint = paintFor(io.stdout);
  const rows = list.map((p) => [
    paint('cyan', p.name),
    p.kind === 'higher-order' ? 'programs' : p.dtypes.join(' '),
    p.operands.map((o) => (o.variadic ? `…${o.name}` : o.name)).join(', '),
    paint('dim', p.spec),
  ]);
  const head = ['primitive', 'dtypes', 'operands', 'specification'];
  io.stdout.write(
    `${columns(head, rows, paint)}\n${counted(list.length, 'primitive')}; etalon explain <primitive> prints its section\n`,
  );
  return 0;
}

function listed(p: AnyPrimitive): Listed {
  const shared = {
    name: p.name,
    kind: p.kind,
    parameters: Object.keys(p.params),
    constraints: Object.keys(p.constraints),
    spec: p.spec,
  };
  if (p.kind === 'higher-order') {
    const none = { operands: [], dtypes: [], accuracy: {}, cases: [], fixtures: 0 };
    return { ...shared, ...none, zeroDerivative: null, rules: ['jvp', 'transpose', 'vmap', 'bound'] };
  }
  const { differentiate } = p;
  const typed = {
    ...shared,
    operands: p.operands.map((o) => ({
      name: o.name,
      dtypes: o.dtypes.map(shortName),
      variadic: o.variadic !== undefined,
    })),
    dtypes: dtypesOf(p).map(shortName),
    zeroDerivative: 'zero' in differentiate ? differentiate.zero : null,
  };
  const rules = [
    ...('zero' in differentiate ? [] : (['jvp'] as const)),
    ...('transpose' in differentiate ? (['transpose'] as const) : []),
    'vmap' as const,
  ];
  if (p.kind === 'collective') return { ...typed, rules, accuracy: {}, cases: [], fixtures: 0 };
  return {
    ...typed,
    rules: [...rules, 'bound', ...(p.decompose === undefined ? [] : (['decompose'] as const))],
    accuracy: Object.fromEntries(p.dtypes.map((dtype) => [shortName(dtype), accuracyKind(p, dtype)])),
    cases: SHAPE_CLASSES,
    fixtures: fixtureCount(p.name),
  };
}

/** The dtypes of its cells. */
const dtypesOf = (p: AnyFirstOrder | AnyCollective): readonly DType[] =>
  p.kind === 'collective' ? (p.operands[0]?.dtypes ?? ['int32']) : p.dtypes;

/** That of a generated call. */
function accuracyKind(p: AnyFirstOrder, dtype: DType): string {
  const calls = p.cases(makeGen(fc, dtype, 'odd')) as fc.Arbitrary<Call<Params>>;
  const [call] = fc.sample(calls, { numRuns: 1, seed: 1 });
  const accuracy = p.accuracy(call!.args.map(avalOf), call!.params);
  return accuracy.kind === 'ulp' ? `ulp ${accuracy.n}` : accuracy.kind;
}

let counts: ReadonlyMap<string, number> | null = null;
const fixtureCount = (name: string): number => (counts ??= fixtureCounts()).get(name) ?? 0;
