/** The collector, which runs when V8 finds it worth while: tests of what nobody can reach ask it to. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

export const collect = runInNewContext('gc') as () => void;

/**
 * Collects, and lets what is registered for that happen. Registries are told one after the other, in tasks of their own:
 * when a second one of ours is, all that were before it have been.
 */
export async function settled(): Promise<void> {
  await told();
  await told();
}

/** Collects until a registry has been told that its object is gone. */
async function told(): Promise<void> {
  let isTold = false;
  const registry = new FinalizationRegistry(() => (isTold = true));
  (() => registry.register({}, null))(); // in a call of its own, so that nothing on the stack refers to it
  while (!isTold) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
