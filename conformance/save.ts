/** Saved failures: `.etalon/failures/<primitive>-<hash>.json` (SavedCase in types.ts). */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeArray, encodeArray, type EncodedArray } from '../reference/core/program.ts';
import { ProgramError } from '../reference/core/errors.ts';
import { type HostArray, numbers } from '../reference/core/host.ts';
import { printProgram } from '../reference/core/text.ts';
import type { ProfileName } from '../reference/core/backend.ts';
import type { Jaxpr } from '../reference/core/jaxpr.ts';
import { equationCount } from './debug/parts.ts';
import type { Proof } from './debug/shrink.ts';
import { packageManifest } from './package.ts';
import { contentHash } from './programs/case.ts';
import type { Failure, SavedCase } from './types.ts';

const float64 = (data: Float64Array): HostArray => ({ shape: [data.length], dtype: 'float64', data });

/** Where proofs are saved, and what is said of the run that found them. */
export interface SaveOptions {
  readonly folder: string;
  /** The backend as the user named it. */
  readonly asked: string;
  readonly profile: ProfileName;
  readonly seed: number;
}

/** Writes the proof of a failure. @returns the failure with the file's path, relative to the folder */
export function saveFailure(options: SaveOptions, failure: Failure, proof: Proof): Failure {
  if (proof.evidence.jaxpr === null) return failure;
  const { equations, file } = saveProof(options, 'failures', failure, proof.evidence.jaxpr, proof);
  const { message, element, source } = proof.evidence;
  return { ...failure, message, element, source, equations, file };
}

/** Writes a proof to `.etalon/<kind>/<primitive>-<hash>.json`. @returns its size, and the path relative to the folder */
export function saveProof(
  { folder, asked, profile, seed }: SaveOptions,
  kind: 'failures' | 'diverge',
  { id, subject }: Pick<Failure, 'id' | 'subject'>,
  jaxpr: Jaxpr,
  { evidence, law }: Proof,
): { readonly equations: number; readonly file: string } {
  const { inputs, expected, got, budgets, message, element, source } = evidence;
  const equations = equationCount(jaxpr);
  const saved: SavedCase = {
    format: 'etalon.case/1',
    etalon: packageManifest().version,
    id,
    law,
    backend: asked,
    profile,
    seed,
    program: printProgram(jaxpr),
    equations,
    inputs: inputs.map(encodeArray),
    expected: expected.map(encodeArray),
    got: got?.map(encodeArray) ?? null,
    budget: budgets.map((b) => b && encodeArray(float64(b))),
    message,
    element,
    source,
  };
  const name = jaxpr.equations.length === 1 ? jaxpr.equations[0]!.primitive.name : subject;
  const hash = contentHash(law, { jaxpr, inputs, active: [] }).slice(0, 4);
  const file = join('.etalon', kind, `${name}-${hash}.json`);
  mkdirSync(join(folder, '.etalon', kind), { recursive: true });
  writeFileSync(join(folder, '.etalon', '.gitignore'), '*\n');
  writeFileSync(join(folder, file), `${JSON.stringify(saved, null, 2)}\n`);
  return { equations, file };
}

const FIELDS = [
  'id',
  'law',
  'backend',
  'program',
  'inputs',
  'expected',
  'budget',
] as const satisfies readonly (keyof SavedCase)[];

/** @throws ProgramError if the file is not a saved case of this version */
export function readSavedCase(path: string): SavedCase {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ProgramError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const saved = json as SavedCase | null;
  if (saved?.format !== 'etalon.case/1') {
    throw new ProgramError(`${path} is not a saved case: its format must be "etalon.case/1"`);
  }
  const missing = FIELDS.filter((field) => !(field in saved));
  if (missing.length > 0) throw new ProgramError(`${path}: ${missing.join(', ')} missing`);
  return saved;
}

const refuse = (message: string): never => {
  throw new ProgramError(`a saved array: ${message}`);
};

/** The arrays of a saved case. @throws ProgramError */
export function arraysOf(saved: SavedCase): {
  readonly inputs: readonly HostArray[];
  readonly expected: readonly HostArray[];
  readonly budgets: readonly (Float64Array | null)[];
} {
  return {
    inputs: saved.inputs.map((x) => decodeArray(x, refuse)),
    expected: saved.expected.map((x) => decodeArray(x, refuse)),
    budgets: saved.budget.map((b) => b && budgetOf(b)),
  };
}

function budgetOf(saved: EncodedArray): Float64Array {
  const budget = Float64Array.from(numbers(decodeArray(saved, refuse)));
  const wrong = budget.find((allowed) => !(allowed >= 0));
  return wrong === undefined ? budget : refuse(`${wrong} is no budget: it must be at least 0`);
}
