/**
 * The statements of one kernel. Expressions have no effects, so that what is written once in a block is used again by
 * name, in that block and in those within it.
 */
import { type DType, finfo } from '../../../reference/core/dtypes.ts';
import type { WgslFunction } from './wgsl-function.ts';
import { type Register, registerOf } from './types.ts';

/** Characters of a function, what it calls included, beyond which it is not written four times. */
const LONG_FUNCTION = 2000;

/** Names of a branch that are rather computed in vain. */
const SHORT_BRANCH = 8;

/** An expression of WGSL. */
export type Code = string;

/** Elements that are computed at once: vectors of four take a quarter of the invocations. */
export type Lanes = 1 | 4;

const VECTOR: Readonly<Record<Exclude<Register, 'vec2f'>, string>> = {
  f32: 'vec4f',
  i32: 'vec4i',
  u32: 'vec4u',
  bool: 'vec4<bool>',
};

/** The type of a register of so many elements. */
export function typeText(register: Register, lanes: Lanes): string {
  if (lanes === 1) return register;
  if (register === 'vec2f') throw new Error('complex numbers are computed one at a time');
  return VECTOR[register];
}

/** What a kernel says, in the order of writing. */
export class Statements {
  /** How many elements a value of now is. */
  lanes: Lanes = 1;
  readonly #lines: string[] = [];
  /** The names of what is known in a block, by what it is. */
  readonly #scopes = [new Map<string, Code>()];
  readonly #functions = new Map<string, string>();
  readonly #declarations: string[] = [];
  readonly #literals: number[] = [];
  #names = 0;

  // ---- statements

  /** What `body` says with so many lanes. */
  inLanes<T>(lanes: Lanes, body: () => T): T {
    const outer = this.lanes;
    this.lanes = lanes;
    try {
      return body();
    } finally {
      this.lanes = outer;
    }
  }

  /** A name that is new in the kernel. Numbers follow the prefix, which must not make it a type: `i32`. */
  fresh(prefix: string = 'v'): string {
    return `${prefix}${this.#names++}`;
  }

  line(text: string): void {
    this.#lines.push('  '.repeat(this.#scopes.length) + text);
  }

  /** The name of a value; an expression without effects is only written once. */
  let(type: string, expression: Code): Code {
    if (/^v\d+$/.test(expression)) return expression;
    const key = `${type}:${expression}`;
    const known = this.known(key);
    if (known !== undefined) return known;
    const name = this.read(expression);
    this.remember(key, name);
    return name;
  }

  /** What stands for `key` in this block or one around it. */
  protected known(key: string): Code | undefined {
    for (const scope of this.#scopes) {
      const known = scope.get(key);
      if (known !== undefined) return known;
    }
    return undefined;
  }

  /** Until the end of this block. */
  protected remember(key: string, code: Code): void {
    this.#scopes.at(-1)!.set(key, code);
  }

  /** The value of an expression now: of a variable, which may change. */
  read(expression: Code): Code {
    const name = this.fresh();
    this.line(`let ${name} = ${expression};`);
    return name;
  }

  /** A variable. */
  variable(type: string, initial: Code | null): string {
    const name = this.fresh('x');
    this.line(`var ${name}: ${type}${initial === null ? '' : ` = ${initial}`};`);
    return name;
  }

  /** A value of a type of its own: `register` with the lanes of now. */
  value(register: Register, expression: Code): Code {
    return this.let(typeText(register, this.lanes), expression);
  }

  /** `header { … }`: names that are made within are forgotten after it. */
  block(header: string, body: () => void): void {
    this.line(`${header} {`);
    this.#scopes.push(new Map());
    body();
    this.#scopes.pop();
    this.line('}');
  }

  /** Counts from `from` up to before `to`, by `step`. */
  loop(from: Code, to: Code, step: Code, body: (i: Code) => void): void {
    const i = this.fresh('n');
    this.block(`for (var ${i} = ${from}; ${i} < ${to}; ${i} += ${step})`, () => body(this.read(i)));
  }

  /** One of two values, of which only that one is computed if that takes more than a few names: branches are dear too. */
  either(register: Register, condition: Code, yes: () => Code, no: () => Code): Code {
    const branches = [yes, no].map((body) => this.#aside(body));
    if (branches.every(({ lines }) => this.#isShort(lines))) {
      for (const { lines } of branches) this.#lines.push(...lines);
      return this.value(register, `select(${branches[1]!.code}, ${branches[0]!.code}, ${condition})`);
    }
    const result = this.variable(typeText(register, this.lanes), null);
    for (const [i, { lines, code }] of branches.entries()) {
      this.line(i === 0 ? `if (${condition}) {` : '} else {');
      this.#lines.push(...lines);
      this.line(`${result} = ${code};`);
    }
    this.line('}');
    return this.read(result);
  }

  /** Whether lines are few, and name what is read or computed in a step. Reads beyond the end of a buffer are allowed. */
  #isShort(lines: readonly string[]): boolean {
    const calls = (line: string): boolean => [...this.#functions.keys()].some((name) => line.includes(`${name}(`));
    return lines.length <= SHORT_BRANCH && lines.every((line) => line.trimStart().startsWith('let ') && !calls(line));
  }

  /** What `body` writes, in a block of its own. */
  #aside(body: () => Code): { readonly lines: readonly string[]; readonly code: Code } {
    const from = this.#lines.length;
    this.#scopes.push(new Map());
    const code = body();
    this.#scopes.pop();
    return { lines: this.#lines.splice(from), code };
  }

  /** Something outside of the entry point: workgroup memory. */
  declare(text: string): void {
    this.#declarations.push(text);
  }

  /** The name of an array that the workgroup shares. */
  shared(type: string, length: number): string {
    const name = this.fresh('shared');
    this.declare(`var<workgroup> ${name}: array<${type}, ${length}>;`);
    return name;
  }

  #use({ name, text, uses }: WgslFunction): void {
    if (this.#functions.has(name)) return;
    for (const other of uses) this.#use(other);
    this.#functions.set(name, text);
  }

  /** The result of a function, element by element; pairs of words one at a time. */
  call(f: WgslFunction, register: Register | 'vec2u', ...operands: readonly Code[]): Code {
    this.#use(f);
    if (this.lanes === 1) return this.let(register, `${f.name}(${operands.join(', ')})`);
    if (register === 'vec2u') throw new Error('pairs of words are computed one at a time');
    if (f.length > LONG_FUNCTION) return this.#callInTurn(f, register, operands);
    const each = ['x', 'y', 'z', 'w'].map((lane) => `${f.name}(${operands.map((x) => `${x}.${lane}`).join(', ')})`);
    return this.value(register, `${typeText(register, 4)}(${each.join(', ')})`);
  }

  /** Lane by lane in a loop: written four times it would take drivers four times as long to compile. */
  #callInTurn(f: WgslFunction, register: Register, operands: readonly Code[]): Code {
    const type = typeText(register, 4);
    const result = this.variable(type, `${type}()`);
    this.loop('0u', '4u', '1u', (i) => {
      this.line(`${result}[${i}] = ${f.name}(${operands.map((x) => `${x}[${i}]`).join(', ')});`);
    });
    return this.read(result);
  }

  // ---- numbers

  /** The same number in all lanes. */
  constant(dtype: DType, value: number, imaginary: number = 0): Code {
    const register = registerOf(dtype);
    if (register === 'vec2f') return this.let('vec2f', `vec2f(${this.#float(value)}, ${this.#float(imaginary)})`);
    const scalar = register === 'f32' ? this.#float(value) : integerText(register, value);
    return this.value(register, this.lanes === 1 ? scalar : `${typeText(register, 4)}(${scalar})`);
  }

  /**
   * Compilers fold x·0 to 0 and x + 0 to x, wrongly for NaN, infinities and −0, and may not be told of infinities at all:
   * such numbers are read from a buffer.
   */
  #float(value: number): Code {
    const rounded = Math.fround(value);
    const { tiny } = finfo('float32');
    if (Number.isFinite(rounded) && Math.abs(rounded) >= tiny) return `${rounded}f`;
    const bits = new Uint32Array(Float32Array.of(rounded).buffer)[0]!;
    return this.let('f32', `bitcast<f32>(${this.#literal(bits)})`);
  }

  #literal(bits: number): Code {
    let at = this.#literals.indexOf(bits);
    if (at < 0) at = this.#literals.push(bits) - 1;
    return `literals[${at >> 2}].${'xyzw'[at & 3]}`;
  }

  /** A u32 beside the text: kernels that differ in it only are one pipeline. */
  parameter(value: number): Code {
    return this.let('u32', this.#literal(value));
  }

  // ---- the end

  /** The statements, and what they use. */
  protected written(): { body: readonly string[]; declarations: readonly string[]; literals: readonly number[] } {
    return {
      body: this.#lines,
      declarations: [...this.#declarations, ...this.#functions.values()],
      literals: this.#literals,
    };
  }
}

function integerText(register: 'i32' | 'u32' | 'bool', value: number): Code {
  if (register === 'bool') return value ? 'true' : 'false';
  if (register === 'u32') return `${value}u`;
  return value === -(2 ** 31) ? 'i32(-2147483647 - 1)' : `i32(${value})`;
}
