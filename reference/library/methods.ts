/** What the methods of arrays call: the functions of `numpy`. The entry installs the table. */
import type { ArrayMethods } from '../core/ndarray.ts';
import { astype } from './numpy/creation.ts';
import { at, slice } from './numpy/at.ts';
import * as elementwise from './numpy/elementwise.ts';
import { take } from './numpy/indexing.ts';
import * as logic from './numpy/logic.ts';
import { dot, matmul } from './numpy/products.ts';
import * as reductions from './numpy/reductions.ts';
import * as shape from './numpy/shape.ts';

export const arrayMethods: ArrayMethods = {
  add: elementwise.add,
  subtract: elementwise.subtract,
  multiply: elementwise.multiply,
  divide: elementwise.divide,
  floorDivide: elementwise.floorDivide,
  mod: elementwise.mod,
  power: elementwise.power,
  negative: elementwise.negative,
  abs: elementwise.abs,
  clip: elementwise.clip,
  equal: logic.equal,
  notEqual: logic.notEqual,
  less: logic.less,
  lessEqual: logic.lessEqual,
  greater: logic.greater,
  greaterEqual: logic.greaterEqual,
  sum: reductions.sum,
  mean: reductions.mean,
  prod: reductions.prod,
  max: reductions.max,
  min: reductions.min,
  all: reductions.all,
  any: reductions.any,
  argmax: reductions.argmax,
  argmin: reductions.argmin,
  cumsum: reductions.cumsum,
  dot,
  matmul,
  reshape: shape.reshape,
  transpose: shape.transpose,
  squeeze: shape.squeeze,
  expandDims: shape.expandDims,
  astype,
  take,
  at,
  slice,
};
