import { refuseExtra } from '../core/errors.ts';
import { callback } from '../core/arguments.ts';
import { showAval } from '../core/host.ts';
import type { Aval } from '../core/host.ts';
import { SourceLocation } from '../core/source.ts';
import { difference } from '../core/tree.ts';
import type { Signature } from './jit-cache.ts';

type Say = (message: string) => void;
let say: Say | null = null;

/**
 * Says why jitted functions are traced: from now on `to` is told, at every call that finds no program, what differs from
 * the nearest one that there is. Null turns it off (JAX's `jax_explain_cache_misses`).
 *
 * @example
 * explainCacheMisses(console.log);
 * f(np.ones([4])); // jit(f) is traced at train.ts:12:3: of 1 program the nearest differs in argument [0]: f32[3], now f32[4]
 */
export function explainCacheMisses(to: Say | null, ...more: []): void {
  refuseExtra(more, 'explainCacheMisses');
  say = to === null ? null : callback(to, 'explainCacheMisses: to');
}

/** Called before `where` is traced for `now`; `kept`: what its programs were traced for. */
export function explainMiss(where: string, now: Signature, kept: readonly Signature[]): void {
  if (say === null) return;
  const at = SourceLocation.capture()?.toString() ?? '';
  const nearest = kept.map((old) => differences(old, now)).sort((a, b) => a.length - b.length)[0];
  const why =
    nearest === undefined
      ? 'there is no program yet'
      : `of ${kept.length} program${kept.length === 1 ? '' : 's'} the nearest differs in ${nearest.join('; ')}`;
  say(`${where} is traced${at === '' ? '' : ` at ${at}`}: ${why}`);
}

function differences(old: Signature, now: Signature): string[] {
  const found: string[] = [];
  const note = (what: string, before: string | undefined, after: string | undefined): void => {
    if (before !== after) found.push(`${what}: ${before ?? 'left out'}, now ${after ?? 'left out'}`);
  };
  note('the default dtypes', `${old.x64 ? 64 : 32} bits`, `${now.x64 ? 64 : 32} bits`);
  note('the named axes', old.axes, now.axes);
  for (const i of new Set([...old.fixed.keys(), ...now.fixed.keys()])) {
    note(`static argument ${i}`, old.fixed.get(i), now.fixed.get(i));
  }
  if (!old.treedef.equals(now.treedef)) {
    note(`the structure of the arguments${difference(old.treedef, now.treedef)}`, old.treedef.toString(), now.treedef.toString()); // prettier-ignore
    return found;
  }
  const paths = now.paths();
  old.avals.forEach((a, i) => note(`argument ${paths[i]}`, showWeak(a), showWeak(now.avals[i]!)));
  return found;
}

const showWeak = (a: Aval): string => `${showAval(a)}${a.weak ? ' (weak: from a JavaScript number)' : ''}`;
