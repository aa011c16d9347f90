/** What random programs are to meet: every primitive × dtype × shape class, those met least first. */
import { type DType, shortName } from '../../../reference/core/dtypes.ts';
import { type AnyFirstOrder, SHAPE_CLASSES, type ShapeClass } from '../../../reference/core/primitive.ts';
import { type PrimitiveName, primitives } from '../../../reference/primitives/index.ts';
import type { RandomStream } from '../random-stream.ts';

export interface Target {
  readonly primitive: AnyFirstOrder;
  readonly dtype: DType;
  readonly shapeClass: ShapeClass;
}

/** The targets of a dtype, in the order of the table. */
export const targetsOf = (dtype: DType): Target[] =>
  Object.values<AnyFirstOrder>(primitives)
    .filter((primitive) => primitive.dtypes.includes(dtype))
    .flatMap((primitive) => SHAPE_CLASSES.map((shapeClass) => ({ primitive, dtype, shapeClass })));

/** What a program has in it: a call, or a program within. */
export interface Met {
  readonly primitive: string;
  readonly dtype: DType;
  readonly shapeClass: ShapeClass | 'nested';
}

/** `reduce_sum/f32/odd`. */
export const cellName = ({ primitive, dtype, shapeClass }: Met): string =>
  `${primitive}/${shortName(dtype)}/${shapeClass}`;

/** What nearly every backend has: of programs made of these only, a backend that is begun answers some. */
const PLAIN: ReadonlySet<string> = new Set<PrimitiveName>([
  ...(['add', 'sub', 'mul', 'div', 'neg', 'abs', 'sign', 'max', 'min', 'floor', 'sqrt'] as const),
  ...(['exp', 'log1p', 'sin', 'cos', 'tanh', 'logistic', 'erf', 'lt', 'eq', 'select_n'] as const),
  ...(['reduce_sum', 'reduce_max', 'dot_general', 'reshape', 'transpose', 'broadcast_in_dim'] as const),
  ...(['rev', 'slice', 'concatenate', 'cumsum', 'real', 'imag', 'complex', 'conj'] as const),
]);
export const isPlain = ({ primitive }: Target): boolean => PLAIN.has(primitive.name);

/** Draws the targets of each dtype in a random order, all of them before any comes again. */
export class Steering {
  readonly #random: RandomStream;
  readonly #isWanted: (target: Target) => boolean;
  readonly #queues = new Map<string, Target[]>();

  constructor(random: RandomStream, isWanted: (target: Target) => boolean) {
    this.#random = random;
    this.#isWanted = isWanted;
  }

  /** `nested`: for a program within, whose operands nobody can promise anything of. */
  next(dtype: DType, nested: boolean): Target {
    const key = `${dtype} ${nested}`;
    let queue = this.#queues.get(key);
    if (queue === undefined || queue.length === 0) {
      const all = targetsOf(dtype).filter((target) => this.#isWanted(target) && !(nested && promises(target)));
      queue = shuffled(all, this.#random);
      this.#queues.set(key, queue);
    }
    return queue.pop()!;
  }
}

/** Whether calls promise something of their indices, which does not hold of others. */
const promises = ({ primitive }: Target): boolean => 'unique_indices' in primitive.params;

function shuffled<T>(all: readonly T[], random: RandomStream): T[] {
  const order = [...all];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
