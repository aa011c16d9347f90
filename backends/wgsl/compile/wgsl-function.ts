/** Functions of WGSL that kernels are made of. */

export interface WgslFunction {
  readonly name: string;
  /** Its declaration. */
  readonly text: string;
  /** What its text calls. */
  readonly uses: readonly WgslFunction[];
  /** The length of its text, what it calls written out: about what drivers make of it. */
  readonly length: number;
}

/** A function by its text, which begins with `fn name(`. */
export function wgslFunction(text: string, uses: readonly WgslFunction[] = []): WgslFunction {
  const name = /^\s*fn (\w+)\(/.exec(text)?.[1];
  if (name === undefined) throw new Error(`no function of WGSL: ${text}`);
  return { name, text: text.trim(), uses, length: uses.reduce((sum, f) => sum + f.length, text.length) };
}
