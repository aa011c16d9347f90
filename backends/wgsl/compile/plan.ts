/** What a compiled program does, step by step, over numbered buffers: plain data, made without a GPU. */
import type { HostArray } from '../../../reference/core/host.ts';
import type { SourceLocation } from '../../../reference/core/source.ts';
import type { Type } from './types.ts';

/** Whom something is for, as labels and errors tell it. */
export interface Owner {
  /** The primitives that it computes. */
  readonly label: string;
  readonly source: SourceLocation | null;
}

/** `mul add at model.ts:3:7`. Takes time. */
export function showOwner({ label, source }: Owner): string {
  const line = source?.toString() ?? '';
  return line === '' ? label : `${label} at ${line}`;
}

/** One dispatch. */
export interface KernelStep extends Owner {
  readonly kind: 'kernel';
  readonly code: string;
  readonly bindings: readonly { readonly buffer: number; readonly written: boolean }[];
  readonly literals: Uint32Array<ArrayBuffer>;
  readonly workgroups: readonly [number, number, number];
}

/** Copies all of a buffer. */
export interface CopyStep extends Owner {
  readonly kind: 'copy';
  readonly from: number;
  readonly to: number;
}

/** The steps, so many times. */
export interface RepeatStep {
  readonly kind: 'repeat';
  readonly times: number;
  readonly steps: readonly Step[];
}

/**
 * The steps, for as long as the first word of a buffer is not 0 after them. Steps run ahead of what the host has seen: once
 * the flag is 0 they must change nothing.
 */
export interface WhileStep {
  readonly kind: 'while';
  readonly flag: number;
  readonly steps: readonly Step[];
}

export type Step = KernelStep | CopyStep | RepeatStep | WhileStep;

export interface PlannedBuffer {
  readonly bytes: number;
  /** Where its content comes from before the first step; null: from the steps. */
  readonly content: { readonly input: number } | { readonly value: HostArray } | null;
}

export interface PlannedResult {
  readonly buffer: number;
  readonly type: Type;
  /** The equation that makes it; null: it is an input, or part of the program. */
  readonly owner: Owner | null;
}

export interface Plan {
  readonly buffers: readonly PlannedBuffer[];
  readonly steps: readonly Step[];
  /** Each result; several may share a buffer. */
  readonly results: readonly PlannedResult[];
}
