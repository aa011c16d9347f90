/** Parameters against their schemas: first their kinds, which constraints rely on, and after the constraints their limits. */
import { ConstraintError } from './errors.ts';
import type { AnyFirstOrder, Params, ParamSchema } from './primitive.ts';
import { violationOf } from './validate.ts';

type Schemas = Readonly<Record<string, ParamSchema>>;

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

const kinds = new WeakMap<AnyFirstOrder, Schemas>();

/** Lists where lists are wanted, integers, names of dtypes. @throws ConstraintError naming the parameter and the place in it */
export function checkKinds(primitive: AnyFirstOrder, params: Params): void {
  let schemas = kinds.get(primitive);
  if (schemas === undefined) kinds.set(primitive, (schemas = withoutLimits(primitive.params) as Schemas));
  check(primitive, schemas, params);
}

/** What no constraint says: exponents that are too large, lists that are too short. @throws ConstraintError */
export const checkLimits = (primitive: AnyFirstOrder, params: Params): void =>
  check(primitive, primitive.params, params);

function check({ name }: AnyFirstOrder, schemas: Schemas, params: Params): void {
  for (const [key, schema] of Object.entries(schemas)) {
    const violation = violationOf(schema, params[key]);
    if (violation === null) continue;
    const place = violation.pointer.replace(/\/(\d+)/g, '[$1]').replaceAll('/', '.');
    throw new ConstraintError(name, 'P', `${key}${place} ${violation.message}`);
  }
}
