/**
 * Backends by what a user writes: a built-in name, the path of a file that default-exports `defineBackend(…)`, or a command
 * that answers by the protocol.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BACKEND_NAMES, loadBackendDefinition } from '../backends/registry.ts';
import { Backend } from '../reference/core/open-backend.ts';
import { type BackendDefinition, defineBackend } from '../reference/core/backend.ts';
import { BackendError } from '../reference/core/errors.ts';
import { isBrowser, nameInBrowser } from './browser/names.ts';
import { isCommand, openCommand } from './protocol/command.ts';
import { CannotStartError, UsageError } from './types.ts';

export const isBuiltIn = (asked: string): boolean =>
  BACKEND_NAMES.includes(isBrowser(asked) ? nameInBrowser(asked) : asked);

export interface OpenBackendOptions {
  /** How long a backend behind a command may be silent while it is asked. */
  readonly seconds?: number;
  /** Told the number of each process that a backend behind a command starts. */
  readonly onProcess?: (pid: number) => void;
}

/** How long a command may be silent where nobody says. */
const SILENCE_SECONDS = 60;

/**
 * Loads and opens a backend. Paths are relative to `folder`.
 * @throws UsageError if there is no such backend; CannotStartError, with what to install, if it cannot start here
 */
export async function openBackend(
  asked: string,
  folder: string,
  { seconds = SILENCE_SECONDS, onProcess = () => {} }: OpenBackendOptions = {},
): Promise<Backend> {
  if (isCommand(asked)) {
    const { definition, session } = await openCommand(asked, { cwd: folder, seconds, onProcess });
    return new Backend(definition, session);
  }
  if (isBrowser(asked)) {
    if (!isBuiltIn(asked))
      throw new UsageError(`${asked}: only built-in backends run in a browser: ${BACKEND_NAMES.join(', ')}`);
    const { openInBrowser } = await import('./browser/open.ts');
    const { definition, session } = await openInBrowser(asked, seconds);
    return new Backend(definition, session);
  }
  const definition = await loadDefinition(asked, folder);
  try {
    return new Backend(definition, await definition.open({}));
  } catch (error) {
    throw cannotStart(`${asked} cannot start here`, error);
  }
}

export async function loadDefinition(asked: string, folder: string): Promise<BackendDefinition> {
  if (isBuiltIn(asked)) {
    try {
      return await loadBackendDefinition(asked);
    } catch (error) {
      throw cannotStart(`${asked} cannot start here`, error);
    }
  }
  if (!/[/\\]|\.[cm]?[jt]s$/.test(asked)) {
    throw new UsageError(
      `there is no backend '${asked}'; built in are ${BACKEND_NAMES.join(', ')}; a file is written with its ending: ${asked}.ts; a program with command: in front`,
    );
  }
  return definitionOf(asked, await importFile(asked, folder));
}

async function importFile(asked: string, folder: string): Promise<{ default?: unknown }> {
  const path = resolve(folder, asked);
  if (!existsSync(path)) throw new UsageError(`there is no backend file ${asked}`);
  try {
    return (await import(pathToFileURL(path).href)) as { default?: unknown };
  } catch (error) {
    throw cannotStart(`${asked} cannot be loaded`, error);
  }
}

/** What the file gives, checked again: it may have been written without `defineBackend`, or with another core's. */
function definitionOf(asked: string, module: { default?: unknown }): BackendDefinition {
  const definition = module.default;
  if (typeof definition !== 'object' || definition === null) {
    throw new UsageError(
      `${asked} does not default-export a backend; it has to say: export default defineBackend({ … })`,
    );
  }
  try {
    return defineBackend(definition as BackendDefinition);
  } catch (error) {
    throw new UsageError(`${asked}: ${(error as Error).message}`);
  }
}

/** A backend's own error says what is missing and what to do; of any other the place matters too. */
function cannotStart(what: string, error: unknown): CannotStartError {
  if (error instanceof BackendError) return new CannotStartError(error.message);
  return new CannotStartError(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
}
