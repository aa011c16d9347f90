/**
 * The part of JSON Schema 2020-12 that the schema of programs is written in, so that programs can be read in browsers
 * too. The test compares it with a complete implementation.
 */
import { describe } from './errors.ts';
import type { ParamSchema } from './primitive.ts';

export interface Violation {
  /** JSON pointer of the value that is wrong. */
  readonly pointer: string;
  readonly message: string;
}

/** `schema`: the one that the keyword stands in; `root`: where `$ref` looks. Pointers begin at the value. */
type Check = (argument: never, value: unknown, schema: ParamSchema, root: ParamSchema) => Violation | null;

/** The first thing in which a value differs from a schema; null: it fits. */
export function violationOf(schema: ParamSchema, value: unknown, root: ParamSchema = schema): Violation | null {
  for (const [check, argument] of checksOf(schema)) {
    const violation = check(argument, value, schema, root);
    if (violation !== null) return violation;
  }
  return null;
}

type Checks = readonly (readonly [check: Check, argument: never])[];
/** The keywords of a schema are looked up once: programs are checked equation by equation. */
const known = new WeakMap<ParamSchema, Checks>();

function checksOf(schema: ParamSchema): Checks {
  let checks = known.get(schema);
  if (checks === undefined) known.set(schema, (checks = Object.entries(schema).flatMap(checkOf)));
  return checks;
}

function checkOf([keyword, argument]: [string, unknown]): Checks {
  const check = keywords[keyword];
  if (check === undefined) throw new Error(`the keyword ${keyword} of JSON schemas is not known here`);
  return check === none ? [] : [[check, argument as never]];
}

const within = (step: string | number, violation: Violation | null): Violation | null =>
  violation && { ...violation, pointer: `/${step}${violation.pointer}` };

const none = (): null => null;

const keywords: Readonly<Record<string, Check>> = {
  $schema: none,
  $defs: none,
  title: none,
  description: none,
  required: none, // with properties
  discriminator: none, // with oneOf
  additionalProperties: none, // with properties

  $ref: (ref: string, value, _, root) =>
    violationOf((root['$defs'] as Record<string, ParamSchema>)[ref.replace('#/$defs/', '')]!, value, root),
  type: (type: string | readonly string[], value) => {
    if (typeof type === 'string') return hasType(type, value) ? null : wrong(`must be ${type}`, value);
    return type.some((t) => hasType(t, value)) ? null : wrong(`must be ${type.join(' or ')}`, value);
  },
  const: (wanted, value) => (value === wanted ? null : wrong(`must be ${JSON.stringify(wanted)}`, value)),
  enum: (wanted: readonly unknown[], value) =>
    wanted.includes(value) ? null : wrong(`must be one of ${wanted.map((w) => JSON.stringify(w)).join(', ')}`, value),
  minimum: (least: number, value) =>
    typeof value === 'number' && value < least ? wrong(`must be at least ${least}`, value) : null,
  maximum: (most: number, value) =>
    typeof value === 'number' && value > most ? wrong(`must be at most ${most}`, value) : null,
  pattern: (pattern: string, value) =>
    typeof value === 'string' && !compiled(pattern).test(value) ? wrong(`must match ${pattern}`, value) : null,
  minItems: (least: number, value) =>
    Array.isArray(value) && value.length < least ? wrong(`must have at least ${least} items`) : null,
  maxItems: (most: number, value) =>
    Array.isArray(value) && value.length > most ? wrong(`must have at most ${most} items`) : null,
  items: (schema: ParamSchema, value, _, root) =>
    Array.isArray(value) ? first(value, (item, i) => within(i, violationOf(schema, item, root))) : null,
  properties: (properties: Readonly<Record<string, ParamSchema>>, value, schema, root) =>
    isObject(value) ? propertiesOf(properties, value, schema, root) : null,
  anyOf: (schemas: readonly ParamSchema[], value, _, root) => {
    const violations = schemas.map((schema) => violationOf(schema, value, root));
    return violations.includes(null) ? null : violations.reduce(deeper);
  },
  oneOf: (schemas: readonly ParamSchema[], value, { discriminator }, root) => {
    const { propertyName } = discriminator as { readonly propertyName: string };
    const name = isObject(value) ? value[propertyName] : undefined;
    const chosen = schemas.find(
      (s) => (s['properties'] as Record<string, ParamSchema>)[propertyName]!['const'] === name,
    );
    if (chosen !== undefined) return violationOf(chosen, value, root);
    return within(propertyName, wrong(`there is no ${propertyName} ${JSON.stringify(name) ?? 'here'}`));
  },
};

function propertiesOf(
  properties: Readonly<Record<string, ParamSchema>>,
  value: Readonly<Record<string, unknown>>,
  schema: ParamSchema,
  root: ParamSchema,
): Violation | null {
  const missing = ((schema['required'] ?? []) as readonly string[]).find((key) => !Object.hasOwn(value, key));
  if (missing !== undefined) return wrong(`${missing} is missing`);
  const more = schema['additionalProperties'];
  return first(Object.keys(value), (key) => {
    if (Object.hasOwn(properties, key)) return within(key, violationOf(properties[key]!, value[key], root));
    if (isObject(more)) return within(key, violationOf(more, value[key], root));
    return more === false ? within(key, wrong(`there is nothing called ${JSON.stringify(key)} here`)) : null;
  });
}

function hasType(type: string, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  return type === 'object' ? isObject(value) : typeof value === type;
}

const patterns = new Map<string, RegExp>();

function compiled(pattern: string): RegExp {
  let regExp = patterns.get(pattern);
  if (regExp === undefined) patterns.set(pattern, (regExp = new RegExp(pattern, 'u')));
  return regExp;
}

const isObject = (x: unknown): x is Readonly<Record<string, unknown>> =>
  typeof x === 'object' && x !== null && !Array.isArray(x);

function first<T>(items: readonly T[], check: (item: T, i: number) => Violation | null): Violation | null {
  for (let i = 0; i < items.length; i++) {
    const violation = check(items[i]!, i);
    if (violation !== null) return violation;
  }
  return null;
}

/** Of the alternatives that fail, the one that got further says more. */
const deeper = (a: Violation | null, b: Violation | null): Violation | null =>
  b!.pointer.length > a!.pointer.length ? b : a;

const wrong = (message: string, ...value: readonly unknown[]): Violation => {
  const got = value.length === 0 || typeof value[0] === 'object' ? '' : `, got ${describe(value[0]).slice(0, 40)}`;
  return { pointer: '', message: message + got };
};
