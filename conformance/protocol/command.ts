/** Backends behind a command: `command:python3 tools/numpy-backend.py` (spec/protocol.md). */
import { parseArgsStringToArgv } from 'string-argv';
import type { BackendDefinition, Session } from '../../reference/core/backend.ts';
import { CannotStartError, UsageError } from '../types.ts';
import { Connection, type ConnectionOptions, EndedError } from './connection.ts';
import { remote } from './remote.ts';

const PREFIX = 'command:';
export const isCommand = (asked: string): boolean => asked.startsWith(PREFIX);

/**
 * Starts the command, without a shell, and asks what it is. Where it ends, or breaks the protocol, the run that it was at
 * fails, and the next one starts it again.
 * @throws UsageError for an empty command; CannotStartError if it does not get ready
 */
export async function openCommand(
  asked: string,
  options: ConnectionOptions,
): Promise<{ definition: BackendDefinition; session: Session }> {
  const command = asked.slice(PREFIX.length);
  const argv = parseArgsStringToArgv(command);
  if (argv.length === 0) throw new UsageError(`${asked}: the command is empty; for example command:python3 backend.py`);
  const first = await Connection.open(argv, options).catch((error: unknown) => {
    const why = error instanceof EndedError ? error.details : (error as Error).message;
    throw new CannotStartError(`${command} does not start: ${why}`);
  });
  const { ready } = first;
  let connection: Promise<Connection> = Promise.resolve(first);
  const connected = async (): Promise<Connection> => {
    if ((await connection.catch(() => null))?.isOver !== false) connection = Connection.open(argv, options);
    return connection;
  };
  const close = (): void =>
    void connection.then(
      (c) => c.close(),
      () => {},
    );
  return remote(ready, connected, close);
}
