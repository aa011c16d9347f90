import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ParamSchema } from './primitive.ts';
import { violationOf } from './validate.ts';

const small = fc.integer({ min: -2, max: 3 });
const type = fc.constantFrom('integer', 'number', 'string', 'boolean', 'null', 'array', 'object');
const key = fc.constantFrom('a', 'b');

/** Values that schemas of a few keywords often admit and often refuse. */
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(
      small,
      fc.constantFrom(0.5, true, false, null),
      fc.string({ unit: fc.constantFrom('a', 'b', '1'), maxLength: 3 }),
    ),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(key, tie('json'), { maxKeys: 2 }),
  ),
}));

const { schema } = fc.letrec<{ schema: ParamSchema; keyword: ParamSchema }>((tie) => ({
  schema: fc
    .array(tie('keyword'), { minLength: 1, maxLength: 3 })
    .map((all) => Object.assign({}, ...all) as ParamSchema),
  keyword: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(
      fc.record({ type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })) }),
      fc.record({ const: fc.oneof(small, fc.constantFrom('a', true, null)) }),
      fc.record({ enum: fc.uniqueArray(fc.oneof(small, fc.constantFrom('a', 'b', null)), { minLength: 1 }) }),
      fc.record({ minimum: small }),
      fc.record({ maximum: small }),
      fc.record({ pattern: fc.constantFrom('^a', '1$', '^[ab]*$') }),
      fc.record({ minItems: fc.nat(3) }),
      fc.record({ maxItems: fc.nat(3) }),
    ),
    fc.record({ items: tie('schema') }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
    fc.record({
      properties: fc.dictionary(key, tie('schema')),
      required: fc.uniqueArray(key),
      additionalProperties: fc.oneof(fc.constant(false), tie('schema')),
    }),
  ),
}));

test('a value fits a schema if JSON Schema says so', () => {
  const ajv = new Ajv2020({ strict: false });
  fc.assert(
    fc.property(schema, fc.array(json, { minLength: 1, maxLength: 20 }), (s, values) => {
      const validate = ajv.compile(s as object);
      for (const value of values) expect([violationOf(s, value) === null, value]).toEqual([validate(value), value]);
    }),
    { numRuns: 100 },
  );
});

test.each<[ParamSchema, unknown, string, string]>([
  [{ maximum: 8 }, 9, '', 'must be at most 8, got 9'],
  [{ minimum: 1 }, 0, '', 'must be at least 1, got 0'],
  [{ pattern: '^[a-z]+$' }, 'x1', '', 'must match ^[a-z]+$, got the string "x1"'],
  [{ type: ['integer', 'null'] }, true, '', 'must be integer or null, got true'],
  [{ items: { enum: [1, 'a'] } }, [1, 2], '/1', 'must be one of 1, "a", got 2'],
  [{ items: { const: 'a' } }, ['b'], '/0', 'must be "a", got the string "b"'],
  [{ maxItems: 1 }, [1, 2], '', 'must have at most 1 items'],
  [{ minItems: 1 }, [], '', 'must have at least 1 items'],
  [{ properties: {}, required: ['n'] }, {}, '', 'n is missing'],
  [{ properties: { n: {} }, additionalProperties: false }, { m: 1 }, '/m', 'there is nothing called "m" here'],
])('%j says of %j where and what is wrong', (s, value, pointer, message) => {
  expect(violationOf(s, value)).toEqual({ pointer, message });
});
