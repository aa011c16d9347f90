// One core, never two. Whoever imports `etalon` or `etalon/...` in a process that loaded this module gets the copy that
// this file belongs to: its sources in a checkout, its dist/ when installed. Without it, a user's backend file could
// bring its own copy (or, in a checkout, the built one beside the sources), and arrays of one core mean nothing to another.
import { existsSync } from 'node:fs';
import { enableCompileCache, registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

// What Node compiles is kept for the next process: compiling is almost half of a start, and a run starts many.
enableCompileCache();

const here = import.meta.url;

/** Node refuses to strip types under node_modules, so there dist/ is used even if sources were present. */
export const inCheckout =
  !/[\\/]node_modules[\\/]/.test(fileURLToPath(here)) && existsSync(new URL('./cli/main.ts', here));

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier !== 'etalon' && !specifier.startsWith('etalon/')) return nextResolve(specifier, context);
    const conditions = inCheckout ? [...context.conditions, 'etalon-source'] : context.conditions;
    return nextResolve(specifier, { ...context, conditions, parentURL: here });
  },
});

// fork() hands execArgv on: the processes that a backend runs in have the same one core.
const flag = `--import=${here}`;
if (!process.execArgv.includes(flag)) process.execArgv.push(flag);
