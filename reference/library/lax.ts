/** The namespace `lax`: the functions that apply one primitive, and structured control flow. */
export * from '../lax.ts';
export { cond, scan, type ScanOptions, switch_, switch_ as switch } from '../transforms/control-flow.ts';
