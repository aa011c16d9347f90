/**
 * The closed table of primitives: everything that a program can be made of.
 */
import type { AnyPrimitive, FirstOrder } from '../core/primitive.ts';
import * as arithmetic from './arithmetic.ts';
import * as bits from './bits.ts';
import * as comparison from './comparison.ts';
import * as contraction from './contraction.ts';
import { cond } from './cond.ts';
import * as conversion from './conversion.ts';
import * as cumulative from './cumulative.ts';
import { customJvpCall } from './custom-jvp.ts';
import * as indexing from './indexing.ts';
import { jit } from './jit.ts';
import * as math from './math.ts';
import * as random from './random.ts';
import * as reduction from './reduction.ts';
import { scan } from './scan.ts';
import * as shape from './shape.ts';

/** Every first-order primitive, by name, family by family. */
export const primitives = {
  neg: arithmetic.neg,
  abs: arithmetic.abs,
  sign: arithmetic.sign,
  floor: arithmetic.floor,
  ceil: arithmetic.ceil,
  round: arithmetic.round,
  add: arithmetic.add,
  sub: arithmetic.sub,
  mul: arithmetic.mul,
  div: arithmetic.div,
  rem: arithmetic.rem,
  max: arithmetic.max,
  min: arithmetic.min,
  clamp: arithmetic.clamp,
  stop_gradient: arithmetic.stopGradient,

  sqrt: math.sqrt,
  rsqrt: math.rsqrt,
  exp: math.exp,
  log: math.log,
  expm1: math.expm1,
  log1p: math.log1p,
  sin: math.sin,
  cos: math.cos,
  tan: math.tan,
  tanh: math.tanh,
  logistic: math.logistic,
  erf: math.erf,
  pow: math.pow,
  integer_pow: math.integerPow,

  eq: comparison.eq,
  ne: comparison.ne,
  lt: comparison.lt,
  le: comparison.le,
  gt: comparison.gt,
  ge: comparison.ge,
  is_finite: comparison.isFinite,
  select_n: comparison.selectN,

  and: bits.bitwiseAnd,
  or: bits.bitwiseOr,
  xor: bits.bitwiseXor,
  not: bits.bitwiseNot,

  convert_element_type: conversion.convertElementType,

  broadcast_in_dim: shape.broadcastInDim,
  reshape: shape.reshape,
  squeeze: shape.squeeze,
  transpose: shape.transpose,
  rev: shape.rev,
  slice: shape.slice,
  pad: shape.pad,
  concatenate: shape.concatenate,
  iota: shape.iota,

  reduce_sum: reduction.reduceSum,
  reduce_max: reduction.reduceMax,
  reduce_min: reduction.reduceMin,
  reduce_prod: reduction.reduceProd,
  reduce_and: reduction.reduceAnd,
  reduce_or: reduction.reduceOr,
  argmax: reduction.argmax,
  argmin: reduction.argmin,
  cumsum: cumulative.cumsum,

  dot_general: contraction.dotGeneral,

  gather: indexing.gather,
  scatter_add: indexing.scatterAdd,
  dynamic_slice: indexing.dynamicSlice,
  dynamic_update_slice: indexing.dynamicUpdateSlice,

  threefry2x32: random.threefry2x32,
} as const;

/** Every primitive with jaxprs inside. */
export const higherOrder = {
  jit,
  cond,
  scan,
  custom_jvp_call: customJvpCall,
} as const;

export type PrimitiveName = keyof typeof primitives;
export type HigherOrderName = keyof typeof higherOrder;
export type ParamsOf<N extends PrimitiveName> =
  (typeof primitives)[N] extends FirstOrder<string, infer P, infer _C> ? P : never;

const byName: ReadonlyMap<string, AnyPrimitive> = new Map<string, AnyPrimitive>([
  ...Object.values(primitives).filter(Boolean).map((p): [string, AnyPrimitive] => [p.name, p]),
  ...Object.values(higherOrder).map((p): [string, AnyPrimitive] => [p.name, p]),
]);

/** The primitive of a name, of either kind. */
export const primitiveNamed = (name: string): AnyPrimitive | undefined => byName.get(name);
export const allPrimitives = (): readonly AnyPrimitive[] => [...byName.values()];
