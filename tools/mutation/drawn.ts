/**
 * Plugins of Stryker. Of all mutants at the places that were drawn, only those that were drawn themselves are run; and
 * whoever waits sees the survivors one by one.
 */
import { type Checker, CheckStatus, type CheckResult } from '@stryker-mutator/api/check';
import type { Mutant, MutantResult, StrykerOptions } from '@stryker-mutator/api/core';
import { commonTokens, declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import type { Reporter } from '@stryker-mutator/api/report';
import { relative } from 'node:path';
import { keyOf } from './draw.ts';
import { originalOf } from './record.ts';

class Drawn implements Checker {
  static readonly inject = tokens(commonTokens.options);
  readonly #keys: ReadonlySet<string>;
  constructor(options: StrykerOptions) {
    this.#keys = new Set(options['drawn'] as string[]);
  }
  async init(): Promise<void> {}
  async check(mutants: Mutant[]): Promise<Record<string, CheckResult>> {
    const resultOf = (mutant: Mutant): CheckResult =>
      this.#keys.has(keyOf({ ...mutant, fileName: relative(process.cwd(), mutant.fileName) }))
        ? { status: CheckStatus.Passed }
        : { status: CheckStatus.CompileError, reason: 'not drawn' };
    return Object.fromEntries(mutants.map((mutant) => [mutant.id, resultOf(mutant)]));
  }
  /** All at once: there is nothing to compile. */
  async group(mutants: Mutant[]): Promise<string[][]> {
    return [mutants.map(({ id }) => id)];
  }
}

class Survivors implements Reporter {
  onMutantTested(mutant: MutantResult): void {
    if (mutant.status !== 'Survived' && mutant.status !== 'NoCoverage') return;
    const place = `${relative(process.cwd(), mutant.fileName)}:${mutant.location.start.line}`;
    console.log(`${mutant.status}: ${place}: ${originalOf(mutant)}  →  ${mutant.replacement}`);
  }
}

export const strykerPlugins: readonly object[] = [
  declareClassPlugin(PluginKind.Checker, 'drawn', Drawn),
  declareClassPlugin(PluginKind.Reporter, 'survivors', Survivors),
];
