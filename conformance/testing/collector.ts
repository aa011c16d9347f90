/** The collector, which runs when V8 finds it worth while: tests of what nobody can reach ask it to. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

export const collect = runInNewContext('gc') as () => void;

/** Collects, and lets what is registered for that happen. */
export async function settled(): Promise<void> {
  collect();
  await new Promise((resolve) => setImmediate(resolve));
}
