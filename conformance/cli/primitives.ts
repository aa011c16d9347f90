/**
 * `etalon primitives`: everything that a program can be made of.
 */
import { shortName } from '../../reference/core/dtypes.ts';
import type { AnyPrimitive } from '../../reference/core/primitive.ts';
import { allPrimitives } from '../../reference/primitives/index.ts';
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
  if (p.kind === 'higher-order') return { ...shared, operands: [], dtypes: [], zeroDerivative: null };
  return {
    ...shared,
    operands: p.operands.map((o) => ({
      name: o.name,
      dtypes: o.dtypes.map(shortName),
      variadic: o.variadic !== undefined,
    })),
    dtypes: p.dtypes.map(shortName),
    zeroDerivative: 'zero' in p.differentiate ? p.differentiate.zero : null,
  };
}
