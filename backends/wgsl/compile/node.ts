/**
 * Programs while they are compiled: graphs of values that say how to compute one element, wherever it is asked for. What
 * is stored in a buffer, and what is computed where it is used, is decided for the whole graph (schedule.ts).
 */
import type { HostArray } from '../../../reference/core/host.ts';
import type { SourceLocation } from '../../../reference/core/source.ts';
import type { Builder } from './builder.ts';
import type { Code } from './statements.ts';
import type { Index } from './index-space.ts';
import type { Making } from './making.ts';
import type { Type } from './types.ts';

export type Node = Input | Constant | Pointwise | Indexed | Result;

/** A value that is in a buffer before the program runs. */
export class Input {
  readonly kind = 'input';
  readonly type: Type;
  /** Its value, where that is part of the program. */
  readonly value: HostArray | null;
  constructor(type: Type, value: HostArray | null = null) {
    this.type = type;
    this.value = value;
  }
}

/** One number in a place of every element: a part of the kernel's text, or beside it where compilers would fold it wrongly. */
export class Constant {
  readonly kind = 'constant';
  readonly type: Type;
  /** A number; of complex ones the real part. */
  readonly value: number;
  readonly imaginary: number;
  constructor(type: Type, value: number, imaginary: number = 0) {
    this.type = type;
    this.value = value;
    this.imaginary = imaginary;
  }
}

/** Each element is made of the elements of the operands at the same index, or of the only element of an operand. */
export class Pointwise {
  readonly kind = 'pointwise';
  readonly type: Type;
  readonly operands: readonly Node[];
  /** In additions: 1 for arithmetic, some tens for transcendental functions. */
  readonly cost: number;
  /** The expression; of vectors of four where `k.lanes` is 4. */
  readonly emit: (k: Builder, operands: readonly Code[]) => Code;
  constructor(type: Type, operands: readonly Node[], cost: number, emit: Pointwise['emit']) {
    this.type = type;
    this.operands = operands;
    this.cost = cost;
    this.emit = emit;
  }
}

/** Each element is made of elements of the operands elsewhere: views, gathers, positions. */
export class Indexed {
  readonly kind = 'indexed';
  readonly type: Type;
  readonly operands: readonly Node[];
  readonly cost: number;
  readonly at: (k: Builder, index: Index) => Code;
  /** The operand that has the same elements in the same order (a reshape): it needs no buffer of its own. */
  readonly sameLayout: Node | null;
  /** The axis that each axis of the only operand has become, where that is all: a transpose, a broadcast. */
  readonly axes: readonly number[] | null;
  /** The four elements of a vector, by its position; null: they are found one by one. */
  readonly fours: ((k: Builder, vector: Code) => Code) | null;
  constructor(
    type: Type,
    operands: readonly Node[],
    at: Indexed['at'],
    {
      cost = 0,
      sameLayout = null,
      axes = null,
      fours = null,
    }: Partial<Pick<Indexed, 'cost' | 'sameLayout' | 'axes' | 'fours'>> = {},
  ) {
    this.type = type;
    this.operands = operands;
    this.at = at;
    this.cost = cost;
    this.sameLayout = sameLayout;
    this.axes = axes;
    this.fours = fours;
  }
}

/** A result of a computation that has kernels of its own. */
export class Result {
  readonly kind = 'result';
  readonly type: Type;
  readonly of: Computation;
  constructor(type: Type, of: Computation) {
    this.type = type;
    this.of = of;
  }
}

export interface ComputationParts {
  /** What error messages and labels call it. */
  readonly name: string;
  readonly operands: readonly Node[];
  readonly results: readonly Type[];
  /** Operands that kernels compute where they need an element, and only once or so; the others are read from buffers. */
  readonly pulled?: readonly Node[];
  /** Whether kernels `define` every element of a result once, with no more to come: what follows can be computed there. */
  readonly finishes?: boolean;
  /** Makes the steps. */
  readonly make: (making: Making, computation: Computation) => void;
}

/** Kernels of their own: reductions, products, sorting, loops. */
export class Computation {
  readonly name: string;
  readonly operands: readonly Node[];
  readonly pulled: ReadonlySet<Node>;
  readonly finishes: boolean;
  readonly results: readonly Result[];
  readonly make: (making: Making) => void;
  constructor({ name, operands, results, pulled = [], finishes = false, make }: ComputationParts) {
    this.name = name;
    this.operands = operands;
    this.pulled = new Set(pulled);
    this.finishes = finishes;
    this.results = results.map((type) => new Result(type, this));
    this.make = (making) => make(making, this);
  }
}

/** The user's line of nodes, for labels and errors. */
export type Sources = ReadonlyMap<Node | Computation, SourceLocation>;

export const operandsOf = (node: Node): readonly Node[] => ('operands' in node ? node.operands : []);

/** What holds the elements of a node, reshapes taken off. */
export function layoutOf(node: Node): Node {
  let at = node;
  while (at.kind === 'indexed' && at.sameLayout !== null) at = at.sameLayout;
  return at;
}
