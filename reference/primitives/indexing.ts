/**
 * Reading and writing at computed places (spec/primitives/indexing.md).
 */
export { dynamicSlice, dynamicUpdateSlice } from './dynamic.ts';
export { gather } from './gather.ts';
export { scatterAdd, type ScatterDimensionNumbers } from './scatter.ts';
export type { GatherDimensionNumbers, IndexMode } from './windows.ts';
