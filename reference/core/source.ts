/**
 * Where in the user's files an equation came from. Capturing is cheap (a stack of ten frames, not yet text);
 * the text is made only when an error or a report asks for it.
 */

const ownFolder = new URL('../', import.meta.url).href;
const ownPath = ownFolder.replace(/^file:\/\//, '');

let inherited: SourceLocation | null = null;
/** The next location that is captured is inherited. */
let shared = false;

export class SourceLocation {
  readonly #holder: { stack?: string };
  #text: string | null | undefined;
  private constructor(holder: { stack?: string }) {
    this.#holder = holder;
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

  /** The location of the nearest caller outside Etalon; null where the engine cannot tell. */
  static capture(): SourceLocation | null {
    if (inherited !== null) return inherited;
    const capture = Error.captureStackTrace as typeof Error.captureStackTrace | undefined;
    if (capture === undefined) return null;
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 16;
    const holder: { stack?: string } = {};
    capture(holder, SourceLocation.capture);
    Error.stackTraceLimit = limit;
    const location = new SourceLocation(holder);
    if (shared) inherited = location;
    return location;
  }

  /** A location read from a saved program. */
  static of(text: string): SourceLocation {
    const location = new SourceLocation({});
    location.#text = text;
    return location;
  }

  /** `file:line:column`, or null if every frame of the stack is Etalon's own. */
  toString(): string {
    if (this.#text === undefined) this.#text = userFrame(this.#holder.stack ?? '');
    return this.#text ?? '';
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
