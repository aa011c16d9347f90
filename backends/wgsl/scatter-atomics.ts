/**
 * Scatters of many updates with atomic operations, by the option `atomics`: each update changes its element as it comes.
 * Integers, and the extremes of any numbers, are the same in every order; sums of floats depend on it.
 */
import { type DType, isComplex, isFloat } from '../../reference/core/dtypes.ts';
import { sizeOf } from '../../reference/core/host.ts';
import { accumulated } from './accumulating.ts';
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { addIndex, Index } from './compile/index-space.ts';
import type { Part } from './compile/lowering.ts';
import { Computation, type Node } from './compile/node.ts';
import { startOfWindow } from './indexing.ts';
import type { Monoid } from './monoids.ts';
import { adding, greatest, least, scattering, type Scattering, sorted, type Way } from './scatter.ts';

/** Elements of partial sums that are made at most, beyond as many as the result has. */
const MOST_PARTIAL = 2 ** 21;

/**
 * How many sums an element's updates are dealt out to: chains of 1024 + √n, and of that many sums, keep to the bound of
 * spec/numerics.md#sum. Fewer updates also wait for one another.
 */
const partialSums = (updates: number): number => Math.ceil(updates / (1024 + Math.ceil(Math.sqrt(updates))));

type Operation = 'atomicAdd' | 'atomicMin' | 'atomicMax';

/** Combines words with numbers by an operation of WGSL. It has none for floats, nor for two words at once. */
const atomically =
  (operation: Operation): Way =>
  (graph, s, combination) => {
    const { monoid } = combination;
    const { operand } = s.windows;
    const size = sizeOf(operand);
    const dtype = monoid.state[0]!;
    const copies = isFloat(dtype) ? partialSums(sizeOf(s.own)) : 1;
    if (isComplex(dtype) || (copies > 1 && copies * size > MOST_PARTIAL)) return sorted(graph, s, combination);
    const operands = [s.x, s.indices, s.updates];
    return new Computation({
      name: 'scatter',
      operands,
      pulled: s.inWindow.length === 0 ? operands : [s.x, s.updates],
      results: [s.x.type],
      finishes: true,
      make(making, { results: [result] }) {
        const partial = making.temporary({ shape: [copies, size], dtype });
        making.each(Math.ceil((copies * size) / 4), (k, i) => {
          k.lanes = 4;
          k.store(partial, i, nothing(k, monoid, dtype));
        });
        making.each(sizeOf(s.updates.type.shape), (k, i) => addUpdate(k, i, s, { monoid, operation, partial }));
        making.each(size, (k, i) => {
          const index = Index.flat(operand, i);
          const first = monoid.lift(k, k.element(s.x, index), () => '0');
          const range = { from: '0u', to: `${copies}u`, inBlocksOf: null };
          const all = accumulated(k, monoid, first, range, (copy, add) => add([k.at(partial, [copy, i])]));
          k.define(result!, index, monoid.lower(k, all));
        });
      },
    }).results[0]!;
  };

/** What changes nothing: −0 is what every float stays the same with. */
const nothing = (k: Builder, monoid: Monoid, dtype: DType): Code =>
  isFloat(dtype) ? k.constant(dtype, -0) : monoid.initial(k)[0]!;

interface Change {
  readonly monoid: Monoid;
  readonly operation: Operation;
  readonly partial: Node;
}

/** The i-th element of the updates, at its place. */
function addUpdate(k: Builder, i: Code, s: Scattering, { monoid, operation, partial }: Change): void {
  const index = Index.flat(s.updates.type.shape, i);
  const dims = index.dims(k);
  const position = s.positions.map((d) => dims[d]!);
  const start = startOfWindow(k, s.indices, position, s.windows);
  k.block(`if (${start.fits})`, () => {
    const at = [...start.dims];
    for (const [axis, d] of s.inWindow) at[axis] = k.let('u32', addIndex(at[axis]!, dims[d]!));
    const [copies] = partial.type.shape;
    const copy = copies === 1 ? '0u' : k.let('u32', `${Index.of(s.own, position).flat(k)} % ${copies}u`);
    const word = k.atomic(partial, Index.of([copies!, ...s.windows.operand], [copy, ...at]).flat(k));
    const [x] = monoid.lift(k, k.element(s.updates, index), () => '0');
    if (isFloat(partial.type.dtype)) exchange(k, word, (before) => monoid.combine(k, [before], [x!])[0]!);
    else k.line(`${operation}(${word}, ${x});`);
  });
}

/** Changes the float whose bits a word is, again for as long as others come in between. */
function exchange(k: Builder, word: Code, changed: (before: Code) => Code): void {
  const bits = k.variable('u32', `atomicLoad(${word})`);
  k.block('loop', () => {
    const after = changed(k.read(`bitcast<f32>(${bits})`));
    const tried = k.read(`atomicCompareExchangeWeak(${word}, ${bits}, bitcast<u32>(${after}))`);
    k.line(`if (${tried}.exchanged) { break; }`);
    k.line(`${bits} = ${tried}.old_value;`);
  });
}

export const atomicScatters: Part<'scatter_add' | 'scatter_min' | 'scatter_max'> = {
  scatter_add: scattering(adding, atomically('atomicAdd')),
  scatter_min: scattering(least, atomically('atomicMin')),
  scatter_max: scattering(greatest, atomically('atomicMax')),
};
