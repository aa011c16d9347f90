/**
 * `etalon backends`: the built-in backends, and which of them can run here.
 */
import { BACKEND_NAMES } from '../../backends/registry.ts';
import { openBackend } from '../open.ts';
import { CannotStartError } from '../types.ts';
import { type Io, paintFor } from './io.ts';
import { columns } from './tables.ts';

interface Listed {
  readonly name: string;
  readonly available: boolean;
  readonly profile: string | null;
  /** Devices in words; where it cannot start: why, and what to install. */
  readonly description: string;
}

export async function listBackends(io: Io, asJson: boolean): Promise<number> {
  const list: Listed[] = [];
  for (const name of BACKEND_NAMES) list.push(await probe(name, io.cwd));
  if (asJson) {
    io.stdout.write(`${JSON.stringify(list, null, 2)}\n`);
    return 0;
  }
  const paint = paintFor(io.stdout);
  const rows = list.map((b) => [
    paint('cyan', b.name),
    b.available ? paint('green', 'available') : paint('yellow', 'not here'),
    b.profile ?? '',
    b.description,
  ]);
  io.stdout.write(`${columns(['backend', '', 'profile', 'description'], rows, paint)}\n`);
  io.stdout.write('A file that default-exports defineBackend({ … }) is a backend too: etalon check ./my-backend.ts\n');
  return 0;
}

async function probe(name: string, folder: string): Promise<Listed> {
  try {
    const backend = await openBackend(name, folder);
    const description = backend.session.devices.map((d) => d.description).join('; ');
    const { profile } = backend.definition;
    backend.close();
    return { name, available: true, profile, description };
  } catch (error) {
    if (!(error instanceof CannotStartError)) throw error;
    return { name, available: false, profile: null, description: error.message };
  }
}
