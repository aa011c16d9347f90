/**
 * Programs as text, in the look of JAX's jaxprs (grammar: spec/ir.md#grammar). parse.ts reads it back.
 */
import { isFloat, shortName } from './dtypes.ts';
import type { Jaxpr } from './jaxpr.ts';
import {
  type AtomDocument,
  type EquationDocument,
  type JaxprDocument,
  type LiteralDocument,
  PROGRAM_FORMAT,
  type ProgramDocument,
  toDocument,
  type TypeDocument,
  type VarDocument,
} from './program.ts';

/** A jaxpr for people to read: without the values of its constants and without source lines. */
export const printJaxpr = (jaxpr: Jaxpr): string => printBody(toDocument(jaxpr).jaxpr, '', false);

/** A whole program, constants and source lines included: `parseProgram` gives it back. */
export const printProgram = (jaxpr: Jaxpr): string =>
  printDocument(toDocument(jaxpr, { constants: true, sources: true }));

export function printDocument({ constants, jaxpr }: ProgramDocument): string {
  const lines = constants.map((c, i) => `const @${i}:${printType(c)} = base64:${c.data}\n`);
  return `${PROGRAM_FORMAT}\n${lines.join('')}${printBody(jaxpr, '', true)}\n`;
}

/** `f32[2,3]`; `f32*[]` if weak. */
const printType = ({ dtype, shape, weak }: TypeDocument): string =>
  `${shortName(dtype)}${weak === true ? '*' : ''}[${shape.join(',')}]`;

const printVar = (v: VarDocument): string => `${v.name}:${printType(v)}`;

const printAtom = (x: AtomDocument): string => (typeof x === 'string' ? x : printLiteral(x));

/** `2.0:f32`, `-0.0:f32*`, `nan:0x7fc00000:f32`, `3:i32`, `true:bool`, `complex(1.0, -0.0):c64`. */
function printLiteral({ dtype, value, weak }: LiteralDocument): string {
  const part = (v: number | string | boolean): string =>
    v === '-0' ? '-0.0' : typeof v === 'number' ? fraction(v) : String(v);
  const text =
    typeof value === 'object'
      ? `complex(${part(value[0])}, ${part(value[1])})`
      : isFloat(dtype)
        ? part(value)
        : String(value);
  return `${text}:${shortName(dtype)}${weak === true ? '*' : ''}`;
}
/** Floats have a point or an exponent. */
const fraction = (v: number): string => (/[.e]/.test(String(v)) ? String(v) : `${v}.0`);

function printBody(jaxpr: JaxprDocument, indent: string, constants: boolean): string {
  const consts = jaxpr.constants.map((v) => ` ${printVar(v)}${constants ? `=@${v.constant}` : ''}`).join('');
  const inputs = jaxpr.inputs.map((v) => ` ${printVar(v)}`).join('');
  const equations = jaxpr.equations
    .map((e) => `${indent}    ${printEquation(e, `${indent}    `, constants)}\n`)
    .join('');
  const outputs = jaxpr.outputs.map(printAtom);
  const tuple = outputs.length === 1 ? `${outputs[0]},` : outputs.join(', ');
  return `{ lambda${consts} ;${inputs}. let\n${equations}${indent}  in (${tuple}) }`;
}

/**
 * The lines of the equations in the text form, without the programs nested in them, whose equations follow: in the order
 * in which the text lists them.
 */
export function equationLines(jaxpr: Jaxpr): string[] {
  const lines = ({ equations }: JaxprDocument): string[] =>
    equations.flatMap((e) => {
      const params = Object.entries(e.params);
      const plain = Object.fromEntries(params.filter(([, v]) => bodiesIn(v).length === 0));
      const nested = params.flatMap(([, v]) => bodiesIn(v).flatMap(lines));
      return [printEquation({ ...e, params: plain }, '', false), ...nested];
    });
  return lines(toDocument(jaxpr).jaxpr);
}

const bodiesIn = (value: unknown): JaxprDocument[] => (Array.isArray(value) ? value : [value]).filter(isJaxprDocument);

function printEquation(e: EquationDocument, indent: string, constants: boolean): string {
  const params = Object.entries(e.params).map(([key, value]) => `${key}=${printParam(value, indent, constants)}`);
  const left = e.outputs.map((v) => `${printVar(v)} `).join('');
  const call = e.primitive + (params.length > 0 ? `[${params.join(' ')}]` : '');
  const right = [call, ...e.inputs.map(printAtom)].join(' ');
  const comment = e.source === undefined ? '' : `   # ${e.source.replace(/[\n\r]+/g, ' ')}`;
  return `${left}= ${right}${comment}`;
}

/** Nested programs as such, everything else as JSON. */
function printParam(value: unknown, indent: string, constants: boolean): string {
  if (isJaxprDocument(value)) return printBody(value, indent, constants);
  if (Array.isArray(value) && value.length > 0 && value.every(isJaxprDocument)) {
    return `[${value.map((v) => printBody(v, indent, constants)).join(', ')}]`;
  }
  return JSON.stringify(value);
}

const isJaxprDocument = (value: unknown): value is JaxprDocument =>
  typeof value === 'object' && value !== null && 'equations' in value && 'inputs' in value;
