/**
 * Reports against their schemas, on the way out and on the way in.
 */
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { packageFile } from '../package.ts';

const compiled = new Map<string, ValidateFunction>();

/** What is wrong with a value, the place first; null: it meets spec/schema/<name>.schema.json. */
export function schemaProblem(name: 'report' | 'divergence', value: unknown): string | null {
  let validate = compiled.get(name);
  if (validate === undefined) {
    const schema = JSON.parse(readFileSync(packageFile(`spec/schema/${name}.schema.json`), 'utf8')) as object;
    compiled.set(name, (validate = new Ajv2020({ allErrors: false }).compile(schema)));
  }
  if (validate(value)) return null;
  const [error] = validate.errors ?? [];
  return `${error?.instancePath === '' ? '/' : error?.instancePath} ${error?.message}`;
}

export const reportProblem = (report: unknown): string | null => schemaProblem('report', report);
