/**
 * Reading and writing at computed places (spec/primitives/indexing.md).
 */
export { dynamicSlice, dynamicUpdateSlice } from './dynamic.ts';
export { gather } from './gather.ts';
export { scatter, scatterAdd, scatterMul } from './scatter.ts';
export { scatterMax, scatterMin } from './scatter-extremes.ts';
export type { ScatterDimensionNumbers } from './scatter-windows.ts';
export type { GatherDimensionNumbers, IndexMode } from './windows.ts';
