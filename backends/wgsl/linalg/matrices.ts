/**
 * Kernels that work on matrices in place, each by one invocation or by a team of them. What a team does one after the
 * other is the same in all its invocations; what can be done at once is shared out.
 */
import { sizeOf } from '../../../reference/core/host.ts';
import type { Builder } from '../compile/builder.ts';
import type { Code } from '../compile/statements.ts';
import { addIndex, Index, timesIndex } from '../compile/index-space.ts';
import type { Making } from '../compile/making.ts';
import type { Input, Node, Result } from '../compile/node.ts';

/** Invocations of a team, on GPUs, for matrices that are worth it. */
const TEAM = 64;
const WORTHWHILE = 16;

/** The invocations that work on one matrix. */
export class Team {
  readonly k: Builder;
  readonly size: number;
  constructor(k: Builder, size: number) {
    this.k = k;
    this.size = size;
  }

  /** `body` for each of [from, to), shared out. Others see what is written after the next `sync`. */
  share(from: Code, to: Code, body: (i: Code) => void): void {
    this.k.loop(this.size === 1 ? from : addIndex(from, 'local'), to, `${this.size}u`, body);
  }

  /** The same; when it ends everybody sees what was written. */
  each(from: Code, to: Code, body: (i: Code) => void): void {
    this.share(from, to, body);
    this.sync();
  }

  /** By one of them. Others see what is written after the next `sync`. */
  once(body: () => void): void {
    this.k.block(this.size === 1 ? '' : 'if (local == 0u)', body);
  }

  /** Nobody goes on before everybody is here. */
  sync(): void {
    if (this.size > 1) this.k.line('storageBarrier();');
  }

  /** The sum over all of [from, to), of which everybody adds a part. */
  total(type: 'f32' | 'vec2f', from: Code, to: Code, term: (i: Code) => Code): Code {
    const { k, size } = this;
    const sum = k.variable(type, `${type}()`);
    this.share(from, to, (i) => k.line(`${sum} = ${sum} + ${term(i)};`));
    if (size === 1) return k.read(sum);
    const parts = k.fresh('shared');
    k.declare(`var<workgroup> ${parts}: array<${type}, ${size}>;`);
    k.line(`${parts}[local] = ${sum};`);
    k.line('workgroupBarrier();');
    k.line(`${sum} = ${type}();`);
    k.loop('0u', `${size}u`, '1u', (i) => k.line(`${sum} = ${sum} + ${parts}[${i}];`));
    k.line('workgroupBarrier();');
    return k.read(sum);
  }

  /** A number that everybody finds alike, in a way that lets compilers see it: so the team may meet where it decides. */
  uniform(code: Code): Code {
    const { k } = this;
    if (this.size === 1) return k.read(code);
    const shared = k.fresh('shared');
    k.declare(`var<workgroup> ${shared}: u32;`);
    k.line(`if (local == 0u) { ${shared} = ${code}; }`);
    return k.read(`workgroupUniformLoad(&${shared})`);
  }

  /** `body` if a condition holds, which everybody finds alike. */
  when(condition: Code, body: () => void): void {
    this.k.block(`if (${this.uniform(`select(0u, 1u, ${condition})`)} != 0u)`, body);
  }
}

/** One team for each of `count` matrices whose larger dimension is `n`. */
export function byTeams(making: Making, count: number, n: number, body: (team: Team, matrix: Code) => void): void {
  if (making.target.cpu || n < WORTHWHILE) {
    making.each(count, (k, i) => body(new Team(k, 1), i));
    return;
  }
  making.workgroups(count, TEAM, (k) =>
    k.block(`if (workgroup < ${count}u)`, () => body(new Team(k, TEAM), 'workgroup')),
  );
}

/** One matrix of a batch, as its buffer holds it now. */
export class Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly #k: Builder;
  readonly #node: Node;
  readonly #base: Code;

  constructor(k: Builder, node: Node, matrix: Code, [rows, columns]: readonly [number, number]) {
    this.#k = k;
    this.#node = node;
    this.rows = rows;
    this.columns = columns;
    this.#base = k.let('u32', timesIndex(matrix, rows * columns));
  }

  #place(i: Code, j: Code): Code {
    return addIndex(this.#base, addIndex(timesIndex(i, this.columns), j));
  }
  at(i: Code, j: Code): Code {
    return this.#k.load(this.#node, this.#place(i, j));
  }
  set(i: Code, j: Code, code: Code): void {
    this.#k.store(this.#node, this.#place(i, j), code);
  }
}

/** Copies a value to where a kernel will change it. */
export function copied(making: Making, x: Node, to: Result | Input): void {
  making.buffers.allocate(to);
  const { shape } = x.type;
  making.each(sizeOf(shape), (k, i) => k.store(to, i, k.element(x, Index.flat(shape, i))));
}
