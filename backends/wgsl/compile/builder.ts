/**
 * The text of one kernel, written as its elements are asked for. Expressions have no effects, so that what is written once
 * in a block is used again by name, in that block and in those within it.
 */
import { type DType, finfo } from '../../../reference/core/dtypes.ts';
import { sizeOf } from '../../../reference/core/host.ts';
import { addIndex, Index, timesIndex } from './index-space.ts';
import type { Constant, Node, Result } from './node.ts';
import { layoutOf } from './node.ts';
import type { WgslFunction } from './wgsl-function.ts';
import { type Binding, type KernelText, kernelText } from './kernel-text.ts';
import { type Register, registerOf, type Stored, storedAs, type Type } from './types.ts';

/** Characters of a function, what it calls included, beyond which it is not written four times. */
const LONG_FUNCTION = 2000;

/** Names of a branch that are rather computed in vain. */
const SHORT_BRANCH = 8;

/** An expression of WGSL. */
export type Code = string;

/** Elements that are computed at once: vectors of four take a quarter of the invocations. */
export type Lanes = 1 | 4;

/** A value that a kernel also writes, where the result that it follows from is defined. */
export interface Following {
  readonly host: Result | null;
  readonly node: Node;
}

/** What a kernel sees of the program around it. */
export interface Surroundings {
  /** The number of the buffer that holds a value; null: it has none. */
  bufferOf(node: Node): number | null;
  /** The number of the row that it is in that buffer; null: it is all of it. */
  rowOf(node: Node): Node | null;
  /** What is written besides. */
  readonly following: readonly Following[];
}

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

interface Scope {
  readonly names: Map<string, Code>;
  readonly elements: Map<Node, Map<string, Code>>;
}

export class Builder {
  lanes: Lanes = 1;
  readonly #around: Surroundings;
  readonly #lines: string[] = [];
  readonly #scopes: Scope[] = [{ names: new Map(), elements: new Map() }];
  readonly #bindings = new Map<number, Binding>();
  readonly #functions = new Map<string, string>();
  readonly #declarations: string[] = [];
  readonly #literals: number[] = [];
  #names = 0;
  /** Invocations per workgroup. */
  readonly workgroup: number;

  constructor(around: Surroundings, workgroup: number) {
    this.#around = around;
    this.workgroup = workgroup;
  }

  // ---- text

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
    for (const { names } of this.#scopes) {
      const known = names.get(key);
      if (known !== undefined) return known;
    }
    const name = this.read(expression);
    this.#scopes.at(-1)!.names.set(key, name);
    return name;
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
    this.#scopes.push({ names: new Map(), elements: new Map() });
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
    this.#scopes.push({ names: new Map(), elements: new Map() });
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

  // ---- elements

  /** The element of a value. With four lanes the index is that of a vector. */
  element(node: Node, index: Index): Code {
    if (this.lanes === 4 && sizeOf(node.type.shape) === 1) return this.#spread(node);
    const layout = layoutOf(node);
    if (layout !== node) return this.element(layout, index.reshaped(this, layout.type.shape));
    const key = this.#keyOf(index);
    for (const { elements } of this.#scopes) {
      const known = elements.get(node)?.get(key);
      if (known !== undefined) return known;
    }
    const code = this.#compute(node, index);
    this.#remember(node, index, code);
    return code;
  }

  #keyOf(index: Index): string {
    return `${this.lanes};${index.key}`;
  }

  /** The element of a value with one axis or more, by the position along each. */
  at(node: Node, dims: readonly Code[]): Code {
    return this.element(node, Index.of(node.type.shape, dims));
  }

  #remember(node: Node, index: Index, code: Code): void {
    const key = this.#keyOf(index);
    const { elements } = this.#scopes.at(-1)!;
    const known = elements.get(node);
    if (known === undefined) elements.set(node, new Map([[key, code]]));
    else known.set(key, code);
  }

  #compute(node: Node, index: Index): Code {
    const buffer = this.#around.bufferOf(node);
    return buffer === null ? this.#make(node, index) : this.#load(buffer, node.type, index.flat(this));
  }

  /** An element that is in no buffer, or not yet. */
  #make(node: Node, index: Index): Code {
    switch (node.kind) {
      case 'constant':
        return this.constantOf(node);
      case 'pointwise': {
        const own = (x: Node): Index => (sizeOf(x.type.shape) === 1 ? Index.flat(x.type.shape, '0u') : index);
        const code = node.emit(
          this,
          node.operands.map((x) => this.element(x, own(x))),
        );
        return this.value(registerOf(node.type.dtype), code);
      }
      case 'indexed': {
        if (this.lanes === 1) return node.at(this, index);
        const register = registerOf(node.type.dtype);
        if (node.fours !== null) return this.value(register, node.fours(this, index.flat(this)));
        const four = this.scalars(index.flat(this)).map((i) =>
          this.inLanes(1, () => node.at(this, Index.flat(node.type.shape, i))),
        );
        return this.value(register, `${typeText(register, 4)}(${four.join(', ')})`);
      }
      default:
        throw new Error(`a ${node.kind} is in no buffer`);
    }
  }

  constantOf({ type, value, imaginary }: Constant): Code {
    return this.constant(type.dtype, value, imaginary);
  }

  /** The four positions of a vector. */
  scalars(vector: Code): readonly Code[] {
    return [0, 1, 2, 3].map((lane) => this.let('u32', `${vector} * 4u + ${lane}u`));
  }

  inLanes<T>(lanes: Lanes, body: () => T): T {
    const outer = this.lanes;
    this.lanes = lanes;
    try {
      return body();
    } finally {
      this.lanes = outer;
    }
  }

  /** The only element of a value, in all lanes. */
  #spread(node: Node): Code {
    const only = this.inLanes(1, () => this.element(node, Index.flat(node.type.shape, '0u')));
    const register = registerOf(node.type.dtype);
    return this.value(register, `${typeText(register, 4)}(${only})`);
  }

  // ---- buffers

  #bind(buffer: number, stored: Stored, written: boolean): Binding {
    let binding = this.#bindings.get(buffer);
    if (binding === undefined) {
      binding = { buffer, stored, settled: false, written, scalar: false, vector: false, atomic: false };
      this.#bindings.set(buffer, binding);
    }
    binding.written ||= written;
    if (this.lanes === 4) binding.vector = true;
    else binding.scalar = true;
    return binding;
  }

  /** What a buffer holds now: of a value that the kernel itself changes. */
  load(node: Node, at: Code): Code {
    const buffer = this.#around.bufferOf(layoutOf(node));
    if (buffer === null) throw new Error('a value without a buffer is not read');
    this.#bind(buffer, storedAs(node.type.dtype), false);
    return this.read(`load${this.lanes === 4 ? '4' : ''}_${buffer}(${at})`);
  }

  #load(buffer: number, { dtype }: Type, at: Code): Code {
    this.#bind(buffer, storedAs(dtype), false).settled = true;
    const loaded = `load${this.lanes === 4 ? '4' : ''}_${buffer}(${at})`;
    const zero = this.lanes === 4 ? 'vec4u()' : '0u';
    return this.value(registerOf(dtype), dtype === 'bool' ? `(${loaded} != ${zero})` : loaded);
  }

  /** Writes an element of a value that has a buffer; with four lanes `at` is that of a vector. */
  store(node: Node, at: Code, code: Code): void {
    const buffer = this.#around.bufferOf(layoutOf(node));
    if (buffer === null) throw new Error('a value without a buffer is not written');
    const { dtype } = node.type;
    this.#bind(buffer, storedAs(dtype), true);
    const [zero, one] = this.lanes === 4 ? ['vec4u()', 'vec4u(1u)'] : ['0u', '1u'];
    this.line(
      `store_${buffer}(${addIndex(this.#rowStart(node), at)}, ${dtype === 'bool' ? `select(${zero}, ${one}, ${code})` : code});`,
    );
  }

  /**
   * The address of a word of a value that has a buffer, for WGSL's atomic functions: of an integer, or of the bits of a
   * float. The kernel uses that buffer in no other way.
   */
  atomic(node: Node, at: Code): Code {
    const buffer = this.#around.bufferOf(layoutOf(node));
    if (buffer === null) throw new Error('a value without a buffer is not changed');
    this.#bind(buffer, registerOf(node.type.dtype) === 'i32' ? 'i32' : 'u32', true).atomic = true;
    return `&b${buffer}[${at}]`;
  }

  /** Where the row begins that a value is. */
  #rowStart(node: Node): Code {
    const row = this.#around.rowOf(node);
    if (row === null) return '0u';
    const at = this.inLanes(1, () => this.element(row, Index.flat([], '0u')));
    return this.let('u32', timesIndex(at, sizeOf(node.type.shape) / this.lanes));
  }

  /** The element of a result is known: it is written, if it has a buffer, and so is what follows from it. */
  define(result: Result, index: Index, code: Code): void {
    const at = index.flat(this);
    this.#remember(result, Index.flat(result.type.shape, at), code);
    if (this.#around.bufferOf(result) !== null) this.store(result, at, code);
    this.follow(result, at);
  }

  /** Writes what follows from a result, or from nothing but what is in buffers. */
  follow(host: Result | null, at: Code): void {
    for (const { host: of, node } of this.#around.following) {
      if (of !== host) continue;
      const own = Index.flat(node.type.shape, at);
      const code = this.#make(node, own);
      this.#remember(node, own, code);
      this.store(node, at, code);
    }
  }

  // ---- the end

  finish(): KernelText {
    return kernelText({
      bindings: [...this.#bindings.values()],
      literals: this.#literals,
      declarations: [...this.#declarations, ...this.#functions.values()],
      workgroup: this.workgroup,
      body: this.#lines,
    });
  }
}

function integerText(register: 'i32' | 'u32' | 'bool', value: number): Code {
  if (register === 'bool') return value ? 'true' : 'false';
  if (register === 'u32') return `${value}u`;
  return value === -(2 ** 31) ? 'i32(-2147483647 - 1)' : `i32(${value})`;
}
