/** Random bits. */
import { sizeOf } from '../../reference/core/host.ts';
import type { ParamsOf } from '../../reference/primitives/index.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { Index } from './compile/index-space.ts';
import type { Lowerer, Part } from './compile/lowering.ts';
import { Computation, Indexed, type Node } from './compile/node.ts';
import type { Type } from './compile/types.ts';
import { threefry, threefryJoined } from './functions/threefry.ts';

/** In additions. */
const COST = 120;

/** The words are computed together, so that both results come of one kernel. */
const threefry2x32: Lowerer<unknown> = (_, operands, __, results) => {
  const { shape, dtype } = results[0]!;
  const type = { shape, dtype };
  return new Computation({
    name: 'threefry2x32',
    operands,
    results: [type, type],
    pulled: operands,
    finishes: true,
    make: (making, { results: [first, second] }) =>
      making.each(sizeOf(shape), (k, i) => {
        const index = Index.flat(shape, i);
        const words = encrypted(
          k,
          operands.map((x) => k.element(x, index)),
        );
        k.define(first!, index, `${words}.x`);
        k.define(second!, index, `${words}.y`);
      }),
  }).results;
};

const encrypted = (k: Builder, operands: readonly Code[]): Code => k.call(threefry, 'vec2u', ...operands);

// ---- random_bits

/** The two words of a key. */
const keyAt = (k: Builder, keys: Node, number: Code): readonly Code[] => {
  const at = (word: string): Code =>
    k.element(keys, Index.flat(keys.type.shape, k.let('u32', `2u * ${number} + ${word}`)));
  return [at('0u'), at('1u')];
};

/** Today's stream: the bits of an element depend on its number alone. */
function partitionable(keys: Node, type: Type, size: number): Node {
  return new Indexed(
    type,
    [keys],
    (k, index) => {
      const i = index.flat(k);
      const key = keyAt(k, keys, k.let('u32', `${i} / ${size}u`));
      return narrow(k, k.call(threefryJoined, 'u32', ...key, '0u', k.let('u32', `${i} % ${size}u`)), type, '0u');
    },
    { cost: COST },
  );
}

/**
 * The stream of 2019: the counters 0 … n − 1, and a 0 if n is odd, encrypted in two halves. Each word is cut in elements,
 * its lower bits first.
 */
function original(keys: Node, type: Type, size: number, width: number): Node {
  const perWord = 32 / width;
  const words = Math.ceil(size / perWord);
  const half = Math.ceil(words / 2);
  return new Computation({
    name: 'random_bits',
    operands: [keys],
    results: [type],
    pulled: [keys],
    finishes: true,
    make: (making, { results: [result] }) =>
      making.each((sizeOf(type.shape) / size) * half, (k, invocation) => {
        const number = k.let('u32', `${invocation} / ${half}u`);
        const lower = k.let('u32', `${invocation} % ${half}u`);
        const upper = k.let('u32', `${lower} + ${half}u`);
        const counter = k.let('u32', `select(0u, ${upper}, ${upper} < ${words}u)`);
        const pair = encrypted(k, [...keyAt(k, keys, number), lower, counter]);
        for (const [word, code] of [
          [lower, `${pair}.x`],
          [upper, `${pair}.y`],
        ] as const) {
          for (let part = 0; part < perWord; part++) {
            const i = k.let('u32', `${word} * ${perWord}u + ${part}u`);
            k.block(`if (${i} < ${size}u)`, () => {
              const at = k.let('u32', `${number} * ${size}u + ${i}`);
              k.define(result!, Index.flat(type.shape, at), narrow(k, code, type, `${width * part}u`));
            });
          }
        }
      }),
  }).results[0]!;
}

/** The bits of a word that an element of a narrower dtype has. */
function narrow(k: Builder, word: Code, { dtype }: Type, from: Code): Code {
  if (dtype === 'uint32') return word;
  return k.let('u32', `(${word} >> ${from}) & ${dtype === 'uint8' ? '0xffu' : '0xffffu'}`);
}

const randomBits: Lowerer<ParamsOf<'random_bits'>> = (
  _,
  [keys],
  { bit_width, shape, partitionable: today },
  [result],
) => {
  const type = { shape: result!.shape, dtype: result!.dtype };
  const size = sizeOf(shape);
  if (sizeOf(type.shape) === 0) return [new Indexed(type, [], () => '0u')];
  return [today ? partitionable(keys!, type, size) : original(keys!, type, size, bit_width)];
};

export const random: Part<'threefry2x32' | 'random_bits'> = { threefry2x32, random_bits: randomBits };
