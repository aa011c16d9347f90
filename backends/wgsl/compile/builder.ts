/** The kernel's own part of a program: the elements of its values, written as they are asked for, and the buffers. */
import { sizeOf } from '../../../reference/core/host.ts';
import { addIndex, Index, timesIndex } from './index-space.ts';
import { type Binding, type KernelText, kernelText } from './kernel-text.ts';
import { type Constant, layoutOf, type Node, type Result } from './node.ts';
import { type Code, Statements, typeText } from './statements.ts';
import { registerOf, type Stored, storedAs, type Type } from './types.ts';

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

/** The text of one kernel. */
export class Builder extends Statements {
  readonly #around: Surroundings;
  readonly #bindings = new Map<number, Binding>();
  readonly #numbers = new Map<Node, number>();
  /** Invocations per workgroup. */
  readonly workgroup: number;

  constructor(around: Surroundings, workgroup: number) {
    super();
    this.#around = around;
    this.workgroup = workgroup;
  }

  // ---- elements

  /** The element of a value. With four lanes the index is that of a vector. */
  element(node: Node, index: Index): Code {
    if (this.lanes === 4 && sizeOf(node.type.shape) === 1) return this.#spread(node);
    const layout = layoutOf(node);
    if (layout !== node) return this.element(layout, index.reshaped(this, layout.type.shape));
    const key = this.#keyOf(node, index);
    const known = this.known(key);
    if (known !== undefined) return known;
    const code = this.#compute(node, index);
    this.remember(key, code);
    return code;
  }

  #keyOf(node: Node, index: Index): string {
    let number = this.#numbers.get(node);
    if (number === undefined) this.#numbers.set(node, (number = this.#numbers.size));
    return `element ${number} ${this.lanes};${index.key}`;
  }

  /** The element of a value with one axis or more, by the position along each. */
  at(node: Node, dims: readonly Code[]): Code {
    return this.element(node, Index.of(node.type.shape, dims));
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
    this.remember(this.#keyOf(result, Index.flat(result.type.shape, at)), code);
    if (this.#around.bufferOf(result) !== null) this.store(result, at, code);
    this.follow(result, at);
  }

  /** Writes what follows from a result, or from nothing but what is in buffers. */
  follow(host: Result | null, at: Code): void {
    for (const { host: of, node } of this.#around.following) {
      if (of !== host) continue;
      const own = Index.flat(node.type.shape, at);
      const code = this.#make(node, own);
      this.remember(this.#keyOf(node, own), code);
      this.store(node, at, code);
    }
  }

  // ---- the end

  finish(): KernelText {
    return kernelText({
      ...this.written(),
      bindings: [...this.#bindings.values()],
      workgroup: this.workgroup,
    });
  }
}
