/** What the two sides of the protocol say (spec/protocol.md), and the check of it against spec/schema/protocol.schema.json. */
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { ProfileName } from '../../reference/core/backend.ts';
import type { DType } from '../../reference/core/dtypes.ts';
import type { EncodedArray, ProgramDocument } from '../../reference/core/program.ts';
import { packageFile } from '../package.ts';
import type { PROTOCOL_VERSION } from './answer.ts';

export type Request =
  | { readonly type: 'start'; readonly version: typeof PROTOCOL_VERSION }
  | {
      readonly type: 'run';
      readonly id: number;
      /** The JSON form of a program, or its text form. */
      readonly program: ProgramDocument | string;
      readonly inputs: readonly EncodedArray[];
    }
  | { readonly type: 'stop' };

export interface Ready {
  readonly type: 'ready';
  readonly version: typeof PROTOCOL_VERSION;
  readonly name: string;
  readonly description: string;
  readonly profile: ProfileName;
  /** The dtypes in which each primitive is computed; left out: running says so. */
  readonly supports?: Readonly<Record<string, readonly DType[]>>;
}

export type Answer =
  | Ready
  | { readonly type: 'result'; readonly id: number; readonly outputs: readonly EncodedArray[] }
  | { readonly type: 'gap'; readonly id: number; readonly primitive: string; readonly reason: string }
  | { readonly type: 'error'; readonly id: number | null; readonly message: string };

const TYPES = { request: ['start', 'run', 'stop'], answer: ['ready', 'result', 'gap', 'error'] };
const compiled = new Map<string, ValidateFunction>();

/** What is wrong with a message, the place first; null: it is a request (an answer) by the schema. */
export function messageProblem(message: unknown, kind: 'request' | 'answer'): string | null {
  const type: unknown = (message as { type?: unknown } | null)?.type;
  if (typeof type !== 'string' || !TYPES[kind].includes(type)) {
    return `the type of a message is one of ${TYPES[kind].join(', ')}, got ${JSON.stringify(type) ?? 'nothing'}`;
  }
  const validate = validatorOf(type);
  if (validate(message)) return null;
  const [error] = validate.errors ?? [];
  return `${type}${error?.instancePath ?? ''} ${error?.message}`;
}

function validatorOf(type: string): ValidateFunction {
  let validate = compiled.get(type);
  if (validate === undefined) {
    const schema = JSON.parse(readFileSync(packageFile('spec/schema/protocol.schema.json'), 'utf8')) as {
      $defs: object;
    };
    validate = new Ajv2020().compile({ $defs: schema.$defs, $ref: `#/$defs/${type}` });
    compiled.set(type, validate);
  }
  return validate;
}
