/**
 * The kernels that the lowerings are written with, and what has to be composed from them because an engine computes it
 * wrongly. Elementwise functions take tensors of one shape. uint32 is held as the int32 of the same bits.
 */
import { sizeOf } from '../../reference/core/host.ts';
import { type Engine, type Shape, type Storage, type Tensor, view } from './engine.ts';

export const INT_MIN: number = -(2 ** 31);
export const INT_MAX: number = 2 ** 31 - 1;

/**
 * Kernels that sum add one element after the other, in float32 on wasm. More than this are summed in parts, so that no
 * element takes part in more additions than spec/numerics.md#sum grants.
 */
export const LONGEST_RUN = 1024;

/** The elements in one dimension: what elementwise kernels get, as their code for several dimensions is slower. */
export const flat = (x: Tensor): Tensor => view(x, [sizeOf(x.shape)]);

export class Kernels {
  readonly engine: Engine;
  constructor(engine: Engine) {
    this.engine = engine;
  }

  get isWasm(): boolean {
    return this.engine.isWasm;
  }

  readonly run: Engine['run'] = (kernel, inputs, attributes) => this.engine.run(kernel, inputs, attributes);
  tidy(compute: () => Tensor): Tensor {
    return this.engine.tidy(compute);
  }
  readonly #binary =
    (kernel: string): ((a: Tensor, b: Tensor) => Tensor) =>
    (a, b) =>
      this.run(kernel, { a, b });
  readonly #unary =
    (kernel: string): ((x: Tensor) => Tensor) =>
    (x) =>
      this.run(kernel, { x });

  // ---- values

  full(shape: Shape, value: number, dtype: Storage): Tensor {
    return this.run('Fill', {}, { shape, value, dtype });
  }
  /** One value in the shape and dtype of `x`. */
  like(x: Tensor, value: number): Tensor {
    return this.full(x.shape, value, x.dtype);
  }
  /** No elements. */
  nothing(dtype: Storage): Tensor {
    const none = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[dtype];
    return this.engine.constant(new none(0), [0], dtype);
  }
  /** Values known when the program is compiled: positions, mostly. */
  ints(values: readonly number[] | Int32Array, shape: Shape): Tensor {
    return this.engine.constant(Int32Array.from(values), shape, 'int32');
  }
  /** Start, start + 1, … */
  range(start: number, length: number): Tensor {
    return this.ints(
      Array.from({ length }, (_, i) => start + i),
      [length],
    );
  }

  // ---- elementwise kernels that both engines compute right

  readonly add: (a: Tensor, b: Tensor) => Tensor = this.#binary('Add');
  readonly sub: (a: Tensor, b: Tensor) => Tensor = this.#binary('Sub');
  /** float32 only; see `mulInt`. */
  readonly mul: (a: Tensor, b: Tensor) => Tensor = this.#binary('Multiply');
  /** Integers truncate; wasm traps at x/0 and at INT_MIN/−1. */
  readonly div: (a: Tensor, b: Tensor) => Tensor = this.#binary('RealDiv');
  readonly eq: (a: Tensor, b: Tensor) => Tensor = this.#binary('Equal');
  readonly ne: (a: Tensor, b: Tensor) => Tensor = this.#binary('NotEqual');
  readonly lt: (a: Tensor, b: Tensor) => Tensor = this.#binary('Less');
  readonly le: (a: Tensor, b: Tensor) => Tensor = this.#binary('LessEqual');
  readonly gt: (a: Tensor, b: Tensor) => Tensor = this.#binary('Greater');
  readonly ge: (a: Tensor, b: Tensor) => Tensor = this.#binary('GreaterEqual');
  readonly and: (a: Tensor, b: Tensor) => Tensor = this.#binary('LogicalAnd');
  readonly or: (a: Tensor, b: Tensor) => Tensor = this.#binary('LogicalOr');
  readonly not: (x: Tensor) => Tensor = this.#unary('LogicalNot');
  readonly bitAnd: (a: Tensor, b: Tensor) => Tensor = this.#binary('BitwiseAnd');
  readonly negFloat: (x: Tensor) => Tensor = this.#unary('Neg');
  readonly absFloat: (x: Tensor) => Tensor = this.#unary('Abs');

  /** wasm's Select takes a bool for four bytes, and writes past its end. */
  where(condition: Tensor, yes: Tensor, no: Tensor): Tensor {
    if (this.isWasm && yes.dtype === 'bool')
      return this.or(this.and(condition, yes), this.and(this.not(condition), no));
    return this.run('Select', { condition, t: yes, e: no });
  }
  isNaN(x: Tensor): Tensor {
    return this.ne(x, x);
  }

  // ---- conversions

  /** true and false as 1 and 0: the cpu engine's Cast only renames the bytes. */
  fromBool(x: Tensor, dtype: Storage): Tensor {
    return this.where(x, this.full(x.shape, 1, dtype), this.full(x.shape, 0, dtype));
  }
  /** x ≠ 0: wasm's Cast keeps the low byte. */
  toBool(x: Tensor): Tensor {
    return this.ne(x, this.like(x, 0));
  }
  /** Rounds to nearest even. The cpu engine's Cast keeps the integers, which a product with 1 rounds. */
  intToFloat(x: Tensor): Tensor {
    if (this.isWasm) return this.run('Cast', { x }, { dtype: 'float32' });
    return this.mul({ ...x, dtype: 'float32' }, this.full(x.shape, 1, 'float32'));
  }
  /** Truncates floats whose integer part fits; NaN gives 0. */
  floatToInt(x: Tensor): Tensor {
    return this.run('Cast', { x }, { dtype: 'int32' });
  }

  // ---- integers modulo 2³²

  /** The cpu engine multiplies in double precision: one factor is split into parts whose products are exact there. */
  mulInt(a: Tensor, b: Tensor): Tensor {
    if (this.isWasm) return this.mul(a, b);
    const low = this.bitAnd(a, this.like(a, 0xffff));
    return this.add(this.mul(this.sub(a, low), b), this.mul(low, b));
  }
  bitOr(a: Tensor, b: Tensor): Tensor {
    return this.sub(this.add(a, b), this.bitAnd(a, b));
  }
  bitXor(a: Tensor, b: Tensor): Tensor {
    const common = this.bitAnd(a, b);
    return this.sub(this.sub(this.add(a, b), common), common);
  }
  /** Shifts in zeros, by 1 to 31 places. */
  shiftRight(x: Tensor, places: number): Tensor {
    const divisor = 2 ** places;
    const cleared = this.bitAnd(x, this.like(x, -divisor));
    // 2³¹ is no int32; −2³¹ divides to the same bit.
    const shifted = this.div(cleared, this.like(x, divisor > INT_MAX ? INT_MIN : divisor));
    return this.bitAnd(shifted, this.like(x, 2 ** (32 - places) - 1));
  }
  /** Maps uint32 to int32, both in their own order, and back. */
  flipSign(x: Tensor): Tensor {
    return this.add(x, this.like(x, INT_MIN));
  }

  // ---- shapes

  /** Repeats along the dimensions where `x` has size 1 and `shape` has not. */
  broadcast(x: Tensor, shape: Shape): Tensor {
    const reps = shape.map((n, d) => (x.shape[d] === n ? 1 : n));
    if (reps.every((n) => n === 1)) return x;
    // wasm's Tile copies element by element; its float addition is ten times as fast, and x + −0 is x.
    if (this.isWasm && x.dtype === 'float32' && shape.length <= 4) return this.add(x, this.full(shape, -0, 'float32'));
    return this.run('Tile', { x }, { reps });
  }
  /** A tensor of one element, repeated. */
  spread(x: Tensor, size: number): Tensor {
    return sizeOf(x.shape) === size ? flat(x) : this.broadcast(view(x, [1]), [size]);
  }
  transpose(x: Tensor, perm: Shape): Tensor {
    return perm.every((p, i) => p === i) ? x : this.run('Transpose', { x }, { perm });
  }
  /** wasm's Slice reads all of `x` first: many parts of one tensor are better cut by halves. */
  slice(x: Tensor, begin: Shape, size: Shape): Tensor {
    return size.every((n, d) => n === x.shape[d]) ? x : this.run('Slice', { x }, { begin, size });
  }
  /** Rows of `x` along `axis`; every index must be in range. */
  take(x: Tensor, indices: Tensor, axis: number): Tensor {
    return this.run('GatherV2', { x, indices }, { axis, batchDims: 0 });
  }
  concat(xs: readonly Tensor[], axis: number): Tensor {
    return xs.length === 1 ? xs[0]! : this.run('Concat', xs, { axis });
  }
}
