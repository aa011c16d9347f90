/**
 * Where in the user's files an equation came from. Capturing is cheap (a stack of ten frames, not yet text);
 * the text is made only when an error or a report asks for it.
 */

const ownFolder = new URL('../', import.meta.url).href;
const ownPath = ownFolder.replace(/^file:\/\//, '');

let inherited: SourceLocation | null = null;
/** The next location that is captured is inherited. */
let shared = false;
let currentRole: string | null = null;
/** Those for whom lines matter more than the time it takes to find them. */
const thorough = new Map<object, 'deep' | 'deep, as text'>();

/** The role of an equation that computes again what has been computed before, or perhaps for nothing. */
const REPEATED = 'repeated';

export class SourceLocation {
  readonly #holder: { stack?: string };
  #text: string | null | undefined;
  /** What the equation is for, where checkers have to know it: `random.split`. */
  readonly role: string | null;
  private constructor(holder: { stack?: string }, role: string | null) {
    this.#holder = holder;
    this.role = role;
  }

  /** Runs `f`; equations made meanwhile have the role. */
  static as<T>(role: string, f: () => T): T {
    const outer = currentRole;
    currentRole = role;
    try {
      return f();
    } finally {
      currentRole = outer;
    }
  }

  /** The same place, of an equation that is marked as repeated (repeated.ts). */
  again(): SourceLocation {
    const location = new SourceLocation(this.#holder, REPEATED);
    location.#text = this.#text;
    return location;
  }
  get isRepeated(): boolean {
    return this.role === REPEATED;
  }

  /** Runs `f`; equations made meanwhile come from `source`, the equation that is being transformed. */
  static within<T>(source: SourceLocation | null, f: () => T): T {
    const outer = inherited;
    inherited = source ?? outer;
    try {
      return f();
    } finally {
      inherited = outer;
    }
  }

  /** Runs the rule of one equation of the user's: the equations made meanwhile share the location that the first captures. */
  static sharing<T>(f: () => T): T {
    const outer = [inherited, shared] as const;
    shared = true;
    try {
      return f();
    } finally {
      [inherited, shared] = outer;
    }
  }

  /**
   * As long as anybody asks for it, stacks are captured in full; as text, if they must not keep the objects alive whose
   * methods are on them.
   */
  static captureThoroughly(by: object, how: 'deep' | 'deep, as text' | null): void {
    if (how === null) thorough.delete(by);
    else thorough.set(by, how);
  }

  /** The location of the nearest caller outside Etalon; null where the engine cannot tell. */
  static capture(): SourceLocation | null {
    if (inherited !== null) return inherited;
    const capture = Error.captureStackTrace as typeof Error.captureStackTrace | undefined;
    if (capture === undefined) return currentRole === null ? null : new SourceLocation({}, currentRole);
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = thorough.size > 0 ? Infinity : 16;
    const holder: { stack?: string } = {};
    capture(holder, SourceLocation.capture);
    Error.stackTraceLimit = limit;
    const location = new SourceLocation(holder, currentRole);
    if ([...thorough.values()].includes('deep, as text')) location.toString();
    if (shared) inherited = location;
    return location;
  }

  /** A location read from a saved program. */
  static of(text: string): SourceLocation {
    const location = new SourceLocation({}, null);
    location.#text = text;
    return location;
  }

  /** `file:line:column`, or null if every frame of the stack is Etalon's own. */
  toString(): string {
    if (this.#text === undefined) this.#text = userFrame(this.#holder.stack ?? '');
    return this.#text ?? '';
  }

  toJSON(): string {
    return this.toString();
  }
}

function userFrame(stack: string): string | null {
  for (const line of stack.split('\n')) {
    const found = /(?:\bat (?:async )?|\()((?:file:\/\/|https?:\/\/|\/|[A-Za-z]:\\)[^()]*):(\d+):(\d+)\)?$/.exec(line);
    if (found === null) continue;
    const file = found[1]!.replace(/^file:\/\//, '').replace(/\?.*$/, '');
    if (isOwn(file)) continue;
    return `${file}:${found[2]}:${found[3]}`;
  }
  return null;
}

/**
 * Etalon's own frames are those under reference/, backends/ or conformance/; tests and the suite's models excepted. What
 * packages do is not the user's line either.
 */
function isOwn(file: string): boolean {
  const root = ownPath.replace(/reference\/$/, '');
  if (/\.test\.[tj]s$/.test(file) || file.startsWith(`${root}conformance/models/`)) return false;
  if (file.includes('/node_modules/')) return true;
  return ['reference/', 'backends/', 'conformance/'].some((folder) => file.startsWith(root + folder));
}
