/** Parameters against their schemas: first their kinds, which constraints rely on, and after the constraints their limits. */
import { ConstraintError } from './errors.ts';
import type { AnyFirstOrder, Params, ParamSchema } from './primitive.ts';
import { violationOf } from './validate.ts';

const LIMITS: readonly string[] = ['minimum', 'maximum', 'minItems', 'maxItems'];

function withoutLimits(schema: unknown): unknown {
  if (schema === 'integer') return 'number'; // whether it is whole is a limit too
  if (Array.isArray(schema)) return schema.map(withoutLimits);
  if (typeof schema !== 'object' || schema === null) return schema;
  if ('enum' in schema)
    return { type: [...new Set((schema.enum as readonly unknown[]).map((x) => (x === null ? 'null' : typeof x)))] };
  const kept = Object.entries(schema).filter(([key]) => !LIMITS.includes(key));
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutLimits(inner)]));
}

interface Schemas {
  readonly kinds: Entries;
  readonly limits: Entries;
}
type Entries = readonly (readonly [name: string, schema: ParamSchema])[];

const known = new WeakMap<AnyFirstOrder, Schemas>();

function schemasOf(primitive: AnyFirstOrder): Schemas {
  let schemas = known.get(primitive);
  if (schemas === undefined) {
    const limits = Object.entries(primitive.params);
    const kinds = limits.map(([name, schema]) => [name, withoutLimits(schema) as ParamSchema] as const);
    known.set(primitive, (schemas = { kinds, limits }));
  }
  return schemas;
}

/** Lists where lists are wanted, integers, names of dtypes. @throws ConstraintError naming the parameter and the place in it */
export const checkKinds = (primitive: AnyFirstOrder, params: Params): void =>
  check(primitive, schemasOf(primitive).kinds, params);

/** What no constraint says: exponents that are too large, lists that are too short. @throws ConstraintError */
export const checkLimits = (primitive: AnyFirstOrder, params: Params): void =>
  check(primitive, schemasOf(primitive).limits, params);

function check({ name }: AnyFirstOrder, schemas: Entries, params: Params): void {
  for (const [key, schema] of schemas) {
    const violation = violationOf(schema, params[key]);
    if (violation === null) continue;
    const place = violation.pointer.replace(/\/(\d+)/g, '[$1]').replaceAll('/', '.');
    throw new ConstraintError(name, 'P', `${key}${place} ${violation.message}`);
  }
}
