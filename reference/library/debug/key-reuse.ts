/**
 * The checker of random keys: each is good for one use (spec/random.md). A use is a draw or a split; `foldIn` makes a
 * key for each integer and uses nothing up. Keys are told apart by their words.
 */
import { KeyReuseError } from '../../core/errors.ts';
import { numbers } from '../../core/host.ts';
import type { AnyFunction } from '../../transforms/call.ts';
import type { Executed, Observer } from '../../transforms/walk.ts';
import { FOLD_IN } from '../threefry.ts';
import { observed, placeOf, setObserver } from './observers.ts';

/** Remembers the keys that have been used, and where. */
function keyChecker(): Observer {
  const uses = new Map<string, Use>();
  return (executed) => {
    const { primitive, source, path } = executed;
    if (source?.role === FOLD_IN || source?.isRepeated) return;
    for (const key of keysUsed(executed)) {
      const before = uses.get(key);
      if (before !== undefined) reused(key, `first ${showUse(before)}\n  then ${showUse(executed)}`);
      uses.set(key, { primitive, source, path });
    }
  };
}

type Use = Pick<Executed, 'primitive' | 'source' | 'path'>;
const showUse = (use: Use): string => `${use.source?.role ?? use.primitive.name}${placeOf(use)}`;

function reused(key: string, uses: string): never {
  throw new KeyReuseError(
    `the key [${key}] was used twice:\n  ${uses}\n` +
      '  Use each key once: const [k1, k2] = np.unstack(random.split(key)), or random.foldIn(key, i) in a loop',
  );
}

/** The words of the keys that an equation uses. @throws KeyReuseError if examples of a batch share one */
function keysUsed(executed: Executed): Iterable<string> {
  const { primitive, operands, params } = executed;
  const shared = (key: string): never => reused(key, `by several examples of a batch, ${showUse(executed)}`);
  if (primitive.name === 'random_bits') {
    const keys = new Set<string>();
    if ((params['shape'] as readonly number[]).includes(0)) return keys;
    const pairs = numbers(operands[0]!.toHost());
    for (let i = 0; i < pairs.length; i += 2) addNew(keys, `${pairs[i]!}, ${pairs[i + 1]!}`, shared);
    return keys;
  }
  if (primitive.name !== 'threefry2x32') return [];
  // A key encrypts many blocks in one equation, but each of them once.
  const [k1, k2, x1, x2] = operands.map((x) => numbers(x.toHost()));
  const blocks = new Map<string, Set<string>>();
  for (let i = 0; i < k1!.length; i++) {
    const key = `${k1![i]!}, ${k2![i]!}`;
    let mine = blocks.get(key);
    if (mine === undefined) blocks.set(key, (mine = new Set()));
    addNew(mine, `${x1![i]!}, ${x2![i]!}`, () => shared(key));
  }
  return blocks.keys();
}

/** `known` is told of an `x` that is there already. */
function addNew(to: Set<string>, x: string, known: (x: string) => void): void {
  if (to.has(x)) known(x);
  to.add(x);
}

let global: Observer | null = null;

/**
 * Switches the checker of random keys on or off: from now on, a key (`uint32[2]`) that is drawn from or split a second
 * time throws. Switching it on forgets what was used before.
 *
 * @example
 * debug.keyReuse();
 * const key = random.key(0);
 * random.normal(key);
 * random.uniform(key); // throws KeyReuseError
 * @throws KeyReuseError from computations, later on
 */
export function keyReuse(on: boolean = true): void {
  if (global !== null) setObserver(global, false);
  global = on ? keyChecker() : null;
  if (global !== null) setObserver(global, true);
}

/**
 * `f` under the checker of random keys: within one call, each key may be used once. It goes outermost.
 *
 * @example
 * debug.checkKeyReuse(jit((key) => random.normal(key).add(random.uniform(key))))(random.key(0)); // throws KeyReuseError
 * @throws KeyReuseError naming both uses; ArgumentError within a transformed function
 */
export const checkKeyReuse = <F extends AnyFunction>(f: F): F => observed(f, 'debug.checkKeyReuse', keyChecker);
