/**
 * Reads the text form (grammar: spec/ir.md#grammar): text becomes a document, load.ts checks it and builds the jaxpr.
 */
import { domainOf, type DType, dtypeOfShort } from './dtypes.ts';
import { ProgramError } from './errors.ts';
import type { Jaxpr } from './jaxpr.ts';
import { loadDocument, type PrimitiveTable } from './load.ts';
import {
  type AtomDocument,
  type ConstVarDocument,
  type EncodedArray,
  type EquationDocument,
  type JaxprDocument,
  LIMITS,
  PROGRAM_FORMAT,
  type ProgramDocument,
  type TypeDocument,
  type VarDocument,
} from './program.ts';

/**
 * A program from its text or JSON form, every equation type-checked.
 * @throws ProgramError naming line and column, or the JSON path
 */
export function parseProgram(text: string, primitives: PrimitiveTable): Jaxpr {
  if (text.length > LIMITS.characters)
    throw new ProgramError(`the program has more than ${LIMITS.characters} characters`);
  if (/^\s*\{(?!\s*lambda\b)/.test(text)) return loadDocument(parseJson(text), primitives);
  const parser = new Parser(text);
  const document = parser.program();
  return loadDocument(document, primitives, (pointer, message) => parser.failAt(parser.positionOf(pointer), message));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProgramError(`the program is not JSON: ${(error as Error).message}`);
  }
}

interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'mark' | 'end';
  readonly text: string;
  readonly start: number;
  /** A line ended between the previous token and this one. */
  readonly newLine: boolean;
  /** The comment after the previous token, on its line. */
  readonly comment: string;
}

const tokenPattern =
  /(?<space>[^\S\n]+)|(?<line>\n)|(?<comment>#[^\n]*)|(?<word>[A-Za-z_]\w*)|(?<number>-?(?:inf\b|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))|(?<string>"(?:[^"\\\n]|\\.)*")|(?<mark>[{}[\]():;,.=*@])/y;

/** A number as it is written. */
class Digits {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  get number(): number | string {
    return Object.is(Number(this.text), -0) ? '-0' : Number(this.text);
  }
}

class Parser {
  readonly #text: string;
  #at = 0;
  #token: Token;
  readonly #positions = new Map<string, number>();

  constructor(text: string) {
    this.#text = text;
    const header = /^\s*(\S*)/.exec(text)![1]!;
    if (header !== PROGRAM_FORMAT) {
      const at = text.indexOf(header);
      const why = header.startsWith('etalon.program/')
        ? `this version reads only ${PROGRAM_FORMAT}`
        : `a program begins with ${PROGRAM_FORMAT}, the line of its version`;
      this.failAt(at, `${why}, got ${JSON.stringify(text.slice(at).split('\n', 1)[0]!.slice(0, 40))}`);
    }
    this.#at = text.indexOf(header) + header.length;
    this.#token = this.#lex();
  }

  failAt(at: number, message: string): never {
    const before = this.#text.slice(0, at);
    const line = before.split('\n').length;
    throw new ProgramError(`line ${line}, column ${at - before.lastIndexOf('\n')}: ${message}`);
  }

  /** Where the part of the document that a JSON pointer names stands in the text; its parent, if it has no place. */
  positionOf(pointer: string): number {
    for (let p = pointer; p !== ''; p = p.slice(0, p.lastIndexOf('/'))) {
      const at = this.#positions.get(p);
      if (at !== undefined) return at;
    }
    return 0;
  }

  program(): ProgramDocument {
    const constants: EncodedArray[] = [];
    while (this.#is('const')) {
      this.#mark(`/constants/${constants.length}`);
      this.#next();
      this.#expect('@');
      const place = this.#integer();
      if (place !== constants.length) this.#fail(`constants are numbered from 0 on: expected @${constants.length}`);
      this.#expect(':');
      const { dtype, shape } = this.#type();
      constants.push({ dtype, shape, data: this.#base64() });
    }
    const jaxpr = this.#jaxpr('/jaxpr', 1);
    if (this.#token.kind !== 'end') this.#fail(`expected the end, got ${this.#shown()}`);
    return { format: PROGRAM_FORMAT, constants, jaxpr };
  }

  #jaxpr(path: string, depth: number): JaxprDocument {
    if (depth > LIMITS.depth) this.#fail(`programs are nested more than ${LIMITS.depth} deep`);
    this.#mark(path);
    this.#expect('{');
    this.#expect('lambda');
    const constants: ConstVarDocument[] = [];
    while (this.#isWord()) constants.push(this.#constVar(`${path}/constants/${constants.length}`));
    this.#expect(';');
    const inputs: VarDocument[] = [];
    while (this.#isWord()) inputs.push(this.#var(`${path}/inputs/${inputs.length}`));
    this.#expect('.');
    this.#expect('let');
    const equations: EquationDocument[] = [];
    while (!this.#is('in')) equations.push(this.#equation(`${path}/equations/${equations.length}`, depth));
    this.#next();
    this.#expect('(');
    const outputs: AtomDocument[] = [];
    while (!this.#is(')')) {
      outputs.push(this.#atom(`${path}/outputs/${outputs.length}`));
      if (!this.#is(')')) this.#expect(',');
    }
    this.#next();
    this.#expect('}');
    return { constants, inputs, equations, outputs };
  }

  #equation(path: string, depth: number): EquationDocument {
    this.#mark(path);
    const outputs: VarDocument[] = [];
    while (this.#isWord()) outputs.push(this.#var(`${path}/outputs/${outputs.length}`));
    this.#expect('=');
    this.#mark(`${path}/primitive`);
    const primitive = this.#word('the name of a primitive');
    const params = this.#is('[') ? this.#params(path, depth) : {};
    const inputs: AtomDocument[] = [];
    while (!this.#atEquationEnd()) inputs.push(this.#atom(`${path}/inputs/${inputs.length}`));
    const source = this.#token.comment;
    if (this.#is(';')) this.#next();
    return { outputs, primitive, params, inputs, ...(source === '' ? {} : { source }) };
  }

  #atEquationEnd(): boolean {
    const { newLine, kind, text } = this.#token;
    return newLine || kind === 'end' || text === ';' || text === 'in';
  }

  #params(path: string, depth: number): Record<string, unknown> {
    this.#expect('[');
    const params: [string, unknown][] = [];
    while (!this.#is(']')) {
      const start = this.#token.start;
      const key = this.#word('the name of a parameter');
      if (params.some(([k]) => k === key)) this.failAt(start, `the parameter ${key} appears twice`);
      this.#positions.set(`${path}/params/${key}`, start);
      this.#expect('=');
      params.push([key, this.#value(`${path}/params/${key}`, depth, 0)]);
    }
    this.#next();
    return Object.fromEntries(params);
  }

  /** JSON, in which `{ lambda … }` stands for a program. */
  #value(path: string, depth: number, level: number): unknown {
    if (level > LIMITS.depth) this.#fail(`a parameter is nested more than ${LIMITS.depth} deep`);
    const { kind, text } = this.#token;
    if (text === '{' && /^\{\s*lambda\b/.test(this.#text.slice(this.#token.start, this.#token.start + 40))) {
      return this.#jaxpr(path, depth + 1);
    }
    if (text === '[') return this.#list(path, depth, level);
    if (text === '{') return this.#object(path, depth, level);
    if (kind === 'string' || kind === 'number' || ['true', 'false', 'null'].includes(text)) {
      const value = this.#json(text);
      this.#next();
      return value;
    }
    return this.#fail(`expected a value (JSON, or a program), got ${this.#shown()}`);
  }

  #json(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      return this.#fail(`${this.#shown()} is not a JSON value`);
    }
  }

  #list(path: string, depth: number, level: number): unknown[] {
    const items: unknown[] = [];
    this.#expect('[');
    while (!this.#is(']')) {
      items.push(this.#value(`${path}/${items.length}`, depth, level + 1));
      if (!this.#is(']')) this.#expect(',');
    }
    this.#next();
    return items;
  }

  #object(path: string, depth: number, level: number): Record<string, unknown> {
    const entries: [string, unknown][] = [];
    this.#expect('{');
    while (!this.#is('}')) {
      if (this.#token.kind !== 'string') this.#fail(`expected a key in double quotes, got ${this.#shown()}`);
      const key = this.#json(this.#token.text) as string;
      this.#next();
      this.#expect(':');
      entries.push([key, this.#value(`${path}/${key}`, depth, level + 1)]);
      if (!this.#is('}')) this.#expect(',');
    }
    this.#next();
    return Object.fromEntries(entries);
  }

  #constVar(path: string): ConstVarDocument {
    const variable = this.#var(path);
    this.#expect('=');
    this.#expect('@');
    return { ...variable, constant: this.#integer() };
  }

  #var(path: string): VarDocument {
    this.#mark(path);
    const name = this.#word('a variable');
    this.#expect(':');
    return { name, ...this.#type() };
  }

  /** `f32[2,3]`, `f32*[]`. */
  #type(): TypeDocument {
    const { dtype, weak } = this.#dtype();
    const shape: number[] = [];
    this.#expect('[');
    while (!this.#is(']')) {
      shape.push(this.#integer());
      if (!this.#is(']')) this.#expect(',');
    }
    this.#next();
    return { dtype, shape, ...weak };
  }

  #dtype(): { readonly dtype: DType; readonly weak: { readonly weak?: true } } {
    const dtype = dtypeOfShort(this.#token.text);
    if (dtype === undefined) return this.#fail(`expected a type such as f32[2,3], got ${this.#shown()}`);
    this.#next();
    const weak = this.#is('*');
    if (weak) this.#next();
    return { dtype, weak: weak ? { weak } : {} };
  }

  #atom(path: string): AtomDocument {
    this.#mark(path);
    const { kind, text } = this.#token;
    const pair = text === 'complex' && this.#text[this.#at] === '(';
    if (kind === 'word' && !pair && !['true', 'false', 'nan', 'inf'].includes(text)) return this.#word('a variable');
    const read = pair ? this.#pair() : this.#scalar();
    this.#expect(':');
    const { dtype, weak } = this.#dtype();
    // Other numbers than 64-bit integers are JavaScript's.
    const value = read instanceof Digits ? (domainOf(dtype) === 'bigint' ? read.text : read.number) : read;
    return { dtype, value, ...weak };
  }

  /** `complex(1.0, -0.0)`. */
  #pair(): readonly [number | string, number | string] {
    this.#next();
    this.#expect('(');
    const re = this.#part();
    this.#expect(',');
    const im = this.#part();
    this.#expect(')');
    return [re, im];
  }

  #part(): number | string {
    const value = this.#scalar();
    if (value instanceof Digits) return value.number;
    return typeof value === 'string' ? value : this.#fail('expected a number');
  }

  #scalar(): Digits | boolean | string {
    const { kind, text } = this.#token;
    if (kind !== 'number' && kind !== 'word')
      return this.#fail(`expected a variable or a literal, got ${this.#shown()}`);
    this.#next();
    if (text === 'true' || text === 'false') return text === 'true';
    if (text.endsWith('inf')) return text;
    if (text === 'nan') {
      if (!this.#is(':')) this.#fail(`expected : and the bits of the NaN, got ${this.#shown()}`);
      return `nan:${this.#raw(/0x[0-9a-f]+/y, '0x and the bits of the NaN')}`;
    }
    return new Digits(text);
  }

  #base64(): string {
    if (!this.#is('=')) this.#fail(`expected = (constants stand before ;, inputs after it), got ${this.#shown()}`);
    return this.#raw(/ *base64:[A-Za-z0-9+/=]*/y, 'base64:…')
      .trimStart()
      .slice('base64:'.length);
  }

  /** The characters right after the current token that match, and on to the token after them. */
  #raw(pattern: RegExp, what: string): string {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#text)?.[0];
    if (text === undefined) return this.failAt(this.#at, `expected ${what}`);
    this.#at += text.length;
    this.#next();
    return text;
  }

  #integer(): number {
    const { kind, text } = this.#token;
    if (kind !== 'number' || !/^\d{1,15}$/.test(text)) this.#fail(`expected a number ≥ 0, got ${this.#shown()}`);
    this.#next();
    return Number(text);
  }

  #word(what: string): string {
    const { kind, text } = this.#token;
    if (kind !== 'word') this.#fail(`expected ${what}, got ${this.#shown()}`);
    this.#next();
    return text;
  }

  #expect(text: string): void {
    if (this.#token.text !== text) this.#fail(`expected ${text}, got ${this.#shown()}`);
    this.#next();
  }

  #is(text: string): boolean {
    return this.#token.text === text;
  }

  #isWord(): boolean {
    return this.#token.kind === 'word';
  }

  #fail(message: string): never {
    return this.failAt(this.#token.start, message);
  }

  #shown(): string {
    return this.#token.kind === 'end' ? 'the end of the text' : JSON.stringify(this.#token.text.slice(0, 40));
  }

  #mark(path: string): void {
    this.#positions.set(path, this.#token.start);
  }

  #next(): void {
    this.#token = this.#lex();
  }

  #lex(): Token {
    let newLine = false;
    let comment = '';
    for (;;) {
      const start = this.#at;
      if (start >= this.#text.length) return { kind: 'end', text: '', start, newLine, comment };
      tokenPattern.lastIndex = start;
      const groups = tokenPattern.exec(this.#text)?.groups;
      if (groups === undefined) return this.failAt(start, `${JSON.stringify(this.#text[start])} has no meaning here`);
      this.#at = tokenPattern.lastIndex;
      const [kind, text] = Object.entries<string | undefined>(groups).find(([, t]) => t !== undefined) as [
        string,
        string,
      ];
      if (kind === 'line') newLine = true;
      else if (kind === 'comment') comment = newLine ? comment : text.slice(1).trim();
      else if (kind !== 'space') return { kind: kind as Token['kind'], text, start, newLine, comment };
    }
  }
}
