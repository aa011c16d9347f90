/**
 * Every error that Etalon throws on purpose. The catalogue with causes and fixes is spec/errors.md; `anchor` is the
 * entry there, and `etalon explain <anchor>` prints it.
 */

export class EtalonError extends Error {
  /** The entry of spec/errors.md. */
  static readonly anchor: string = 'etalon';
  constructor(message: string, options?: ErrorOptions) {
    super(`${message}\n  spec/errors.md#${new.target.anchor}`, options);
    this.name = new.target.name;
  }
}

/** A call of a primitive broke one of its constraints. */
export class ConstraintError extends EtalonError {
  static override readonly anchor: string = 'constraint';
  readonly primitive: string;
  /** `C1`…: a constraint of the primitive's page; `I1`…: the dtype condition of the n-th operand; `P`: its parameters. */
  readonly id: string;
  constructor(primitive: string, id: string, message: string) {
    super(`${primitive} (${id}): ${message}`);
    this.primitive = primitive;
    this.id = id;
  }
}

/** A dtype that does not exist, is not supported, or does not fit. */
export class DTypeError extends EtalonError {
  static override readonly anchor: string = 'dtype';
}
/** Shapes that do not fit one another, or an axis out of range. */
export class ShapeError extends EtalonError {
  static override readonly anchor: string = 'shape';
}
/** Pytrees whose structures differ where they must agree. */
export class TreeError extends EtalonError {
  static override readonly anchor: string = 'tree';
}
/** An argument of the wrong kind: something that is not an array, a bad number, an out-of-range axis. */
export class ArgumentError extends EtalonError {
  static override readonly anchor: string = 'argument';
}
/** An option whose name is unknown. */
export class OptionError extends EtalonError {
  static override readonly anchor: string = 'option';
}
/** The value of a tracer was asked for while no value exists yet. */
export class ConcretizationError extends EtalonError {
  static override readonly anchor: string = 'concretization';
}
/** A tracer outlived the transformation that made it. */
export class LeakedTracerError extends EtalonError {
  static override readonly anchor: string = 'leaked-tracer';
}
/** A transformed function returned a Promise or a generator. */
export class AsyncFunctionError extends EtalonError {
  static override readonly anchor: string = 'async-function';
}
/** A JavaScript operator (`+`, `>`, …) met an array. */
export class OperatorError extends EtalonError {
  static override readonly anchor: string = 'operator';
}
/** An array was used after it was disposed or donated. */
export class DisposedError extends EtalonError {
  static override readonly anchor: string = 'disposed';
}
/** Arrays of two backends met in one operation. */
export class MixedBackendsError extends EtalonError {
  static override readonly anchor: string = 'mixed-backends';
}
/** A backend cannot read synchronously. */
export class NoSyncReadError extends EtalonError {
  static override readonly anchor: string = 'no-sync-read';
}
/** A backend declares a gap for an equation of the program. */
export class GapError extends EtalonError {
  static override readonly anchor: string = 'gap';
}
/** A backend failed, or cannot start. */
export class BackendError extends EtalonError {
  static override readonly anchor: string = 'backend';
}
/** A file or text is not a program, or one that this version refuses. */
export class ProgramError extends EtalonError {
  static override readonly anchor: string = 'program';
}
/** A derivative was asked for that does not exist (integer input, non-scalar output, …). */
export class DifferentiationError extends EtalonError {
  static override readonly anchor: string = 'differentiation';
}

/** A check failed: one that the user wrote, or an automatic one of `checkify`. */
export class CheckError extends EtalonError {
  static override readonly anchor: string = 'check';
}

/** A named axis that no enclosing vmap has. */
export class UnboundAxisError extends EtalonError {
  static override readonly anchor: string = 'unbound-axis';
}

/** Lanes of a named axis part before a collective in which all of them would have to meet. */
export class DivergentLanesError extends EtalonError {
  static override readonly anchor: string = 'divergent-lanes';
}
/** An equation gave a NaN (or an infinity), and somebody had asked to be told. */
export class FloatingPointError extends EtalonError {
  static override readonly anchor: string = 'floating-point';
}
/** A random key was used twice, and somebody had asked to be told. */
export class KeyReuseError extends EtalonError {
  static override readonly anchor: string = 'key-reuse';
}

/** True for `{ … }`, as options and trees are. */
export const isPlainObject = (x: unknown): x is object =>
  typeof x === 'object' && x !== null && [Object.prototype, null].includes(Object.getPrototypeOf(x) as null);

/** Options that are true or false wherever they occur. */
const FLAGS: ReadonlySet<string> = new Set([
  ...['approximate', 'atomics', 'computeLeftEigenvectors', 'computeRightEigenvectors', 'computeUv', 'conjugateA'],
  'deg',
  ...['endpoint', 'equalNan', 'fullMatrices', 'hasAux', 'holomorphic', 'indicesAreSorted', 'isStable', 'keepdims'],
  ...['leftSide', 'lower', 'partitionable', 'replace', 'reverse', 'sortEigenvalues', 'symmetric', 'symmetrizeInput'],
  ...['threefryPartitionable', 'transposeA', 'transposeKernel', 'uniqueIndices', 'unitDiagonal', 'upper'],
  ...['useConsistentPadding'],
]);

/** @throws OptionError naming the option, the call and the options that exist; or a flag that is neither true nor false */
export function checkOptions(options: unknown, known: readonly string[], where: string): void {
  if (!isPlainObject(options)) {
    throw new OptionError(
      `${where}: the options are an object, { ${known.join(', ')} }, got ${describe(options)}; options have names here, not places`,
    );
  }
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new OptionError(`${where}: unknown option '${key}'; the options are ${known.join(', ') || '(none)'}`);
    }
    const value = (options as Readonly<Record<string, unknown>>)[key];
    if (FLAGS.has(key) && value !== undefined && typeof value !== 'boolean')
      throw new OptionError(`${where}: ${key} must be true or false, got ${describe(value)}`);
  }
}

/** What `xs.map(f)` and `xs.reduce(f)` pass along behind the elements: the index and the list. */
const isFromCallback = ([index, list, ...none]: readonly unknown[]): boolean =>
  Number.isInteger(index) && Array.isArray(list) && none.length === 0;

/**
 * JavaScript drops arguments that a function does not have, `{ out }` among them; here they are an error.
 * @throws OptionError for the options of a function that has none; ArgumentError for one argument too many
 */
export function refuseExtra(more: readonly unknown[], where: string): void {
  const extra = more.find((x) => x !== undefined);
  if (extra === undefined || isFromCallback(more)) return;
  if (isPlainObject(extra)) {
    throw new OptionError(
      `${where}: got the options { ${Object.keys(extra).join(', ')} } in a place where it takes none; leave them out (results are returned, never written into an argument)`,
    );
  }
  throw new ArgumentError(`${where}: got an argument more than it takes, ${describe(extra)}; leave it out`);
}

/** Arrays, told by what they have: their class is not known here. */
const hasType = (x: object): x is { readonly aval: { readonly dtype: string; readonly shape: readonly number[] } } =>
  'aval' in x;

/** A value of the wrong kind, in the words of an error. */
export function describe(x: unknown): string {
  if (Array.isArray(x)) return 'a list';
  if (ArrayBuffer.isView(x)) return `a ${x.constructor.name}`;
  if (x instanceof Promise) return 'a Promise';
  if (typeof x === 'string') return `the string ${JSON.stringify(x)}`;
  if (typeof x === 'number' || typeof x === 'boolean' || x === null || x === undefined) return String(x);
  if (typeof x === 'bigint') return `${x}n`;
  if (typeof x === 'function') return `the function ${x.name || '(anonymous)'}`;
  if (typeof x === 'symbol') return x.toString();
  if (hasType(x)) return `an array of ${x.aval.dtype}, shape [${x.aval.shape.join(',')}]`;
  if (isPlainObject(x)) return `an object { ${Object.keys(x).join(', ')} }`;
  return `an object of class ${x.constructor.name}`;
}
