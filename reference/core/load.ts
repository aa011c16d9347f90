/**
 * From a document to a jaxpr. A program from outside is believed in nothing: first its form is checked against the
 * schema, then limits, scopes and constants, then the type of every equation.
 */
import { ConcreteArray } from './array.ts';
import { EtalonError, ProgramError } from './errors.ts';
import { type Aval, aval, type HostArray, sameAval, sameShape, showAval } from './host.ts';
import { type Atom, type Equation, Jaxpr, Literal, Var } from './jaxpr.ts';
import { type AnyPrimitive, inferAvals, type Params, type ParamSchema } from './primitive.ts';
import {
  type AtomDocument,
  checkSize,
  decodeArray,
  decodeScalar,
  type EquationDocument,
  type JaxprDocument,
  LIMITS,
  type ProgramDocument,
  PROGRAM_FORMAT,
  SPECIAL_NUMBERS,
  toDocument,
  type TypeDocument,
  type VarDocument,
} from './program.ts';
import { admitsNumber, programSchema } from './schema.ts';
import { SourceLocation } from './source.ts';
import { violationOf } from './validate.ts';

/** The primitives that a program may use, by name. */
export type PrimitiveTable = ReadonlyMap<string, AnyPrimitive>;

/** Reports a problem at a JSON pointer of the document. */
type Report = (pointer: string, message: string) => never;

const reportPath: Report = (pointer, message) => {
  throw new ProgramError(`${pointer === '' ? 'the program' : pointer}: ${message}`);
};

/** A program as JSON, values of constants and source lines included. */
export const programToJson = (jaxpr: Jaxpr): ProgramDocument => toDocument(jaxpr, { constants: true, sources: true });

/** A program from its JSON form. @throws ProgramError naming the JSON path */
export const programFromJson = (json: unknown, primitives: PrimitiveTable): Jaxpr => loadDocument(json, primitives);

/** The jaxpr that a document describes. @throws ProgramError through `report` */
export function loadDocument(document: unknown, primitives: PrimitiveTable, report: Report = reportPath): Jaxpr {
  checkVersion(document, report);
  checkDepth(document, '', 0, report);
  const violation = violationOf(schemaOf(primitives), document);
  if (violation !== null) report(violation.pointer, violation.message);
  return new Loader(document as ProgramDocument, primitives, report).program();
}

function checkVersion(document: unknown, report: Report): void {
  const format = (document as { readonly format?: unknown } | null)?.format;
  if (format !== PROGRAM_FORMAT)
    report('', `format must be "${PROGRAM_FORMAT}", got ${JSON.stringify(format) ?? 'none'}`);
}

/** A nested program takes four levels of a document, and a parameter some more. */
const documentDepth = 8 * LIMITS.depth;

function checkDepth(x: unknown, path: string, depth: number, report: Report): void {
  if (typeof x !== 'object' || x === null) return;
  if (depth > documentDepth) report(path.slice(0, 80), `nested more than ${LIMITS.depth} programs deep`);
  for (const [key, inner] of Object.entries(x)) checkDepth(inner, `${path}/${key}`, depth + 1, report);
}

const schemas = new WeakMap<PrimitiveTable, ParamSchema>();

function schemaOf(primitives: PrimitiveTable): ParamSchema {
  let schema = schemas.get(primitives);
  if (schema === undefined) schemas.set(primitives, (schema = programSchema(primitives.values())));
  return schema;
}

class Loader {
  readonly #document: ProgramDocument;
  readonly #primitives: PrimitiveTable;
  readonly #report: Report;
  #constants: readonly HostArray[] = [];
  #equations = 0;

  constructor(document: ProgramDocument, primitives: PrimitiveTable, report: Report) {
    this.#document = document;
    this.#primitives = primitives;
    this.#report = report;
  }

  program(): Jaxpr {
    this.#constants = this.#document.constants.map((c, i) =>
      decodeArray(c, (message) => this.#report(`/constants/${i}`, message)),
    );
    return this.#jaxpr(this.#document.jaxpr, '/jaxpr', 1);
  }

  #jaxpr(j: JaxprDocument, path: string, depth: number): Jaxpr {
    if (depth > LIMITS.depth) this.#report(path, `nested more than ${LIMITS.depth} programs deep`);
    const scope = new Map<string, Var>();
    const bind = (v: VarDocument, at: string): Var => {
      if (scope.has(v.name)) this.#report(at, `the variable ${v.name} is bound twice`);
      const variable = new Var(this.#aval(v, at));
      scope.set(v.name, variable);
      return variable;
    };
    const constvars = j.constants.map((v, i) => bind(v, `${path}/constants/${i}`));
    const consts = j.constants.map((v, i) => this.#constant(v.constant, constvars[i]!.aval, `${path}/constants/${i}`));
    const inputs = j.inputs.map((v, i) => bind(v, `${path}/inputs/${i}`));
    const equations = j.equations.map((e, i) => this.#equation(e, `${path}/equations/${i}`, scope, bind, depth));
    const outputs = j.outputs.map((x, i) => this.#atom(x, `${path}/outputs/${i}`, scope));
    return new Jaxpr({ constvars, consts, inputs, equations, outputs });
  }

  #constant(place: number, type: Aval, path: string): ConcreteArray {
    const value = this.#constants[place];
    if (value === undefined) return this.#report(path, `there is no constant @${place}`);
    if (!sameAval(type, aval(value.shape, value.dtype))) {
      this.#report(path, `declared ${showAval(type)}, but the constant @${place} is ${showAval(value)}`);
    }
    return ConcreteArray.fromHost(value, type.weak);
  }

  #aval({ dtype, shape, weak }: TypeDocument, path: string): Aval {
    checkSize(shape, (message) => this.#report(path, message));
    return aval(shape, dtype, weak ?? false);
  }

  #atom(x: AtomDocument, path: string, scope: ReadonlyMap<string, Var>): Atom {
    if (typeof x === 'string')
      return scope.get(x) ?? this.#report(path, `the variable ${x} is not bound before its use`);
    const value = decodeScalar(x, (message) => this.#report(path, message));
    return new Literal(aval([], x.dtype, x.weak ?? false), value);
  }

  #equation(
    e: EquationDocument,
    path: string,
    scope: ReadonlyMap<string, Var>,
    bind: (v: VarDocument, at: string) => Var,
    depth: number,
  ): Equation {
    if (++this.#equations > LIMITS.equations) this.#report(path, `more than ${LIMITS.equations} equations`);
    const primitive = this.#primitives.get(e.primitive)!;
    const inputs = e.inputs.map((x, i) => this.#atom(x, `${path}/inputs/${i}`, scope));
    const params = this.#params(primitive, e.params, `${path}/params`, depth);
    const outputs = e.outputs.map((v, i) => bind(v, `${path}/outputs/${i}`));
    const inferred = this.#infer(primitive, inputs, params, path);
    if (inferred.length !== outputs.length) {
      this.#report(path, `${primitive.name} has ${inferred.length} results, and ${outputs.length} are named`);
    }
    outputs.forEach((v, i) => {
      const got = inferred[i]!;
      if (v.aval.dtype === got.dtype && sameShape(v.aval.shape, got.shape)) return;
      const { name } = e.outputs[i]!;
      this.#report(
        `${path}/outputs/${i}`,
        `${name} is declared ${showAval(v.aval)}, but ${primitive.name} gives ${showAval(got)}`,
      );
    });
    return { primitive, inputs, params, outputs, source: e.source === undefined ? null : SourceLocation.of(e.source) };
  }

  #infer(primitive: AnyPrimitive, inputs: readonly Atom[], params: Params, path: string): readonly Aval[] {
    try {
      return inferAvals(
        primitive,
        inputs.map((x) => x.aval),
        params,
      );
    } catch (error) {
      if (!(error instanceof EtalonError)) throw error;
      return this.#report(path, error.message.replace(/\n {2}spec\/errors\.md#.*$/, ''));
    }
  }

  #params(primitive: AnyPrimitive, saved: EquationDocument['params'], path: string, depth: number): Params {
    const declared: Readonly<Record<string, unknown>> = primitive.params;
    const entries = Object.entries(saved).map(([key, value]): [string, unknown] => {
      const at = `${path}/${key}`;
      if (declared[key] === 'jaxpr') return [key, this.#jaxpr(value as JaxprDocument, at, depth + 1)];
      if (declared[key] === 'jaxprs') {
        return [key, (value as readonly JaxprDocument[]).map((j, i) => this.#jaxpr(j, `${at}/${i}`, depth + 1))];
      }
      return [key, admitsNumber(declared[key]) ? (SPECIAL_NUMBERS.get(value) ?? value) : value];
    });
    const unsaved = Object.keys(declared).filter((key) => declared[key] === 'unsaved');
    return { ...Object.fromEntries(entries), ...Object.fromEntries(unsaved.map((key) => [key, null])) };
  }
}
