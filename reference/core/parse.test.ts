import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConcreteArray } from './array.ts';
import { ALL_DTYPES, type DType, isFloat } from './dtypes.ts';
import { ProgramError } from './errors.ts';
import { allocate, type Aval, aval, elementFrom, type HostArray, hostScalar, numbers, sizeOf } from './host.ts';
import { type Atom, type Equation, Jaxpr, Literal, Var } from './jaxpr.ts';
import { programFromJson, programToJson } from './load.ts';
import { parseProgram } from './parse.ts';
import {
  type Accuracy,
  type AnyHigherOrder,
  type AnyPrimitive,
  definePrimitive,
  inferAvals,
  type Params,
} from './primitive.ts';
import { decodeArray, encodeArray, LIMITS } from './program.ts';
import { SourceLocation } from './source.ts';
import { equationLines, printJaxpr, printProgram } from './text.ts';

// A small table of its own: core names no primitive.
const unused = (): never => {
  throw new Error('not needed here');
};
const rules = {
  differentiate: { zero: 'not needed here' },
  batch: 'elementwise',
  bound: 'exact',
  accuracy: (): Accuracy => ({ kind: 'exact' }),
  evaluate: unused,
  cases: unused,
} as const;
const swap = definePrimitive<'swap', Record<never, never>, never>({
  ...rules,
  name: 'swap',
  spec: 'spec/primitives/fake.md#swap',
  operands: ['a', 'b'].map((name) => ({ name, dtypes: ALL_DTYPES })),
  params: {},
  dtypes: ALL_DTYPES,
  constraints: {},
  infer: ([a, b]) => [b!, a!],
  breaks: {},
});
const fill = definePrimitive<'fill', FillParams, 'C1'>({
  ...rules,
  name: 'fill',
  spec: 'spec/primitives/fake.md#fill',
  operands: [],
  params: {
    value: { type: ['number', 'boolean', 'null'] },
    shape: { type: 'array', items: { type: 'integer', minimum: 0 } },
    names: { type: 'object', additionalProperties: { type: 'string' } },
  },
  dtypes: ALL_DTYPES,
  constraints: { C1: (_, { shape }) => shape.length < 4 || 'shape must have fewer than 4 axes' },
  infer: (_, { shape }) => [aval(shape, 'float32')],
  breaks: { C1: unused },
});
interface FillParams {
  readonly value: number | boolean | null;
  readonly shape: readonly number[];
  readonly names: Readonly<Record<string, string>>;
}
const branch: AnyHigherOrder = {
  kind: 'higher-order',
  name: 'branch',
  spec: 'spec/transformations/fake.md#branch',
  params: { name: { type: 'string' }, main: 'jaxpr', others: 'jaxprs', handle: 'unsaved' },
  constraints: {},
  recurs: false,
  subJaxprs: ({ main, others }) => [main, ...others],
  withSubJaxprs: unused,
  infer: (_, { main }) => (main as Jaxpr).outAvals,
  evaluate: unused,
  jvp: unused,
  partialEval: unused,
  transpose: unused,
  batch: unused,
  dce: unused,
  bound: unused,
  effects: () => new Set(),
  breaks: {},
};
const table = new Map<string, AnyPrimitive>([swap, fill, branch].map((p) => [p.name, p]));

// ---- random well-typed programs

const pick = <T>(items: readonly T[], n: number): T => items[n % items.length]!;
const dtype: fc.Arbitrary<DType> = fc.constantFrom(...ALL_DTYPES);
const shapes = fc.array(fc.nat(3), { maxLength: 3 });
const type: fc.Arbitrary<Aval> = fc.record({ shape: shapes, dtype, weak: fc.boolean() });
const bits = (d: DType, n: number): fc.Arbitrary<HostArray['data']> =>
  fc.uint8Array({ minLength: 16 * n, maxLength: 16 * n }).map((bytes) => {
    const data = allocate(d, n);
    const raw = new Uint8Array(data.buffer);
    raw.set(d === 'bool' ? bytes.slice(0, n).map((b) => b & 1) : bytes.slice(0, raw.length));
    return data;
  });
const special = [0, -0, 1, 0.1, 1e30, -1e-40, NaN, Infinity, -Infinity];
const scalars: fc.Arbitrary<HostArray> = dtype.chain((d) =>
  fc.oneof(
    bits(d, 1).map((data) => ({ shape: [], dtype: d, data })),
    fc.constantFrom<number>(...(isFloat(d) ? special : [0, 1])).map((v) => hostScalar(d, elementFrom(d, v))),
  ),
);
const values: fc.Arbitrary<HostArray> = fc
  .tuple(dtype, shapes)
  .chain(([d, shape]) => bits(d, sizeOf(shape)).map((data) => ({ shape, dtype: d, data })));
const sources = fc.constantFrom(null, SourceLocation.of('src/model.ts:3:14'));
const numbersAndMore = fc.constantFrom<number | boolean | null>(null, true, 1.5, ...special);

interface Step {
  readonly kind: 'swap' | 'fill' | 'branch';
  readonly picks: readonly [number, number];
  readonly literal: HostArray | null;
  readonly fill: FillParams;
  readonly nested: readonly Jaxpr[];
  readonly source: SourceLocation | null;
}

/** Jaxprs whose equations take what is in scope, literals now and then, and jaxprs of one level less. */
function jaxprs(depth: number): fc.Arbitrary<Jaxpr> {
  const nested = depth === 0 ? fc.constant([]) : fc.array(jaxprs(depth - 1), { maxLength: 2 });
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom('swap', 'fill', 'branch'),
    picks: fc.tuple(fc.nat(), fc.nat()),
    literal: fc.option(scalars),
    fill: fc.record({
      value: numbersAndMore,
      shape: shapes,
      names: fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
    }),
    nested,
    source: sources,
  });
  return fc
    .record({
      consts: fc.array(fc.tuple(values, fc.boolean()), { maxLength: 2 }),
      inputs: fc.array(type, { minLength: 1, maxLength: 3 }),
      steps: fc.array(step, { maxLength: 4 }),
      results: fc.array(fc.nat(), { maxLength: 3 }),
    })
    .map(({ consts, inputs, steps, results }) => {
      const arrays = consts.map(([value, weak]) => ConcreteArray.fromHost(value, weak));
      const constvars = arrays.map((x) => new Var(x.aval));
      const invars = inputs.map((t) => new Var(t));
      const scope: Atom[] = [...constvars, ...invars];
      const equations = steps.map((s) => {
        const equation = equationOf(s, scope);
        scope.push(...equation.outputs);
        return equation;
      });
      const outputs = results.map((n) => pick(scope, n));
      return new Jaxpr({ constvars, consts: arrays, inputs: invars, equations, outputs });
    });
}

function equationOf({ kind, picks, literal, fill: params, nested, source }: Step, scope: readonly Atom[]): Equation {
  const [a, b] = [pick(scope, picks[0]), pick(scope, picks[1])];
  const main = nested[0];
  const second = literal === null ? b : new Literal({ ...literal, weak: picks[1] % 2 === 0 }, literal);
  const make = (primitive: AnyPrimitive, inputs: readonly Atom[], p: Params): Equation => {
    const types = inferAvals(
      primitive,
      inputs.map((x) => x.aval),
      p,
    );
    return { primitive, inputs, params: p, outputs: types.map((t) => new Var(t)), source };
  };
  if (kind === 'branch' && main !== undefined) {
    return make(branch, [a], { name: 'a "name"\n', main, others: nested.slice(1), handle: unused });
  }
  return kind === 'fill' ? make(fill, [], { ...params }) : make(swap, [a, second], {});
}

const programs = jaxprs(2);

/** Everything of a jaxpr but the identity of its variables; constants and literals by their bits. */
const normal = (jaxpr: Jaxpr): unknown => programToJson(jaxpr);

describe('round trips', () => {
  test('text', () => {
    fc.assert(
      fc.property(programs, (jaxpr) => {
        const text = printProgram(jaxpr);
        const again = parseProgram(text, table);
        expect(printProgram(again)).toBe(text);
        expect(normal(again)).toEqual(normal(jaxpr));
      }),
    );
  });

  test('JSON', () => {
    fc.assert(
      fc.property(programs, (jaxpr) => {
        const json = JSON.stringify(programToJson(jaxpr));
        const again = programFromJson(JSON.parse(json), table);
        expect(printProgram(again)).toBe(printProgram(jaxpr));
        expect(printProgram(parseProgram(json, table))).toBe(printProgram(jaxpr));
      }),
    );
  });

  test('arrays keep every bit', () => {
    fc.assert(
      fc.property(values, (x) => {
        const again = decodeArray(encodeArray(x), unused);
        expect(new Uint8Array(again.data.buffer)).toEqual(new Uint8Array(x.data.buffer));
        expect(again).toMatchObject({ shape: x.shape, dtype: x.dtype });
      }),
    );
  });

  test('parameters keep the numbers that JSON lacks', () => {
    for (const value of special) {
      const equation = equationOf(
        {
          kind: 'fill',
          picks: [0, 0],
          literal: null,
          fill: { value, shape: [2], names: {} },
          nested: [],
          source: null,
        },
        [new Var(aval([], 'bool'))],
      );
      const jaxpr = new Jaxpr({
        constvars: [],
        consts: [],
        inputs: [],
        equations: [equation],
        outputs: equation.outputs,
      });
      expect(parseProgram(printProgram(jaxpr), table).equations[0]!.params['value']).toBe(value);
    }
  });
});

const example = `etalon.program/1
const @0:f32[2] = base64:AACAPwAAAEA=
{ lambda a:f32[2]=@0 ; b:f32[3] c:f32*[]. let
    d:f32[3] e:f32[3] = swap b b   # src/x.ts:3:4
    h:f32[2] i:f32[2] = branch[name="f" main={ lambda f:f32[2]=@0 ; g:f32[3]. let

      in (f, f) } others=[]] d
    j:f32[2] = fill[value="nan" shape=[2] names={"a":"b"}]
  in (h, nan:0x7fc00001:f32, -0.0:f32*, -inf:f32, true:bool, 3:i32, 1e+30:f64, nan:0x7fc1:bf16, -9223372036854775808:i64, complex(1.0, -0.0):c64) }
`;

describe('text', () => {
  const jaxpr = parseProgram(example, table);

  test('prints in the look of JAX', () => {
    expect(printProgram(jaxpr)).toBe(example.replace('\n\n', '\n'));
    expect(printJaxpr(jaxpr).split('\n').slice(0, 2)).toEqual([
      '{ lambda a:f32[2] ; b:f32[3] c:f32*[]. let',
      '    d:f32[3] e:f32[3] = swap b b',
    ]);
  });

  test('lists equations with their parameters, and those of nested programs after them', () => {
    const nested = example.replace('let\n\n', 'let\n k:f32[3] l:f32[3] = swap g g\n').replace('(f, f)', '(f, k)');
    expect(equationLines(parseProgram(nested.replace('i:f32[2] = branch', 'i:f32[3] = branch'), table))).toEqual([
      'd:f32[3] e:f32[3] = swap b b',
      'j:f32[2] k:f32[3] = branch[name="f" others=[]] d',
      'h:f32[3] i:f32[3] = swap g g',
      'l:f32[2] = fill[value="nan" shape=[2] names={"a":"b"}]',
    ]);
  });

  test('a literal of bool keeps its value', () => {
    for (const value of ['true', 'false']) {
      const text = example.replace('true:bool', `${value}:bool`);
      expect(printProgram(parseProgram(text, table))).toBe(text.replace('\n\n', '\n'));
    }
  });

  test('an equation keeps its source line, and NaN its bits', () => {
    expect(String(jaxpr.equations[0]!.source)).toBe('src/x.ts:3:4');
    expect(jaxpr.equations[1]!.source).toBe(null);
    const nan = numbers((jaxpr.outputs[1] as Literal).value);
    expect(new Uint32Array(nan.buffer)[0]).toBe(0x7fc00001);
  });

  test('constants of equal bytes are written once', () => {
    expect(jaxpr.consts[0] === (jaxpr.equations[1]!.params['main'] as Jaxpr).consts[0]).toBe(false);
    expect(programToJson(jaxpr).constants).toHaveLength(1);
  });

  test('names that mean something are left out', () => {
    const many = Array.from({ length: 20_000 }, () => new Var(aval([], 'bool')));
    const text = printProgram(
      new Jaxpr({ constvars: [], consts: [], inputs: many, equations: [], outputs: many.slice(-1) }),
    );
    expect(text).not.toMatch(/ (let|in|nan|inf):/);
    expect(printProgram(parseProgram(text, table))).toBe(text);
  });
});

describe('what is not a program', () => {
  const says = (text: string, message: string): void => expect(() => parseProgram(text, table)).toThrow(message);
  const json = JSON.stringify(programToJson(parseProgram(example, table)));
  const changed = (from: string, to: string): string => {
    expect(example).toContain(from);
    return example.replace(from, to);
  };

  test('is refused with line, column and cause', () => {
    says('', 'line 1, column 1: a program begins with etalon.program/1, the line of its version, got ""');
    const untitled = '{ lambda ; x:f32[]. let\n    y:f32[] = neg x\n  in (y,) }';
    says(untitled, 'a program begins with etalon.program/1, the line of its version, got "{ lambda ; x:f32[]. let"');
    says('etalon.program/2', 'this version reads only etalon.program/1, got "etalon.program/2"');
    says('etalon.program/1\n{', 'line 2, column 2: expected lambda, got the end of the text');
    says(changed('= swap', '= swop'), 'line 4, column 25: there is no primitive "swop"');
    says(changed('swap b b', 'swap b q'), 'line 4, column 32: the variable q is not bound before its use');
    says(changed('swap b b', 'swap b'), 'line 4, column 5: swap (I0): takes 2 operands (a, b), got 1');
    says(changed('d:f32[3] e', 'd:f32[4] e'), 'line 4, column 5: d is declared f32[4], but swap gives f32[3]');
    says(changed('d:f32[3] e', 'b:f32[3] e'), 'line 4, column 5: the variable b is bound twice');
    says(changed('d:f32[3] ', ''), 'swap has 2 results, and 1 are named');
    says(changed('value="nan"', 'value="none"'), 'line 8, column 21: must be');
    says(changed('value="nan"', ''), 'line 8, column 5: value is missing');
    says(changed('shape=[2]', 'shape=[2] size=3'), 'line 8, column 43: there is nothing called "size" here');
    says(changed('shape=[2]', 'shape=[2,3,4,5]'), 'line 8, column 5: fill (C1): shape must have fewer than 4 axes');
    says(changed('shape=[2]', 'shape=[2] shape=[2]'), 'the parameter shape appears twice');
    says(changed('const @0', 'const @1'), 'line 2, column 9: constants are numbered from 0 on: expected @0');
    says(changed('AACA', 'AA'), 'line 2, column 1: float32[2] takes 8 bytes, 12 characters of base64, got 10');
    says(changed('=@0 ; b', '=@1 ; b'), 'line 3, column 10: there is no constant @1');
    says(changed('true:bool', '1:bool'), '1 is not a value of bool');
    says(changed('3:i32', '3.5:i32'), '3.5 is not a value of int32');
    says(changed('3:i32', '3e9:i32'), '3000000000 is not a value of int32');
    says(
      changed('-9223372036854775808:i64', '1:u64, 9223372036854775808:i64'),
      '"9223372036854775808" is not a value of int64',
    );
    says(changed('3:i32', '9223372036854775808.0:u64'), 'is not a value of uint64');
    says(changed('(1.0, -0.0):c64', '(1.0, true):c64'), 'expected a number');
    says(changed('(1.0, -0.0):c64', '(1.0, 0.0):f32'), '[1,0] is not a value of float32');
    says(changed('complex(1.0, -0.0)', '1.0'), '1 is not a value of complex64');
    says(changed('0x7fc1:', '0x7fc00001:'), '"nan:0x7fc00001" is not a value of bfloat16');
    says(changed('0x7fc00001', '0x7f800000'), '"nan:0x7f800000" is not a value of float32');
    says(changed('-inf:f32', '-1e40:f32'), '-1e+40 is not a value of float32');
    says(changed('{"a"', '{a'), 'expected a key in double quotes, got "a"');
    says(`${example} x`, 'expected the end, got "x"');
  });

  test('is refused with a path where it is JSON', () => {
    says('{', 'the program is not JSON');
    says('{}', 'format must be "etalon.program/1", got none');
    says(json.replace('"swap"', '"swop"'), '/jaxpr/equations/0/primitive: there is no primitive "swop"');
    says(
      json.replace('"primitive":"swap"', '"primitiv":"swap"'),
      '/jaxpr/equations/0/primitive: there is no primitive here',
    );
    says(json.replace('"name":"a"', '"nam":"a"'), '/jaxpr/constants/0: name is missing');
    for (const nothing of [null, 3, [], 'x']) expect(() => programFromJson(nothing, table)).toThrow(ProgramError);
  });

  test('is refused before it is allocated, beyond the limits', () => {
    says(
      changed('b:f32[3]', 'b:f32[99999999,99999999]'),
      `[99999999,99999999] is beyond the limit of ${LIMITS.elements} elements`,
    );
    says(changed('b:f32[3]', 'b:f32[0,99999999999]'), `beyond the limit of ${LIMITS.elements} elements`);
    says(changed('b:f32[3]', `b:f32[${'1,'.repeat(40)}1]`), 'must have at most 32 items');
    const deep = 'branch[name="" others=[] main={ lambda ; . let\n = '.repeat(LIMITS.depth + 1);
    says(`etalon.program/1 { lambda ; . let\n = ${deep}`, 'nested more than 128 deep');
    says(changed('names={', `names=${'['.repeat(100_000)}{`), 'nested more than 128 deep');
    says(
      json.replace('"names":', `"names":${'['.repeat(5000)}${']'.repeat(5000)},"x":`),
      'nested more than 128 programs',
    );
    const message = (document: object): string => {
      try {
        programFromJson(document, table);
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    const nested = (depth: number): string =>
      ' = branch[name="" others=[] main={ lambda ; . let\n'.repeat(depth - 1) + '  in () }]\n'.repeat(depth - 1);
    const deepest = parseProgram(`etalon.program/1 { lambda ; . let\n${nested(LIMITS.depth)} in () }`, table);
    expect(printProgram(programFromJson(programToJson(deepest), table))).toBe(printProgram(deepest));
    says(changed('b:f32[3]', `b:f32[${LIMITS.elements + 1}]`), 'is beyond the limit');
    says(changed('b:f32[3]', `b:f32[${LIMITS.elements}]`), 'd is declared f32[3], but swap gives');
    let list: unknown[] = [];
    for (let i = 0; i < 2000; i++) list = [list];
    expect(message({ format: 'etalon.program/1', list })).toMatch(/^\/list[/0]{75}: nested more/);
  });

  test('is refused with a ProgramError whatever is changed in a program', () => {
    const texts = fc.oneof(fc.constant(example), fc.constant(json), programs.map(printProgram));
    const cut = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), drop: fc.nat(12) });
    const junk = fc.oneof(
      fc.string(),
      fc.constantFrom('{', '}', '[', ']', ':', '=', ' in ', 'f32', 'nan:', '@', '"', '\n', '#', '-1', '1e99'),
    );
    fc.assert(
      fc.property(texts, cut, junk, (text, { at, drop }, insert) => {
        const place = Math.floor(at * text.length);
        const broken = text.slice(0, place) + insert + text.slice(place + drop);
        try {
          parseProgram(broken, table);
        } catch (error) {
          expect(error).toBeInstanceOf(ProgramError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
