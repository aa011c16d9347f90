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

type Check = (argument: never, value: unknown, at: Place) => Violation | null;

interface Place {
  readonly pointer: string;
  /** The schema that the keyword stands in. */
  readonly schema: ParamSchema;
  /** Where `$ref` looks. */
  readonly root: ParamSchema;
}

/** The first thing in which a value differs from a schema; null: it fits. */
export function violationOf(
  schema: ParamSchema,
  value: unknown,
  root: ParamSchema = schema,
  pointer: string = '',
): Violation | null {
  for (const [keyword, argument] of Object.entries(schema)) {
    const check = keywords[keyword];
    if (check === undefined) throw new Error(`the keyword ${keyword} of JSON schemas is not known here`);
    const violation = check(argument as never, value, { pointer, schema, root });
    if (violation !== null) return violation;
  }
  return null;
}

const none = (): null => null;

const keywords: Readonly<Record<string, Check>> = {
  $schema: none,
  $defs: none,
  title: none,
  description: none,
  required: none, // with properties
  discriminator: none, // with oneOf
  additionalProperties: none, // with properties

  $ref: (ref: string, value, { root, pointer }) =>
    violationOf((root['$defs'] as Record<string, ParamSchema>)[ref.replace('#/$defs/', '')]!, value, root, pointer),
  type: (type: string | readonly string[], value, at) => {
    const types = [type].flat();
    return types.some((t) => hasType(t, value)) ? null : wrong(at, `must be ${types.join(' or ')}`, value);
  },
  const: (wanted, value, at) => (value === wanted ? null : wrong(at, `must be ${JSON.stringify(wanted)}`, value)),
  enum: (wanted: readonly unknown[], value, at) =>
    wanted.includes(value)
      ? null
      : wrong(at, `must be one of ${wanted.map((w) => JSON.stringify(w)).join(', ')}`, value),
  minimum: (least: number, value, at) =>
    typeof value === 'number' && value < least ? wrong(at, `must be at least ${least}`, value) : null,
  maximum: (most: number, value, at) =>
    typeof value === 'number' && value > most ? wrong(at, `must be at most ${most}`, value) : null,
  pattern: (pattern: string, value, at) =>
    typeof value === 'string' && !compiled(pattern).test(value) ? wrong(at, `must match ${pattern}`, value) : null,
  minItems: (least: number, value, at) =>
    Array.isArray(value) && value.length < least ? wrong(at, `must have at least ${least} items`) : null,
  maxItems: (most: number, value, at) =>
    Array.isArray(value) && value.length > most ? wrong(at, `must have at most ${most} items`) : null,
  items: (schema: ParamSchema, value, { root, pointer }) =>
    Array.isArray(value) ? first(value, (item, i) => violationOf(schema, item, root, `${pointer}/${i}`)) : null,
  properties: (properties: Readonly<Record<string, ParamSchema>>, value, at) =>
    isObject(value) ? propertiesOf(properties, value, at) : null,
  anyOf: (schemas: readonly ParamSchema[], value, { root, pointer }) => {
    const violations = schemas.map((schema) => violationOf(schema, value, root, pointer));
    return violations.includes(null) ? null : violations.reduce(deeper);
  },
  oneOf: (schemas: readonly ParamSchema[], value, { root, pointer, schema: { discriminator } }) => {
    const { propertyName } = discriminator as { readonly propertyName: string };
    const name = isObject(value) ? value[propertyName] : undefined;
    const chosen = schemas.find(
      (s) => (s['properties'] as Record<string, ParamSchema>)[propertyName]!['const'] === name,
    );
    if (chosen !== undefined) return violationOf(chosen, value, root, pointer);
    return {
      pointer: `${pointer}/${propertyName}`,
      message: `there is no ${propertyName} ${JSON.stringify(name) ?? 'here'}`,
    };
  },
};

function propertiesOf(
  properties: Readonly<Record<string, ParamSchema>>,
  value: Readonly<Record<string, unknown>>,
  { schema, root, pointer }: Place,
): Violation | null {
  const missing = ((schema['required'] ?? []) as readonly string[]).find((key) => !Object.hasOwn(value, key));
  if (missing !== undefined) return { pointer, message: `${missing} is missing` };
  const more = schema['additionalProperties'];
  return first(Object.keys(value), (key) => {
    const at = `${pointer}/${key}`;
    if (Object.hasOwn(properties, key)) return violationOf(properties[key]!, value[key], root, at);
    if (isObject(more)) return violationOf(more, value[key], root, at);
    return more === false ? { pointer: at, message: `there is nothing called ${JSON.stringify(key)} here` } : null;
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
  for (const [i, item] of items.entries()) {
    const violation = check(item, i);
    if (violation !== null) return violation;
  }
  return null;
}

/** Of the alternatives that fail, the one that got further says more. */
const deeper = (a: Violation | null, b: Violation | null): Violation | null =>
  b!.pointer.length > a!.pointer.length ? b : a;

const wrong = ({ pointer }: Place, message: string, ...value: readonly unknown[]): Violation => {
  const got = value.length === 0 || typeof value[0] === 'object' ? '' : `, got ${describe(value[0]).slice(0, 40)}`;
  return { pointer, message: message + got };
};
