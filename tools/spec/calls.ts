/** Whether the constraints of primitives are what their calls say: met by `cases`, and broken one by one by `breaks`. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { makeGen } from '../../conformance/programs/gen.ts';
import type { AnyCollective } from '../../reference/core/collective.ts';
import { type DType, dtypes } from '../../reference/core/dtypes.ts';
import { ConstraintError } from '../../reference/core/errors.ts';
import { type Aval, aval, avalOf } from '../../reference/core/host.ts';
import { type AnyFirstOrder, type AnyHigherOrder, type AnyPrimitive, type Call, type Gen, inferAvals, type Params, SHAPE_CLASSES } from '../../reference/core/primitive.ts'; // prettier-ignore
import type { Transforms } from '../../reference/core/rules.ts';
import { encodeParam } from '../../reference/core/program.ts';
import { paramsSchema } from '../../reference/core/schema.ts';

export interface Seen {
  /** Calls that meet every constraint. */
  valid: number;
  /** Calls that broke the constraint that they had to. */
  broken: number;
  /** Distinct constraints, operand conditions included, that were seen broken. */
  readonly constraints: Set<string>;
  readonly problems: string[];
}
export const nothingSeen = (): Seen => ({ valid: 0, broken: 0, constraints: new Set(), problems: [] });

type Calls = fc.Arbitrary<Call<Params>>;

const ajv = new Ajv2020({ strict: false, strictNumbers: false });
const runs = { valid: 3, broken: 2 };
const seed = 20261123;

/** The constraint that a call breaks; null if none. Anything else that is thrown is a bug of the primitive. */
export function brokenBy(primitive: AnyPrimitive, operands: readonly Aval[], params: Params): string | null {
  try {
    inferAvals(primitive, operands, params);
    return null;
  } catch (error) {
    return error instanceof ConstraintError && error.primitive === primitive.name ? error.id : String(error);
  }
}

export function checkFirstOrder(primitive: AnyFirstOrder, seen: Seen): void {
  const { name, constraints } = primitive;
  const validate = ajv.compile(paramsSchema(primitive));
  const problem = (text: string): number => seen.problems.push(`${name}: ${text}`);
  const expectBroken = (id: string, operands: readonly Aval[], params: Params, where: string): void => {
    const got = brokenBy(primitive, operands, params);
    if (got === id) {
      seen.broken++;
      seen.constraints.add(`${name}-${id}`);
    } else problem(`a call that ${where} breaks ${got ?? 'nothing'} instead of ${id}: ${showCall(operands, params)}`);
  };
  for (const dtype of primitive.dtypes) {
    for (const shapeClass of SHAPE_CLASSES) {
      const gen = makeGen(fc, dtype, shapeClass);
      for (const { args, params } of sample(primitive.cases(gen) as Calls, runs.valid)) {
        const operands = args.map(avalOf);
        const broken = brokenBy(primitive, operands, params);
        if (broken !== null)
          problem(`a case of ${dtype}, ${shapeClass} breaks ${broken}: ${showCall(operands, params)}`);
        else seen.valid++;
        const saved = Object.fromEntries(Object.entries(params).map(([key, value]) => [key, encodeParam(value)]));
        if (!validate(saved))
          problem(`the schema of its parameters refuses ${JSON.stringify(params)}: ${ajv.errorsText(validate.errors)}`);
        for (const [id, wrong] of wrongOperands(primitive, operands))
          expectBroken(id, wrong, params, 'breaks the operand table');
      }
      for (const id of Object.keys(constraints)) {
        const make: (gen: Gen) => Calls = primitive.breaks[id as `C${number}`]!;
        for (const { args, params } of sample(make(gen), runs.broken)) {
          expectBroken(id, args.map(avalOf), params, `has to break ${id} (${dtype}, ${shapeClass})`);
        }
      }
    }
  }
}

const sample = (calls: Calls, numRuns: number): Call<Params>[] => fc.sample(calls, { numRuns, seed });

const showCall = (operands: readonly Aval[], params: Params): string =>
  `(${operands.map((a) => `${dtypes[a.dtype].short}[${a.shape.join(',')}]`).join(', ')}) ${JSON.stringify(params)}`;

/** Calls with one operand of a dtype that the table does not list (I1, I2, …), and with one operand too few (I0). */
function wrongOperands(
  { operands: specs }: AnyFirstOrder | AnyCollective,
  operands: readonly Aval[],
): [string, Aval[]][] {
  const wrong = specs.flatMap((spec, i): [string, Aval[]][] => {
    const bad = (Object.keys(dtypes) as DType[]).find((d) => !spec.dtypes.includes(d));
    const at = i < operands.length ? operands[i] : undefined;
    return bad === undefined || at === undefined ? [] : [[`I${i + 1}`, operands.with(i, { ...at, dtype: bad })]];
  });
  const least = specs.reduce((n, spec) => n + (spec.variadic === undefined ? 1 : spec.variadic.atLeast), 0);
  return least === 0 ? wrong : [...wrong, ['I0', operands.slice(0, least - 1)]];
}

export function checkHigherOrder(primitive: AnyHigherOrder, transforms: Transforms, seen: Seen): void {
  for (const id of Object.keys(primitive.constraints)) {
    const call = primitive.breaks[id as `C${number}`]!(transforms);
    mustBreak(primitive, id, call.operands, call.params as Params, seen);
  }
}

/** Collectives have no cases: their dtypes and their breaks. */
export function checkCollective(primitive: AnyCollective, seen: Seen): void {
  const operands = primitive.operands.map((o) => aval([4], o.dtypes[0]!));
  for (const [id, wrong] of wrongOperands(primitive, operands)) mustBreak(primitive, id, wrong, {}, seen);
  for (const id of Object.keys(primitive.constraints)) {
    const call = primitive.breaks[id as `C${number}`]!;
    mustBreak(primitive, id, call.operands, call.params as Params, seen);
  }
}

function mustBreak(primitive: AnyPrimitive, id: string, operands: readonly Aval[], params: Params, seen: Seen): void {
  const got = brokenBy(primitive, operands, params);
  if (got === id) {
    seen.broken++;
    seen.constraints.add(`${primitive.name}-${id}`);
  } else seen.problems.push(`${primitive.name}: the call that has to break ${id} breaks ${got ?? 'nothing'}`);
}
