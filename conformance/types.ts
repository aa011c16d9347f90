/**
 * What a run of the conformance suite takes, streams and gives (spec/conformance.md). Everything here is plain JSON, so
 * that a report file, the messages between processes and the schema in spec/schema/ describe the same thing.
 */
import type { ProfileName } from '../reference/core/backend.ts';
import type { DType } from '../reference/core/dtypes.ts';
import type { EncodedArray } from '../reference/core/program.ts';

/** `reduce_sum/f32/vmap.vjp/odd/3f9c`: subject, dtype, how, shape class (or variant), hash of the case's content. */
export type CaseId = string;

export type Level = 'quick' | 'standard' | 'full';
export const LEVELS: readonly Level[] = ['quick', 'standard', 'full'];

/** The lines of a verdict. */
export type Group = 'primitives' | 'rules' | 'programs' | 'models';
export const GROUPS: readonly Group[] = ['primitives', 'rules', 'programs', 'models'];

/** What a case demands; each is a file of conformance/laws/ and an anchor of spec/conformance.md. */
export type LawName =
  | 'value'
  | 'fixture'
  | 'jit-is-eager'
  | 'vmap-is-loop'
  | 'adjoint'
  | 'derivative'
  | 'linearity'
  | 'rejects'
  | 'repeats'
  | 'keeps-inputs'
  | 'training';

/** How a primitive is transformed before it is compared; `composed`: as the case's variant says. */
export type Transformation = 'eval' | 'jit' | 'vmap' | 'jvp' | 'vjp' | 'vmap.vjp' | 'vjp.vmap' | 'composed';
export const TRANSFORMATIONS: readonly Transformation[] = ['eval', 'jit', 'vmap', 'jvp', 'vjp', 'vmap.vjp', 'vjp.vmap'];
/** Of random programs, other compositions too. */
export const RANDOM_TRANSFORMATIONS: readonly Transformation[] = [...TRANSFORMATIONS, 'composed'];

/**
 * - `ok` and `wrong`: counted. `crash` and `timeout`: counted as wrong, the child process was restarted.
 * - `gap`: the backend declared that it does not compute an equation of the case.
 * - `repeated`: the content had been run before (small shape classes have few different arrays). Not counted.
 * - `uncompared`: every bound was infinite, so nothing was compared. Not counted.
 */
export type Outcome = 'ok' | 'wrong' | 'crash' | 'timeout' | 'gap' | 'repeated' | 'uncompared';

/** One element that is out of its budget, or the worst of those within it. Numbers are text, so that NaN and −0 survive. */
export interface Element {
  /** Which result. */
  readonly output: number;
  readonly index: readonly number[];
  readonly expected: string;
  readonly got: string;
  /** Distance in units in the last place; null where it is not a finite number (a NaN, an infinity, an integer). */
  readonly ulp: number | null;
  /** The size of the error and what is allowed, absolutely. */
  readonly error: number | null;
  readonly budget: number | null;
  /** The operands' elements that decide this one, for elementwise primitives: `x = -1.5707964`. */
  readonly at: string | null;
}

/** Errors of one case, in units that add up over cases; what is beyond the budget is in the bins only. */
export interface Measured {
  /** `ulp`: units in the last place; `budget`: fractions of what is allowed (sums and products). */
  readonly unit: 'ulp' | 'budget';
  /** How many elements fell into which bin: bin 0 is exact, bin i > 0 is (edge(i−1), edge(i)] (conformance/ulp.ts). */
  readonly bins: readonly (readonly [bin: number, count: number])[];
  readonly max: number;
  /** The element with the largest error. */
  readonly worst: Element | null;
}

/** How a random program came to be. */
export interface Drawn {
  /** What of the table it has in it: `reduce_sum/f32/odd`; of primitives with programs inside `scan/f32/nested`. */
  readonly met: readonly string[];
  /** Programs that were drawn in vain before it: more than 1 % of their results could not have been compared. */
  readonly rejected: number;
}

export interface CaseResult {
  readonly id: CaseId;
  readonly group: Group;
  readonly law: LawName;
  /** Primitive, or the name of a program or model. */
  readonly subject: string;
  readonly dtype: DType;
  readonly transformation: Transformation;
  /** The shape class, or what else the cases of a unit are told apart by. */
  readonly variant: string;
  readonly outcome: Outcome;
  readonly milliseconds: number;
  /** Elements of the results that were compared, and those whose bound was infinite. */
  readonly compared: number;
  readonly uncompared: number;
  /** For `gap`: the reason, and the primitive that lacks. */
  readonly gap?: { readonly primitive: string; readonly reason: string };
  readonly measured?: Measured;
  readonly drawn?: Drawn;
  readonly sharpness?: Sharpness;
  readonly failure?: Failure;
}

export interface Failure {
  readonly id: CaseId;
  readonly subject: string;
  readonly dtype: DType;
  readonly transformation: Transformation;
  readonly law: LawName;
  readonly outcome: 'wrong' | 'crash' | 'timeout';
  /** One line that says what is wrong. */
  readonly message: string;
  readonly element: Element | null;
  /** Equations of the shrunk program; null where nothing could be saved. */
  readonly equations: number | null;
  /** Path of the saved case, relative to the folder that the run was started in. */
  readonly file: string | null;
  /** The user's file and line that made the wrong equation, where a program has one. */
  readonly source: string | null;
}

/** A saved failure: `.etalon/failures/<subject>-<hash>.json`. `etalon replay` reads it. */
export interface SavedCase {
  readonly format: 'etalon.case/1';
  readonly etalon: string;
  readonly id: CaseId;
  readonly law: LawName;
  readonly backend: string;
  readonly profile: ProfileName;
  readonly seed: number;
  /** Text form (spec/ir.md). */
  readonly program: string;
  readonly equations: number;
  readonly inputs: readonly EncodedArray[];
  /** What the reference gives, and what the backend gave (null: it failed or hung). */
  readonly expected: readonly EncodedArray[];
  readonly got: readonly EncodedArray[] | null;
  /** What is allowed around `expected`, element by element of each result: base64 of f64; null: bit for bit. */
  readonly budget: readonly (EncodedArray | null)[];
  readonly message: string;
  readonly element: Element | null;
  readonly source: string | null;
}

export type CasesByLaw = Readonly<Partial<Record<LawName, Readonly<Record<string, number>>>>>;

/** A cell of the report: primitive × dtype × transformation. */
export interface Cell {
  readonly primitive: string;
  readonly dtype: DType;
  readonly transformation: Transformation;
  /** `answered`: every case ran; `partly`: some cases are gaps; `gap`: all are; `wrong`: at least one case is. */
  readonly status: 'answered' | 'partly' | 'gap' | 'wrong';
  readonly ok: number;
  readonly wrong: number;
  readonly gaps: number;
  /** Reasons of the gaps, most frequent first. */
  readonly reasons: readonly string[];
  /** Those that are ok or wrong: how many of each law and variant. Left out in reports of earlier versions. */
  readonly cases?: CasesByLaw;
}

/** Cells that share one declared reason. */
export interface DeclaredGap {
  readonly primitive: string;
  readonly reason: string;
  /** `reduce_sum/f32/vmap`. */
  readonly cells: readonly string[];
  readonly cases: number;
}

/** How exact a primitive was in all comparisons of its own results (transformation `eval` and fixtures). */
export interface MeasuredAccuracy {
  readonly primitive: string;
  readonly dtype: DType;
  readonly unit: 'ulp' | 'budget';
  readonly elements: number;
  /** How many elements fell into which bin, as in `Measured`: what merged reports take their quantiles from. */
  readonly bins: Measured['bins'];
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly worst: Element | null;
}

/** What the random programs that were answered have met of the table. */
export interface Coverage {
  readonly programs: number;
  /** Programs that were drawn in vain: more than 1 % of their results could not have been compared. */
  readonly rejected: number;
  /** Primitive × dtype × transformation × shape class: how many were met, and how many there are. */
  readonly cells: { readonly met: number; readonly of: number };
  readonly met: readonly MetCell[];
}

export interface MetCell {
  readonly primitive: string;
  readonly dtype: DType;
  readonly transformation: Transformation;
  /** How often each shape class was met; `nested` of primitives with programs inside. */
  readonly classes: readonly (readonly [shapeClass: string, times: number])[];
}

/**
 * Error bounds over the errors that there were, of the elements of float32 programs that are off by something
 * (spec/transformations/error-bound.md#sharpness).
 */
export interface Sharpness {
  /** Of programs with at least and at most so many equations. */
  readonly equations: readonly [least: number, most: number];
  readonly elements: number;
  /** Likely bound over error: how many elements fell into which bin (conformance/sharpness.ts). */
  readonly bins: Measured['bins'];
  /** The upper end of the median's bin. */
  readonly likelyMedian: number;
  /** How many elements are beyond their likely bound. */
  readonly beyondLikely: number;
  /** The least worst-case bound over error, below 1 if it is no bound; and the case that has it. */
  readonly worstMin: number;
  readonly worstCase: CaseId;
}

export interface GroupCount {
  readonly group: Group;
  /** Counted cases: those that ran and compared a value or a required error, and are new. */
  readonly cases: number;
  readonly ok: number;
  readonly wrong: number;
  readonly gaps: number;
}

export interface Verdict {
  /** `none`: no cell was answered, so nothing is said. */
  readonly kind: 'conforms' | 'does not conform' | 'none' | 'interrupted';
  /** Why, in one sentence. */
  readonly message: string;
  readonly cases: number;
  readonly wrong: number;
  readonly cells: number;
  readonly answeredCells: number;
  readonly gapCells: number;
  /** Gaps that `--require` does not accept: case ids and reasons. */
  readonly requiredGaps: readonly { readonly id: CaseId; readonly reason: string }[];
}

export interface BackendFacts {
  readonly name: string;
  /** Devices in words, as the backend describes them: versions, threads. */
  readonly description: string;
  readonly profile: ProfileName;
  readonly syncRead: boolean;
  /** What the user wrote: a built-in name, or a file. */
  readonly asked: string;
}

export interface Versions {
  readonly etalon: string;
  readonly spec: string;
  readonly node: string;
  readonly platform: string;
}

export interface Timings {
  /** Seconds from start to the first case, for the cases, for shrinking, and altogether. */
  readonly startup: number;
  readonly cases: number;
  readonly shrinking: number;
  readonly total: number;
  /** The slowest cases. */
  readonly slowest: readonly { readonly id: CaseId; readonly milliseconds: number }[];
}

/** Part `index` of `of`, from 1. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

export interface Report {
  readonly format: 'etalon.report/1';
  readonly versions: Versions;
  readonly backend: BackendFacts;
  readonly level: Level;
  readonly seed: number;
  readonly casesPerCell: number;
  readonly only: readonly string[];
  readonly require: readonly string[];
  /** Which part of the cases; null: all of them. */
  readonly shard: Shard | null;
  /** ISO 8601. */
  readonly started: string;
  readonly verdict: Verdict;
  readonly groups: readonly GroupCount[];
  readonly cells: readonly Cell[];
  readonly failures: readonly Failure[];
  readonly gaps: readonly DeclaredGap[];
  readonly accuracy: readonly MeasuredAccuracy[];
  readonly coverage: Coverage;
  /** By the number of equations; left out in reports of earlier versions. */
  readonly sharpness?: readonly Sharpness[];
  /** Elements of results whose bound was infinite, so that only their equations were judged one by one. */
  readonly uncompared: { readonly elements: number; readonly of: number };
  readonly restarts: number;
  readonly timings: Timings;
}

export interface CheckOptions {
  /** A built-in backend's name, or the path of a file that default-exports `defineBackend(…)`. */
  readonly backend: string;
  readonly level?: Level;
  /** Globs over case ids: `*` stands for any characters, `?` for one. */
  readonly only?: readonly string[];
  /** Globs over case ids whose gaps are failures. */
  readonly require?: readonly string[];
  readonly seed?: number;
  /** Generated cases per primitive, dtype, transformation and shape class. */
  readonly cases?: number;
  readonly jobs?: number;
  /** Seconds that one case may take. */
  readonly timeout?: number;
  /** Stop after this many wrong cases. */
  readonly bail?: number;
  /** Run only part i of n of the cases (`--shard i/n`, from 1). */
  readonly shard?: Shard;
  /** The units of these cases run before others. */
  readonly first?: readonly CaseId[];
  /** Where `.etalon/failures` goes; null: nothing is saved. Default: the current folder. */
  readonly folder?: string | null;
  /** Ends the run early with what there is. */
  readonly signal?: AbortSignal;
}

/** What `runCheck` streams while it runs. */
export type CheckEvent =
  | {
      readonly type: 'start';
      readonly versions: Versions;
      readonly backend: BackendFacts;
      readonly level: Level;
      readonly seed: number;
      /** Case keys (an upper bound of cases) per group, for progress. */
      readonly planned: Readonly<Record<Group, number>>;
    }
  /** `done` of `planned` cases of the group have been worked off, whatever their outcome. */
  | { readonly type: 'case'; readonly result: CaseResult; readonly done: number; readonly planned: number }
  | { readonly type: 'failure'; readonly failure: Failure }
  | { readonly type: 'restart'; readonly id: CaseId; readonly why: string }
  | { readonly type: 'end'; readonly report: Report };

/** A request that cannot be run as it stands: exit status 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The backend cannot start here: exit status 3. The message says what to install. */
export class CannotStartError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CannotStartError';
  }
}
