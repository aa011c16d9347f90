/**
 * The JSON schema of programs (spec/schema/program.schema.json is this, over the table of primitives): the fixed shape
 * of documents, and each primitive's parameters from its own fragments.
 */
import { ALL_DTYPES } from './dtypes.ts';
import type { AnyPrimitive, ParamSchema } from './primitive.ts';
import { LIMITS, PROGRAM_FORMAT, SPECIAL_NUMBERS } from './program.ts';

const object = (properties: Readonly<Record<string, unknown>>, optional: readonly string[] = []): ParamSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((key) => !optional.includes(key)),
  additionalProperties: false,
});
const list = (items: unknown): ParamSchema => ({ type: 'array', items });
const ref = (name: string): ParamSchema => ({ $ref: `#/$defs/${name}` });

const dtype = { enum: ALL_DTYPES };
const shape = { type: 'array', maxItems: LIMITS.rank, items: { type: 'integer', minimum: 0 } };
const type = { dtype, shape, weak: { type: 'boolean' } };
/** The parts of a complex number. */
const pair = { type: 'array', items: { type: ['number', 'string'] }, minItems: 2, maxItems: 2 };
const name = { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' };

/** True if the parameter may be a number that JSON lacks: written as a string then. */
export const admitsNumber = (fragment: unknown): boolean =>
  typeof fragment === 'object' &&
  fragment !== null &&
  [(fragment as { type?: unknown }).type].flat().includes('number');

/** What stands for one parameter in a document; undefined if it is not saved. */
function saved(fragment: unknown): unknown {
  if (fragment === 'unsaved') return undefined;
  if (fragment === 'jaxpr') return ref('jaxpr');
  if (fragment === 'jaxprs') return list(ref('jaxpr'));
  return admitsNumber(fragment) ? { anyOf: [fragment, { enum: [...SPECIAL_NUMBERS.keys()] }] } : fragment;
}

/** The schema of a primitive's saved parameters. */
export function paramsSchema({ params }: AnyPrimitive): ParamSchema {
  const fragments = Object.entries(params as Readonly<Record<string, unknown>>).map(
    ([key, f]) => [key, saved(f)] as const,
  );
  return object(Object.fromEntries(fragments.filter(([, fragment]) => fragment !== undefined)));
}

/** The schema of whole programs, by JSON Schema 2020-12. */
export function programSchema(primitives: Iterable<AnyPrimitive>): ParamSchema {
  const equations = [...primitives].map(
    (primitive) =>
    object({ outputs: list(ref('variable')), primitive: { const: primitive.name }, params: paramsSchema(primitive), inputs: list(ref('atom')), source: { type: 'string' } }, ['source']), // prettier-ignore
  );
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A program (spec/ir.md#json)',
    ...object({ format: { const: PROGRAM_FORMAT }, constants: list(ref('array')), jaxpr: ref('jaxpr') }),
    $defs: {
      array: object({ dtype, shape, data: { type: 'string' } }),
      variable: object({ name, ...type }, ['weak']),
      constant: object({ name, ...type, constant: { type: 'integer', minimum: 0 } }, ['weak']),
      literal: object({ dtype, value: { anyOf: [{ type: ['number', 'boolean', 'string'] }, pair] }, weak: type.weak }, [
        'weak',
      ]),
      atom: { anyOf: [name, ref('literal')] },
      jaxpr: object({
        constants: list(ref('constant')),
        inputs: list(ref('variable')),
        equations: { ...list(ref('equation')), maxItems: LIMITS.equations },
        outputs: list(ref('atom')),
      }),
      equation: {
        type: 'object',
        discriminator: { propertyName: 'primitive' },
        required: ['primitive'],
        oneOf: equations,
      },
    },
  };
}
