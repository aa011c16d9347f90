/** What computations with kernels of their own make their steps with. */
import { isComplex } from '../../../reference/core/dtypes.ts';
import { sizeOf } from '../../../reference/core/host.ts';
import type { SourceLocation } from '../../../reference/core/source.ts';
import { Builder, type Following, type Surroundings } from './builder.ts';
import type { Code } from './statements.ts';
import { Input, layoutOf, type Node, operandsOf } from './node.ts';
import type { PlannedBuffer, Step } from './plan.ts';
import { bufferBytes, type Type } from './types.ts';

/** What a program is compiled for. */
export interface Target {
  /** The adapter is a CPU: memory of workgroups and barriers cost more than they save. */
  readonly cpu: boolean;
  /** Buffers that one kernel may use. */
  readonly buffers: number;
  /** Invocations of a workgroup, unless a kernel says otherwise. */
  readonly workgroup: number;
}

/** Threads of a CPU take turns at workgroups: where there are few invocations with much to do they are dealt out like this. */
const SMALL_WORKGROUP = 8;
const FEW_WORKGROUPS = 16;

/** From so many elements on kernels compute four at once; for fewer the shorter text is what counts. */
export const FOURS_FROM = 512;

/** The longest that one dimension of a dispatch may be, on every adapter. */
export const MOST_WORKGROUPS = 65_535;

/** The buffers of a program, and which values they hold. */
export class Buffers {
  readonly planned: PlannedBuffer[] = [];
  readonly #of = new Map<Node, number>();
  readonly #rows = new Map<Node, Node>();

  /** The buffer of a value, which it is given if it has none. */
  allocate(node: Node, content: PlannedBuffer['content'] = null): number {
    const known = this.of(node);
    if (known !== null) return known;
    const buffer = this.planned.push({ bytes: bufferBytes(node.type), content }) - 1;
    this.#of.set(node, buffer);
    return buffer;
  }

  /** Values that are part of the program get their buffer when they are asked for. */
  of(node: Node): number | null {
    const known = this.#of.get(node);
    if (known !== undefined) return known;
    return node.kind === 'input' && node.value !== null ? this.allocateValue(node) : null;
  }

  private allocateValue(node: Input): number {
    const buffer = this.planned.push({ bytes: bufferBytes(node.type), content: { value: node.value! } }) - 1;
    this.#of.set(node, buffer);
    return buffer;
  }

  /** The value is in the buffer of another one from now on: as one row of it, if `row` says at run time which. */
  alias(node: Node, buffer: number, row: Node | null = null): void {
    this.#of.set(node, buffer);
    if (row !== null) this.#rows.set(node, row);
  }

  /** The number of the row that a value is in its buffer; null: it is all of it. */
  rowOf(node: Node): Node | null {
    return this.#rows.get(node) ?? null;
  }
}

export class Making {
  readonly target: Target;
  readonly buffers: Buffers;
  readonly steps: Step[] = [];
  readonly #label: string;
  readonly #source: SourceLocation | null;
  readonly #following: readonly Following[];

  constructor(
    target: Target,
    buffers: Buffers,
    label: string,
    source: SourceLocation | null,
    following: readonly Following[],
  ) {
    this.target = target;
    this.buffers = buffers;
    this.#label = label;
    this.#source = source;
    this.#following = following;
  }

  /** Whether a value has a buffer. */
  holds(node: Node): boolean {
    return this.buffers.of(layoutOf(node)) !== null;
  }

  /** Whether values, and what follows from the results, are computed four at a time: if they are many, made of real numbers. */
  byFour(nodes: readonly Node[]): boolean {
    if (nodes.every(({ type }) => sizeOf(type.shape) < FOURS_FROM)) return false;
    const seen = new Set<Node>();
    const stack = [...nodes, ...this.#following.map(({ node }) => node)];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      if (isComplex(node.type.dtype)) return false;
      if (this.#following.some((own) => own.node === node) || !this.holds(node)) stack.push(...operandsOf(node));
    }
    return true;
  }

  /** Fills the buffer of one value with that of another. */
  copy(from: Node, to: Node): void {
    this.steps.push({
      kind: 'copy',
      label: this.#label,
      source: this.#source,
      from: this.buffers.of(layoutOf(from))!,
      to: this.buffers.of(to)!,
    });
  }

  /** A value between kernels. */
  temporary(type: Type): Input {
    const node = new Input(type);
    this.buffers.allocate(node);
    return node;
  }

  /** One invocation of `body` for each of `count`, which is beside the text: more or fewer elements take the same pipeline. */
  each(count: number, body: (k: Builder, i: Code) => void): void {
    this.#each(count, this.target.workgroup, body);
  }

  /** As `each`, of invocations that have much to do each. */
  eachLong(count: number, body: (k: Builder, i: Code) => void): void {
    const { cpu, workgroup } = this.target;
    const isSmall = cpu && count < FEW_WORKGROUPS * workgroup;
    this.#each(count, isSmall ? SMALL_WORKGROUP : workgroup, body);
  }

  #each(count: number, size: number, body: (k: Builder, i: Code) => void): void {
    this.workgroups(Math.ceil(count / size), size, (k) =>
      k.block(`if (invocation < ${k.parameter(count)})`, () => body(k, 'invocation')),
    );
  }

  /**
   * A kernel of so many workgroups of so many invocations. In its text `workgroup` is the number of the workgroup, which
   * may exceed `count`, `local` that of the invocation in it, and `invocation` that among all.
   */
  workgroups(count: number, size: number, body: (k: Builder) => void): void {
    if (count === 0) return;
    const around: Surroundings = {
      bufferOf: (node) => this.buffers.of(layoutOf(node)),
      rowOf: (node) => this.buffers.rowOf(node),
      following: this.#following,
    };
    const k = new Builder(around, size);
    body(k);
    this.steps.push({
      kind: 'kernel',
      label: this.#label,
      source: this.#source,
      ...k.finish(),
      workgroups: gridOf(count),
    });
  }
}

function gridOf(count: number): readonly [number, number, number] {
  const rows = Math.ceil(count / MOST_WORKGROUPS);
  return [Math.ceil(count / rows), rows, 1];
}
