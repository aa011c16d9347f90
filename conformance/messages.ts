/** What the parent of a run and the processes in which backends run say to each other. */
import type { BackendFacts, CaseId, CaseResult } from './types.ts';

/** How long one failure is shrunk. */
export const SHRINK_MILLISECONDS = 3000;

/** Everything that a process needs to make the same cases as its parent. */
export interface Setup {
  readonly backend: string;
  /** What paths of backends are relative to. */
  readonly cwd: string;
  readonly seed: number;
  readonly casesPerCell: number;
  readonly only: readonly string[];
  /** Seconds that one case may take. */
  readonly timeout: number;
  /** Where failures are saved; null: nowhere. */
  readonly folder: string | null;
}

export type ToWorker =
  | { readonly type: 'open'; readonly setup: Setup }
  /** Work off a unit from its case number `from` on. */
  | { readonly type: 'unit'; readonly key: string; readonly from: number };

/** The backend is a process of its own, which does not end by itself if the one that asks it is killed. */
export interface BackendProcess {
  readonly type: 'process';
  readonly pid: number;
}

export type FromWorker =
  | { readonly type: 'ready'; readonly facts: BackendFacts }
  /** `usage`: what was asked for does not exist; `start`: it cannot start here. */
  | { readonly type: 'cannot-open'; readonly kind: 'usage' | 'start'; readonly message: string }
  | { readonly type: 'begin'; readonly index: number; readonly id: CaseId; readonly variant: string }
  /** The case is wrong; the process now looks for smaller proof. */
  | { readonly type: 'shrinking'; readonly index: number; readonly result: CaseResult }
  | {
      readonly type: 'result';
      readonly index: number;
      readonly result: CaseResult;
      readonly shrinkMilliseconds: number;
    }
  /**
   * The backend no longer computes anything: a new process has to go on with case `index`. `fresh`: it broke at the
   * first case of its process, so the case is to blame.
   */
  | { readonly type: 'broken'; readonly index: number; readonly fresh: boolean; readonly result: CaseResult }
  /** A case could not even be made, which is Etalon's own bug: no backend has a part in it. */
  | { readonly type: 'unmade'; readonly index: number; readonly message: string }
  | { readonly type: 'unit-done' };
