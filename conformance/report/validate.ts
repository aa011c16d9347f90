/**
 * Reports against their schema, on the way out and on the way in.
 */
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { packageFile } from '../package.ts';
import type { Report } from '../types.ts';

let compiled: ValidateFunction<Report> | null = null;

function validator(): ValidateFunction<Report> {
  const schema = JSON.parse(readFileSync(packageFile('spec/schema/report.schema.json'), 'utf8')) as object;
  return (compiled ??= new Ajv2020({ allErrors: false }).compile<Report>(schema));
}

/** What is wrong with a report, the place first; null: it meets spec/schema/report.schema.json. */
export function reportProblem(report: unknown): string | null {
  const validate = validator();
  if (validate(report)) return null;
  const [error] = validate.errors ?? [];
  return `${error?.instancePath === '' ? '/' : error?.instancePath} ${error?.message}`;
}
