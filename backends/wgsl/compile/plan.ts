/** What a compiled program does, step by step, over numbered buffers: plain data, made without a GPU. */
import type { HostArray } from '../../../reference/core/host.ts';
import type { SourceLocation } from '../../../reference/core/source.ts';
import type { Type } from './types.ts';

/** One dispatch. */
export interface KernelStep {
  readonly kind: 'kernel';
  /** The primitives that it computes, for labels and errors. */
  readonly label: string;
  readonly source: SourceLocation | null;
  readonly code: string;
  readonly bindings: readonly { readonly buffer: number; readonly written: boolean }[];
  readonly literals: Uint32Array<ArrayBuffer>;
  readonly workgroups: readonly [number, number, number];
}

/** Copies all of a buffer. */
export interface CopyStep {
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

export interface Plan {
  readonly buffers: readonly PlannedBuffer[];
  readonly steps: readonly Step[];
  /** The buffer and type of each result; several may share a buffer. */
  readonly results: readonly { readonly buffer: number; readonly type: Type }[];
}
