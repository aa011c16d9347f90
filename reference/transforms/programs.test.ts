import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeGen } from '../../conformance/programs/gen.ts';
import { higherOrderPrograms } from '../../tools/spec/programs.ts';
import { oneEquation } from '../core/open-backend.ts';
import { ProgramError } from '../core/errors.ts';
import { avalOf } from '../core/host.ts';
import type { Jaxpr } from '../core/jaxpr.ts';
import { programToJson } from '../core/load.ts';
import type { NDArray } from '../core/ndarray.ts';
import { type AnyFirstOrder, SHAPE_CLASSES } from '../core/primitive.ts';
import { LIMITS } from '../core/program.ts';
import { programSchema } from '../core/schema.ts';
import { printProgram } from '../core/text.ts';
import { violationOf } from '../core/validate.ts';
import { jit, makeJaxpr, np } from '../index.ts';
import { evaluateJaxpr } from '../interpreter.ts';
import { allPrimitives, primitives } from '../primitives/index.ts';
import { readProgram, readProgramJson } from './programs.ts';

const schema = programSchema(allPrimitives());
const ajv = new Ajv2020({ discriminator: true, strict: false });
const validate = ajv.compile(schema);

const table: readonly AnyFirstOrder[] = Object.values(primitives);

/** One equation of a primitive, as its own cases call it. */
const equations = (primitive: AnyFirstOrder): fc.Arbitrary<Jaxpr> =>
  fc
    .tuple(fc.constantFrom(...primitive.dtypes), fc.constantFrom(...SHAPE_CLASSES))
    .chain(([dtype, shapeClass]) => primitive.cases(makeGen(fc, dtype, shapeClass)))
    .map(({ args, params }) => oneEquation(primitive, args.map(avalOf), params));

describe('programs of the real primitives', () => {
  test.each(table)('$name reads back from text and from JSON', (primitive) => {
    fc.assert(
      fc.property(equations(primitive), (jaxpr) => {
        const text = printProgram(jaxpr);
        const again = readProgram(text);
        expect(printProgram(again)).toBe(text);
        // −0 among integers is 0.
        expect(JSON.stringify(again.equations[0]!.params)).toBe(JSON.stringify(jaxpr.equations[0]!.params));
        const json: unknown = JSON.parse(JSON.stringify(programToJson(jaxpr)));
        expect(printProgram(readProgramJson(json))).toBe(text);
      }),
      { numRuns: 20 },
    );
  });

  test('a program that two equations call has other names in each', () => {
    const sine = jit(np.sin);
    const text = printProgram(makeJaxpr((x) => sine(sine(x)))(1));
    expect(printProgram(readProgram(text))).toBe(text);
  });

  test('those of higher order compute the same when they are read back', () => {
    for (const jaxpr of higherOrderPrograms()) {
      const inputs = jaxpr.inAvals.map(({ shape, dtype }) => ({
        shape,
        dtype,
        data: new Float32Array(shape.reduce((n, d) => n * d, 1)).fill(0.5),
      }));
      expect(evaluateJaxpr(readProgram(printProgram(jaxpr)), inputs)).toEqual(evaluateJaxpr(jaxpr, inputs));
    }
  });

  test('what cannot be read or saved is told of', () => {
    expect(() => readProgramJson([])).toThrow('the program: format must be');
    const json = programToJson(makeJaxpr((x: NDArray) => x.add(np.array([[1, 2]])))(1));
    const text = JSON.stringify(json).replace(/"data":"[^"]*"/, '"data":"AAAA"');
    expect(() => readProgramJson(JSON.parse(text))).toThrow(
      'float32[1,2] takes 8 bytes, 12 characters of base64, got 4',
    );
    const literal = JSON.stringify(programToJson(makeJaxpr((x: NDArray) => x.mul(3))(1))).replace('"value":3', '"value":"3"'); // prettier-ignore
    expect(() => readProgramJson(JSON.parse(literal))).toThrow('"3" is not a value of float32');
  });

  test('no change of a parameter leads to anything but a ProgramError', () => {
    const values = fc.oneof(
      fc.integer({ min: -3, max: 5 }),
      fc.constantFrom(2 ** 40, 1.5, null, true, '', 'float32', {}),
      fc.array(fc.integer({ min: -2, max: 4 })),
    );
    const programs = fc.constantFrom(...table).chain(equations);
    fc.assert(
      fc.property(programs, fc.nat(), values, (jaxpr, pick, value) => {
        const json = JSON.parse(JSON.stringify(programToJson(jaxpr))) as {
          jaxpr: { equations: { params: unknown }[] };
        };
        replaceOne(json.jaxpr.equations[0]!.params, pick, value);
        expect(violationOf(schema, json) === null, ajv.errorsText(validate.errors)).toBe(validate(json));
        try {
          readProgramJson(json);
        } catch (error) {
          expect(error).toBeInstanceOf(ProgramError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('spec/ir.md', () => {
  const page = readFileSync('spec/ir.md', 'utf8');

  test('shows programs that are programs', () => {
    const text = /```text\n(etalon\.program\/1\n[^]*?)```/.exec(page)![1]!;
    expect(printProgram(readProgram(text))).toBe(text);
    const json = JSON.parse(/```json\n([^]*?)```/.exec(page)![1]!) as unknown;
    expect(programToJson(readProgramJson(json))).toEqual(json);
  });

  test('states the limits', () => {
    const stated = page.slice(page.indexOf('## Limits')).matchAll(/^\|.*\| ([\d,]+) +\|$/gm);
    expect([...stated].map((m) => Number(m[1]!.replaceAll(',', '')))).toEqual(Object.values(LIMITS));
  });
});

/** Replaces one value somewhere in a tree of JSON. */
function replaceOne(json: unknown, pick: number, value: unknown): void {
  const places: [Record<string, unknown>, string][] = [];
  const walk = (x: unknown): void => {
    if (typeof x !== 'object' || x === null) return;
    for (const key of Object.keys(x)) {
      places.push([x as Record<string, unknown>, key]);
      walk((x as Record<string, unknown>)[key]);
    }
  };
  walk(json);
  const place = places[pick % Math.max(places.length, 1)];
  if (place !== undefined) place[0][place[1]] = value;
}
