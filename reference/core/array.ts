/**
 * Concrete arrays and where they live. An array made from JavaScript numbers is uncommitted, and so is what is computed
 * from such arrays alone: they go where the others are. Every other array lives on the device that computed it.
 */
import type { Buffer } from './backend.ts';
import { dtypes } from './dtypes.ts';
import { ArgumentError, DisposedError, MixedBackendsError, NoSyncReadError } from './errors.ts';
import { type Aval, type Complex, type HostArray, type HostData, showAval, sizeOf } from './host.ts';
import { NDArray, type Nested } from './ndarray.ts';
import type { Backend } from './open-backend.ts';
import { type Collectable, currentScope, hasTemporaries, isTemporaries, type Scope, temporary } from './scopes.ts';
import { elementOf, nested, showValue } from './show.ts';

/** Where a value is: on a backend's device, on the host only (uncommitted), or nowhere any more. */
type Place = {
  readonly backend: Backend;
  readonly buffer: Buffer;
  /** Arrays that hold the buffer; it goes with the last of them. */
  owners: number;
};

function leave(place: Place): void {
  if (--place.owners === 0 && !place.backend.closed) place.backend.session.free(place.buffer);
}
/** Told of the places of an array that nobody can reach; there are none any more if it was released before. */
const registry =
  typeof FinalizationRegistry === 'undefined'
    ? null
    : new FinalizationRegistry<readonly Place[]>((places) => places.forEach(leave));

/** Yields to other work. setImmediate, where there is one, does not wait for a millisecond as setTimeout does. */
const macrotask = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });

/** An array with a value. Made by `fromHost` (uncommitted) or by computing. */
export class ConcreteArray extends NDArray implements Collectable {
  readonly aval: Aval;
  /** The value on the host, if known there. */
  #host: HostArray | null;
  /** The backend that the array is bound to; null: uncommitted. */
  #home: Backend | null;
  /** Copies on devices: the home, or those where an uncommitted array was computed or used. */
  readonly #places: Place[] = [];
  /** Memory as large as what `#places` hide, never touched: the garbage collector hurries by what it can see. */
  #ballast: ArrayBuffer[] = [];
  /** How it was released; a function where telling takes time. */
  #gone: string | (() => string) | null = null;
  #scope: Scope | null = currentScope();

  private constructor(aval: Aval, host: HostArray | null, home: Backend | null) {
    super();
    this.aval = aval;
    this.#host = host;
    this.#home = home;
    this.#scope?.add(this);
  }

  /** @internal Hands the array to another collector; null: to none. */
  collectIn(other: Scope | null): void {
    this.#scope?.delete(this);
    this.#scope = other;
    other?.add(this);
  }

  /** @internal True if a running transformation frees the array at its end. */
  get isTemporary(): boolean {
    return isTemporaries(this.#scope);
  }

  /** An uncommitted array. `host.data` must not be changed afterwards. */
  static fromHost(host: HostArray, weak: boolean = false): ConcreteArray {
    return new ConcreteArray({ shape: host.shape, dtype: host.dtype, weak }, host, null);
  }

  /** An array that owns `buffer`. */
  static fromBuffer(aval: Aval, backend: Backend, buffer: Buffer, committed: boolean = true): ConcreteArray {
    const array = new ConcreteArray(aval, null, committed ? backend : null);
    array.#hold({ backend, buffer, owners: 0 });
    return array;
  }

  /** @internal Another array of the same value, in the same memory: either may be disposed first. */
  alias(weak: boolean = this.aval.weak): ConcreteArray {
    this.#check();
    const other = new ConcreteArray({ ...this.aval, weak }, this.#host, this.#home);
    for (const place of this.#places) other.#hold(place);
    return other;
  }

  #hold(place: Place): void {
    place.owners++;
    if (this.#places.push(place) === 1) registry?.register(this, this.#places);
    if (place.backend.definition.capabilities.hiddenMemory === true) {
      this.#ballast.push(new ArrayBuffer(sizeOf(this.shape) * dtypes[this.dtype].bytes));
    }
  }

  /** The backend the array lives on; null: uncommitted, it follows the others. */
  get backend(): Backend | null {
    return this.#home;
  }

  get disposed(): boolean {
    return this.#gone !== null;
  }

  get #fate(): string {
    return typeof this.#gone === 'function' ? this.#gone() : String(this.#gone);
  }

  #check(): void {
    if (this.#gone !== null)
      throw new DisposedError(`an array, ${showAval(this.aval)}, was used after it was ${this.#fate}`);
    if (this.#host === null && this.#places.every((p) => p.backend.closed))
      throw new DisposedError(
        `an array, ${showAval(this.aval)}, was used after its backend ${this.#places[0]!.backend.name} was closed`,
      );
  }

  /** The scalar or small value known without asking a device; null if there is none. */
  get hostValue(): HostArray | null {
    this.#check();
    return this.#host;
  }

  /** A copy on a device that can be read. */
  get #source(): Place {
    return this.#places.find((p) => !p.backend.closed)!;
  }

  /** The buffer on `backend`; an uncommitted array is copied there, once. */
  on(backend: Backend): Buffer {
    this.#check();
    const place = this.#places.find((p) => p.backend === backend);
    if (place !== undefined) return place.buffer;
    if (this.#home !== null) {
      throw new MixedBackendsError(
        `an array, ${showAval(this.aval)}, lives on ${this.#home.name}, and ${backend.name} was asked to use it; move it with devicePut(x, backend)`,
      );
    }
    const buffer = backend.session.put(this.toHost(), backend.device);
    this.#hold({ backend, buffer, owners: 0 });
    return buffer;
  }

  async #read(): Promise<HostArray> {
    this.#check();
    if (this.#host !== null) return this.#host;
    const { backend, buffer } = this.#source;
    return backend.session.read(buffer);
  }

  /** The value, at once. The array may keep it. @throws NoSyncReadError */
  toHost(): HostArray {
    this.#check();
    if (this.#host !== null) return this.#host;
    const { backend, buffer } = this.#source;
    if (backend.session.readSync === undefined) {
      throw new NoSyncReadError(
        `${backend.name} cannot read at once; use await x.data(), or lax.cond inside a transformation`,
      );
    }
    return backend.session.readSync(buffer);
  }

  /** The value. Always yields a macrotask, so that unreachable arrays can be freed in a loop of awaits. */
  async toHostAsync(): Promise<HostArray> {
    const value = await this.#read();
    await macrotask();
    return value;
  }

  async data(): Promise<HostData> {
    return (await this.toHostAsync()).data.slice();
  }
  dataSync(): HostData {
    return this.toHost().data.slice();
  }
  item(): number | bigint | boolean | Complex {
    if (sizeOf(this.shape) !== 1) {
      throw new ArgumentError(
        `x.item() needs an array of one element, got ${showAval(this.aval)}; use x.js() or x.dataSync()`,
      );
    }
    return elementOf(this.toHost(), 0);
  }
  js(): Nested {
    return nested(this.toHost());
  }
  async jsAsync(): Promise<Nested> {
    return nested(await this.toHostAsync());
  }
  async blockUntilReady(): Promise<this> {
    await this.#read();
    return this;
  }

  dispose(): void {
    this.release('disposed');
  }

  /** @internal `how`: as DisposedError tells it. */
  release(how: string | (() => string)): void {
    if (this.#gone !== null) return;
    this.#gone = how;
    this.#host = null;
    this.#places.splice(0).forEach(leave);
    this.#ballast = [];
    this.#scope?.delete(this);
  }

  override toString(): string {
    if (this.#gone !== null) return `Array(${this.#fate})`;
    if (this.#host === null && this.#places[0]?.backend.session.readSync === undefined)
      return `Array:${showAval(this.aval)}`;
    return showValue(this.toHost());
  }
}

// Node's console prints the value. (A computed name in the class has no declaration.)
Object.defineProperty(ConcreteArray.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: ConcreteArray): string {
    return this.toString();
  },
});

/** What a running transformation needs later on: a handle of its own, as the user may dispose of theirs before. */
export const retained = (x: NDArray): NDArray =>
  hasTemporaries() && x instanceof ConcreteArray ? temporary(() => x.alias()) : x;

/**
 * Says that an array is seen by the user's function after all, or kept by a jaxpr: it is no temporary. What was none
 * before, such as an operand that a rule gives back, stays where it is.
 */
export function escaped(x: NDArray, where: 'user' | 'jaxpr'): void {
  if (!(x instanceof ConcreteArray)) return;
  if (where === 'jaxpr') x.collectIn(null);
  else if (x.isTemporary) x.collectIn(currentScope());
}
