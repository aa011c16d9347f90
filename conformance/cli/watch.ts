/**
 * `etalon check --watch`: the check again whenever a file of the backend changes.
 */
import { existsSync, type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isBuiltIn } from '../open.ts';
import { packageModule } from '../package.ts';
import { isCommand } from '../protocol/command.ts';
import { printable } from '../report/words.ts';
import { CannotStartError, type CaseId, UsageError } from '../types.ts';
import { check, type CheckFlags, type RunCheck } from './check.ts';
import { EXIT, reportError } from './errors.ts';
import { type Io, reasonOf } from './io.ts';

/** Milliseconds without a change after which the files are as they are meant to be: editors write in several steps. */
const QUIET = 200;

/**
 * Checks, and again after every change, cases that were wrong before others. A change ends a run that is under way.
 * @returns the exit status of an interruption: nothing else ends it
 * @throws UsageError for a backend whose files are not known
 */
export async function watchAndCheck(io: Io, backend: string, flags: CheckFlags, runCheck: RunCheck): Promise<number> {
  const folder = folderOf(io, backend);
  const own = [flags.json, flags.html, flags.junit].flatMap((path) => (path === undefined ? [] : [resolve(io.cwd, path)])); // prettier-ignore
  const say = (text: string): void => void io.stderr.write(`\n${printable(text)}\n`);
  const interruption = new AbortController();
  const forget = io.onInterrupt(() => interruption.abort());
  let first: readonly CaseId[] = [];
  try {
    for (;;) {
      const change = new Change(folder, own);
      const until = AbortSignal.any([interruption.signal, change.signal]);
      const run: RunCheck = async (options, onEvent) => {
        const report = await runCheck(
          { ...options, first, signal: AbortSignal.any([options.signal!, until]) },
          onEvent,
        );
        change.signal.throwIfAborted(); // nobody wants the verdict on what is no more
        first = report.failures.map(({ id }) => id);
        return report;
      };
      try {
        await check(io, backend, flags, run).catch((error: unknown) => change.signal.aborted || told(io, error));
        if (!until.aborted) say(`watching ${relative(io.cwd, folder) || '.'} for changes; Ctrl-C ends`);
        await aborted(until);
      } finally {
        change.close();
      }
      if (interruption.signal.aborted) return EXIT.interrupted;
      say(`${relative(io.cwd, change.path!)} has changed`);
    }
  } finally {
    forget();
  }
}

/** While a file is being written it may not even load; a bug of Etalon's ends the watch. */
function told(io: Io, error: unknown): void {
  if (!(error instanceof UsageError || error instanceof CannotStartError)) throw error;
  reportError(io, error);
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) done();
    signal.addEventListener('abort', () => done());
  });

/** What a backend is made of: the files below the folder of its file; of a built-in one those in a checkout. */
function folderOf(io: Io, backend: string): string {
  const what = '--watch is for a backend in a file, such as ./backend.ts';
  if (isCommand(backend)) throw new UsageError(`${what}: which files ${backend} is made of is not known`);
  if (isBuiltIn(backend)) {
    const folder = fileURLToPath(packageModule(`backends/${backend.split(':')[0]!}/`));
    // The reference is loaded by this very process, and an installed backend does not change.
    if (existsSync(folder) && import.meta.url.endsWith('.ts')) return folder;
    throw new UsageError(`${what}: ${backend} does not change while this process runs`);
  }
  const file = resolve(io.cwd, backend);
  if (!existsSync(file) || statSync(file).isDirectory()) throw new UsageError(`there is no backend file ${backend}`);
  return dirname(file);
}

/** The next change below a folder, `own` files and what is hidden or installed left out. */
class Change {
  readonly #changed = new AbortController();
  readonly #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** The last file that has changed. */
  path: string | null = null;

  constructor(folder: string, own: readonly string[]) {
    try {
      for (const each of foldersFrom(folder)) {
        this.#watchers.push(
          watch(each, (_, name) => {
            const path = join(each, name ?? '');
            if (!isLeftOut(name ?? '') && !own.includes(path)) this.#note(path);
          }).on('error', () => this.#note(each)),
        );
      }
    } catch (error) {
      this.close();
      throw new UsageError(`cannot watch ${folder}: ${reasonOf(error)}`);
    }
  }

  /** Aborted when a file has changed, and then none for a while. */
  get signal(): AbortSignal {
    return this.#changed.signal;
  }

  #note(path: string): void {
    this.path = path;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#changed.abort(), QUIET);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
  }
}

const isLeftOut = (name: string): boolean => name.startsWith('.') || name === 'node_modules';

/** One by one, because a recursive watch would look into what is left out. */
function* foldersFrom(folder: string): Generator<string> {
  yield folder;
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory() && !isLeftOut(entry.name)) yield* foldersFrom(join(folder, entry.name));
}
