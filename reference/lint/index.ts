/**
 * `etalon/eslint`: rules for ESLint that catch in the editor what JavaScript does to arrays without a word
 * (spec/guide/lint.md).
 *
 * @example
 * // eslint.config.js
 * import etalon from 'etalon/eslint';
 * import ts from 'typescript-eslint';
 * export default [
 *   ts.configs.base,
 *   etalon.configs.recommended,
 *   { languageOptions: { parserOptions: { projectService: true } } },
 * ];
 */
import type { ESLint, Linter } from 'eslint';
import { noAsyncTransform } from './async-rule.ts';
import { noArrayCondition, noArrayEquality, noArrayIndex, noArrayIteration, noArrayOperator } from './rules.ts';

const rules = {
  'no-array-condition': noArrayCondition,
  'no-array-equality': noArrayEquality,
  'no-array-operator': noArrayOperator,
  'no-array-index': noArrayIndex,
  'no-array-iteration': noArrayIteration,
  'no-async-transform': noAsyncTransform,
};

const plugin = { meta: { name: 'etalon', namespace: 'etalon' }, rules };

const etalon: ESLint.Plugin & { readonly configs: { readonly recommended: Linter.Config } } = {
  ...plugin,
  configs: {
    /** Every rule, for TypeScript's files. */
    recommended: {
      name: 'etalon/recommended',
      files: ['**/*.ts', '**/*.tsx', '**/*.mts', '**/*.cts'],
      plugins: { etalon: plugin },
      rules: Object.fromEntries(Object.keys(rules).map((name) => [`etalon/${name}`, 'error' as const])),
    },
  },
};

export default etalon;
