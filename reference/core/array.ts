/**
 * Concrete arrays, where they live, and the trace that evaluates them. An array made from JavaScript numbers is
 * uncommitted, and so is what is computed from such arrays alone: they go where the others are. Every other array lives
 * on the device that computed it.
 */
import type { BackendDefinition, Buffer, Device, Executable, Gap, Session } from './backend.ts';
import { dtypes } from './dtypes.ts';
import {
  ArgumentError,
  BackendError,
  DisposedError,
  EtalonError,
  GapError,
  MixedBackendsError,
  NoSyncReadError,
} from './errors.ts';
import { type Aval, type HostArray, type HostData, numbers, type Shape, showAval, sizeOf } from './host.ts';
import { allEquations, type Atom, type Equation, Jaxpr, Literal, Var } from './jaxpr.ts';
import { NDArray, type Nested } from './ndarray.ts';
import { type AnyHigherOrder, type AnyPrimitive, inferAvals, type Params } from './primitive.ts';
import { SourceLocation } from './source.ts';
import { installBaseTrace, isEvaluating, Trace, Tracer } from './trace.ts';

/** An open backend: what `await backend(name)` gives, and what `jit(f, { backend })` takes. */
export class Backend {
  readonly definition: BackendDefinition;
  readonly session: Session;
  readonly #eager = new Map<string, { executable: Executable; avals: readonly Aval[] }>();
  readonly #eagerHigher = new WeakMap<Jaxpr, { params: Params; executable: Executable; avals: readonly Aval[] }[]>();
  readonly #compiled = new WeakMap<Jaxpr, Executable>();
  /** True once closed: its arrays are gone. */
  closed = false;

  constructor(definition: BackendDefinition, session: Session) {
    this.definition = definition;
    this.session = session;
  }

  get name(): string {
    return this.definition.name;
  }

  get device(): Device {
    return this.session.devices[0]!;
  }

  /** Every gap of a program, nested equations included. */
  gaps(jaxpr: Jaxpr): { equation: Equation; gap: Gap }[] {
    const found: { equation: Equation; gap: Gap }[] = [];
    for (const equation of allEquations(jaxpr)) {
      const answer = this.definition.supports(
        equation.primitive,
        equation.inputs.map((x) => x.aval),
        equation.params,
      );
      if (answer !== true) found.push({ equation, gap: answer });
    }
    return found;
  }

  /** The executable of a jaxpr, compiled once. @throws GapError naming every gap */
  compile(jaxpr: Jaxpr): Executable {
    let executable = this.#compiled.get(jaxpr);
    if (executable === undefined) {
      const gaps = this.gaps(jaxpr);
      if (gaps.length > 0) throw new GapError(gapMessage(this.name, gaps));
      executable = this.session.compile(jaxpr, { device: this.device });
      this.#compiled.set(jaxpr, executable);
    }
    return executable;
  }

  /**
   * The executable of one equation, cached on primitive, types and parameters; with jaxprs among the parameters, on
   * the identity of those. `once`: it is not cached, and its user disposes of it.
   */
  eager(
    primitive: AnyPrimitive,
    avals: readonly Aval[],
    params: Params,
  ): { executable: Executable; avals: readonly Aval[]; once?: true } {
    if (primitive.kind === 'higher-order') {
      if (!primitive.recurs) {
        const jaxpr = oneEquation(primitive, avals, params);
        return { executable: this.compile(jaxpr), avals: jaxpr.outAvals, once: true };
      }
      const [first] = primitive.subJaxprs(params);
      const known = (first && this.#eagerHigher.get(first)) ?? [];
      let entry = known.find((e) => sameProgram(primitive, e.params, params));
      if (entry === undefined) {
        const jaxpr = oneEquation(primitive, avals, params);
        entry = { params, executable: this.compile(jaxpr), avals: jaxpr.outAvals };
        this.#eagerHigher.set(first!, [...known, entry]);
      }
      return entry;
    }
    const key = eagerKey(primitive.name, avals, params);
    let entry = this.#eager.get(key);
    if (entry === undefined) {
      const jaxpr = oneEquation(primitive, avals, params);
      entry = { executable: this.compile(jaxpr), avals: jaxpr.outAvals };
      this.#eager.set(key, entry);
    }
    return entry;
  }

  /** Frees everything; arrays on this backend can no longer be used. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.session.close();
  }
}

function gapMessage(name: string, gaps: readonly { equation: Equation; gap: Gap }[]): string {
  const lines = gaps.map(({ equation, gap }) => {
    const types = equation.inputs.map((x) => showAval(x.aval)).join(', ');
    const at = equation.source?.toString();
    return `    ${equation.primitive.name} of (${types}): ${gap.gap}${at ? `   ${at}` : ''}`;
  });
  return `${name} does not compute this program:\n${[...new Set(lines)].join('\n')}\n  Run it on another backend: jit(f, { backend })`;
}

const eagerKey = (name: string, avals: readonly Aval[], params: Params): string => {
  let key = name;
  for (const a of avals) key += `;${a.dtype}${a.weak ? '*' : ''}${a.shape.join(',')}`;
  return key + paramsKey(params);
};

/** Parameters as a string that tells them apart; −0 and the non-finite numbers too, which JSON drops. */
export function paramsKey(params: Params): string {
  return JSON.stringify(params, (_, v: unknown) =>
    typeof v === 'number' && (!Number.isFinite(v) || Object.is(v, -0)) ? `#${Object.is(v, -0) ? '-0' : v}` : v,
  );
}

/** True if two equations run the same: equal parameters, of which those that are not part of a program do not count. */
function sameProgram(primitive: AnyHigherOrder, a: Params, b: Params): boolean {
  return Object.entries(primitive.params).every(([key, kind]) => {
    const [x, y] = [a[key], b[key]];
    if (kind === 'unsaved' || Object.is(x, y)) return true;
    return Array.isArray(x) && Array.isArray(y) && x.length === y.length && x.every((e, i) => e === y[i]);
  });
}

/** A jaxpr of one equation over fresh variables. @throws ConstraintError */
export function oneEquation(primitive: AnyPrimitive, avals: readonly Aval[], params: Params): Jaxpr {
  const inputs = avals.map((a) => new Var(a));
  const outputs = inferAvals(primitive, avals, params).map((a) => new Var(a));
  const equation: Equation = { primitive, inputs, params, outputs, source: SourceLocation.capture() };
  return new Jaxpr({ constvars: [], consts: [], inputs, equations: [equation], outputs });
}

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
const registry = typeof FinalizationRegistry === 'undefined' ? null : new FinalizationRegistry<Place>(leave);

/** Yields to other work. setImmediate, where there is one, does not wait for a millisecond as setTimeout does. */
const macrotask = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });

/** Arrays that end with whoever is collecting them: `tidy`, or a transformation that makes temporaries. */
type Scope = Set<ConcreteArray>;
/** Where arrays that are made now are collected; null: nowhere, they live until nobody can reach them. */
let scope: Scope | null = null;
/** Where the temporaries of the running transformation are collected. */
let temporaries: Scope | null = null;

/** An array with a value. Made by `fromHost` (uncommitted) or by computing. */
export class ConcreteArray extends NDArray {
  readonly aval: Aval;
  /** The value on the host, if known there. */
  #host: HostArray | null;
  /** The backend that the array is bound to; null: uncommitted. */
  #home: Backend | null;
  /** Copies on devices: the home, or those where an uncommitted array was computed or used. */
  #places: Place[] = [];
  /** Memory as large as what `#places` hide, never touched: the garbage collector hurries by what it can see. */
  #ballast: ArrayBuffer[] = [];
  #gone: string | null = null;
  #scope: Scope | null = scope;

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
  alias(): ConcreteArray {
    this.#check();
    const other = new ConcreteArray(this.aval, this.#host, this.#home);
    for (const place of this.#places) other.#hold(place);
    return other;
  }

  #hold(place: Place): void {
    place.owners++;
    this.#places.push(place);
    if (place.backend.definition.capabilities.hiddenMemory === true) {
      this.#ballast.push(new ArrayBuffer(sizeOf(this.shape) * dtypes[this.dtype].bytes));
    }
    registry?.register(this, place, this);
  }

  /** The backend the array lives on; null: uncommitted, it follows the others. */
  get backend(): Backend | null {
    return this.#home;
  }

  get disposed(): boolean {
    return this.#gone !== null;
  }

  #check(): void {
    if (this.#gone !== null)
      throw new DisposedError(`an array, ${showAval(this.aval)}, was used after it was ${this.#gone}`);
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
  item(): number | boolean {
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
  release(how: string): void {
    if (this.#gone !== null) return;
    this.#gone = how;
    this.#host = null;
    registry?.unregister(this);
    this.#places.forEach(leave);
    this.#places = [];
    this.#ballast = [];
    this.#scope?.delete(this);
  }

  override toString(): string {
    if (this.#gone !== null) return `Array(${this.#gone})`;
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

const elementOf = (x: HostArray, i: number): number | boolean =>
  x.dtype === 'bool' ? numbers(x)[i] !== 0 : numbers(x)[i]!;

function nested(x: HostArray): Nested {
  let at = 0;
  const level = (shape: Shape): Nested =>
    shape.length === 0 ? elementOf(x, at++) : Array.from({ length: shape[0]! }, () => level(shape.slice(1)));
  return level(x.shape);
}

/** `f32[2] [4, 6]`: dtype, shape and value, as the specification's examples write them. */
export function showValue(x: HostArray): string {
  let at = 0;
  const one = (): string => {
    const v = elementOf(x, at++);
    if (typeof v === 'boolean') return String(v);
    return Object.is(v, -0) ? '-0' : shortest(v, x.dtype === 'float32');
  };
  const level = (shape: Shape): string =>
    shape.length === 0 ? one() : `[${Array.from({ length: shape[0]! }, () => level(shape.slice(1))).join(', ')}]`;
  return `${showAval(x)} ${level(x.shape)}`;
}

/** The shortest decimal that reads back as the same number of its precision. */
export function shortest(v: number, single: boolean): string {
  if (!single || !Number.isFinite(v) || Number.isSafeInteger(v)) return String(v);
  for (let digits = 1; digits < 10; digits++) {
    const text = v.toPrecision(digits);
    if (Math.fround(Number(text)) === v) return String(Number(text));
  }
  return String(v);
}

/** Runs `f` with a collector, then disposes of what is in it and not `kept`. */
function collecting<T>(mine: Scope, how: string, f: () => T, kept: (result: T) => readonly unknown[]): T {
  const outer = scope;
  try {
    const result = f();
    for (const x of kept(result)) if (x instanceof ConcreteArray && mine.has(x)) x.collectIn(outer);
    return result;
  } finally {
    for (const x of mine) x.release(how);
  }
}

/** Runs `f`, then disposes of every array that it made and did not return (`leaves` of its result). */
export function tidyArrays<T>(f: () => T, leaves: (result: T) => readonly unknown[]): T {
  const mine: Scope = new Set();
  return collecting(mine, 'disposed by tidy', () => inScope(mine, f), leaves);
}

function inScope<T>(inner: Scope | null, f: () => T): T {
  const outer = scope;
  scope = inner;
  try {
    return f();
  } finally {
    scope = outer;
  }
}

/**
 * Runs a transformation of concrete arrays. What its traces compute (`temporary`) is freed at its end, but for `kept`;
 * what the user's own function makes is not theirs to free.
 */
export function withTemporaries<T>(f: () => T, kept: (result: T) => readonly NDArray[]): T {
  if (temporaries !== null || !isEvaluating()) return f();
  const mine: Scope = new Set();
  temporaries = mine;
  try {
    return collecting(mine, 'a temporary of a transformation that has ended', f, kept);
  } finally {
    temporaries = null;
  }
}

/** Runs work of a trace, whose arrays nobody else sees. */
export const temporary = <T>(f: () => T): T => (temporaries === null ? f() : inScope(temporaries, f));

/** What a running transformation needs later on: a handle of its own, as the user may dispose of theirs before. */
export const retained = (x: NDArray): NDArray =>
  temporaries !== null && x instanceof ConcreteArray ? temporary(() => x.alias()) : x;

/** Says that an array is seen by the user's function after all, or kept by a jaxpr: it is no temporary. */
export function escaped(x: NDArray, where: 'user' | 'jaxpr'): void {
  if (x instanceof ConcreteArray) x.collectIn(where === 'user' ? scope : null);
}

let defaultBackend: Backend | null = null;

/** The backend on which computations on uncommitted arrays run. */
export function getDefaultBackend(): Backend {
  if (defaultBackend === null) throw new BackendError("no backend is open yet: import 'etalon'");
  return defaultBackend;
}
export function setDefaultBackend(backend: Backend): void {
  defaultBackend = backend;
}

/** The one backend on which `operands` live; the default if all are uncommitted. @throws MixedBackendsError */
export function commonBackend(operands: readonly NDArray[], preferred: Backend | null = null): Backend {
  let home = preferred;
  for (const x of operands) {
    if (!(x instanceof ConcreteArray) || x.backend === null || x.backend === home) continue;
    if (home !== null) {
      throw new MixedBackendsError(
        `arrays of ${home.name} and of ${x.backend.name} (${showAval(x.aval)}) met in one operation; move one with devicePut(x, backend)`,
      );
    }
    home = x.backend;
  }
  return home ?? getDefaultBackend();
}

/** Runs an executable on concrete arrays. */
function execute(
  backend: Backend,
  executable: Executable,
  operands: readonly NDArray[],
  outAvals: readonly Aval[],
  committed: boolean,
): ConcreteArray[] {
  const buffers = operands.map((x) => (x as ConcreteArray).on(backend));
  return executable.run(buffers).map((buffer, i) => ConcreteArray.fromBuffer(outAvals[i]!, backend, buffer, committed));
}

/** The bottom of every chain of traces: computes on concrete arrays. */
class EvalTrace extends Trace {
  readonly name = 'evaluation';
  process(primitive: AnyPrimitive, operands: readonly NDArray[], params: Params): readonly NDArray[] {
    for (const x of operands) {
      if (x instanceof Tracer)
        throw new EtalonError(`${primitive.name}: a tracer of ${x.trace.name} reached evaluation`);
    }
    const asked = (params['backend'] as Backend | null | undefined) ?? null;
    const backend = commonBackend(operands, asked);
    if (backend.closed) throw new DisposedError(`${primitive.name} was to run on ${backend.name}, which is closed`);
    const committed = asked !== null || operands.some((x) => (x as ConcreteArray).backend !== null);
    const { executable, avals, once } = backend.eager(
      primitive,
      operands.map((x) => x.aval),
      params,
    );
    try {
      return execute(backend, executable, operands, avals, committed);
    } finally {
      if (once) executable.dispose();
    }
  }
}

export const evalTrace: Trace = new EvalTrace();
installBaseTrace(evalTrace);

/** The value of an atom that is a literal, else undefined. */
export const literalValue = (atom: Atom): HostArray | undefined => (atom instanceof Literal ? atom.value : undefined);
