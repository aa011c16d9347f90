/** The text of a kernel as a whole: its bindings, how they are read and written, and the entry point. */
import type { Stored } from './types.ts';

export interface KernelText {
  readonly code: string;
  /** The buffer of each binding, and whether it is written. */
  readonly bindings: readonly { readonly buffer: number; readonly written: boolean }[];
  /** Numbers beside the text, bound last; empty: there is no such binding. */
  readonly literals: Uint32Array<ArrayBuffer>;
}

/** A buffer in a kernel, and how it is used there. */
export interface Binding {
  readonly buffer: number;
  readonly stored: Stored;
  /** Its elements are taken to be what they were before the kernel began. */
  settled: boolean;
  written: boolean;
  scalar: boolean;
  vector: boolean;
  /** Its words are changed by WGSL's atomic functions, and by nothing else. */
  atomic: boolean;
}

export interface KernelParts {
  readonly bindings: readonly Binding[];
  readonly literals: readonly number[];
  /** What stands before the entry point. */
  readonly declarations: readonly string[];
  readonly workgroup: number;
  readonly body: readonly string[];
}

export function kernelText({ bindings, literals, declarations, workgroup, body }: KernelParts): KernelText {
  for (const { buffer, settled, written, scalar, vector } of bindings) {
    if (settled && written) throw new Error(`buffer ${buffer} is written by the kernel that reads it`);
    // A buffer that is written by kernels of several shapes of access would need two bindings.
    if (written && scalar && vector) throw new Error(`buffer ${buffer} is written as numbers and as vectors`);
  }
  const padded = new Uint32Array(Math.ceil(literals.length / 4) * 4);
  padded.set(literals);
  const uniform = `@group(0) @binding(${bindings.length}) var<uniform> literals: array<vec4u, ${padded.length / 4}>;`;
  const code = [
    ...bindings.map(bindingText),
    ...(padded.length > 0 ? [uniform] : []),
    ...declarations,
    ...bindings.map(accessText),
    `@compute @workgroup_size(${workgroup})`,
    'fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {',
    '  let workgroup = group.x + group.y * groups.x;',
    `  let invocation = workgroup * ${workgroup}u + local;`,
    ...body,
    '}',
  ].join('\n');
  return {
    code: renumbered(code, bindings),
    bindings: bindings.map(({ buffer, written }) => ({ buffer, written })),
    literals: padded,
  };
}

/** Buffers by the number of their binding: kernels that differ in nothing else are one pipeline. */
function renumbered(code: string, bindings: readonly Binding[]): string {
  const position = new Map(bindings.map(({ buffer }, i) => [buffer, i]));
  return code.replace(
    /\b(b|load_|load4_|store_)(\d+)\b/g,
    (_, what: string, n: string) => what + position.get(Number(n))!,
  );
}

const vectorOf: Readonly<Record<Stored, string>> = { f32: 'vec4f', i32: 'vec4i', u32: 'vec4u', vec2f: 'vec4f' };

function bindingText({ buffer, stored, written, scalar, atomic }: Binding, at: number): string {
  const element = atomic ? `atomic<${stored}>` : scalar ? stored : vectorOf[stored];
  return `@group(0) @binding(${at}) var<storage, ${written ? 'read_write' : 'read'}> b${buffer}: array<${element}>;`;
}

function accessText({ buffer: n, stored, written, scalar, vector, atomic }: Binding): string {
  if (atomic) return '';
  const four = vectorOf[stored];
  if (written)
    return `fn store_${n}(i: u32, x: ${scalar ? stored : four}) { b${n}[i] = x; }\nfn load_${n}(i: u32) -> ${scalar ? stored : four} { return b${n}[i]; }`;
  const one = scalar ? `fn load_${n}(i: u32) -> ${stored} { return b${n}[i]; }` : '';
  if (!vector) return one;
  const each = [0, 1, 2, 3].map((lane) => `b${n}[4u * i + ${lane}u]`).join(', ');
  return `${one}\nfn load4_${n}(i: u32) -> ${four} { return ${scalar ? `${four}(${each})` : `b${n}[i]`}; }`;
}
