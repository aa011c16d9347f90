/**
 * Random programs with checks that may fail, and which one a plain interpreter in JavaScript sees fail first. Their state
 * is a natural number below 11, so that nothing is rounded.
 */
import type * as FC from 'fast-check';
import type { NDArray } from '../../reference/core/ndarray.ts';
import * as lax from '../../reference/lax.ts';
import { vmap } from '../../reference/transforms/batching.ts';
import { check } from '../../reference/transforms/checkify/index.ts';
import { checkpoint } from '../../reference/transforms/checkpoint.ts';
import { cond, scan } from '../../reference/transforms/control-flow.ts';
import { customJvp } from '../../reference/transforms/custom-jvp.ts';
import { customVjp } from '../../reference/transforms/custom-vjp.ts';
import { valueAndGrad } from '../../reference/transforms/grad.ts';
import { jit } from '../../reference/transforms/jit.ts';
import { whileLoop } from '../../reference/transforms/loops.ts';
import { reduce } from '../../reference/transforms/reduce.ts';

const MODULUS = 11;

/** The state must not leave a remainder of `r` when divided by `p`. */
interface Condition {
  readonly id: number;
  readonly p: number;
  readonly r: number;
}

export type Node =
  | { readonly kind: 'step'; readonly a: number; readonly b: number }
  | { readonly kind: 'check' | 'reduce'; readonly on: Condition }
  | { readonly kind: 'rem' | 'sqrt' | 'slice'; readonly r: number }
  | { readonly kind: 'jit' | 'checkpoint' | 'customJvp' | 'customVjp' | 'gradient' | 'vmap'; readonly body: Block }
  | { readonly kind: 'cond'; readonly p: number; readonly yes: Block; readonly no: Block }
  | { readonly kind: 'scan'; readonly n: number; readonly body: Block }
  | { readonly kind: 'while'; readonly n: number; readonly on: Condition; readonly body: Block };
export type Block = readonly Node[];

const CALLS = ['jit', 'checkpoint', 'customJvp', 'customVjp'] as const;

interface Parts {
  /** Equations that automatic checks find, instead of batches, in which they find other ones. */
  readonly automatic?: boolean;
  /** Derivatives, inside or outside; otherwise checks in reductions, of which these would change the order. */
  readonly derivatives?: boolean;
}

export function checkedPrograms(fc: typeof FC, { automatic = false, derivatives = false }: Parts): FC.Arbitrary<Block> {
  const small = fc.nat(6);
  const condition = fc.record({ id: fc.nat(99), p: fc.integer({ min: 2, max: 5 }), r: fc.nat(4) });
  const step = fc.record({ kind: fc.constant('step' as const), a: fc.integer({ min: 1, max: 5 }), b: small });
  const leaves: FC.Arbitrary<Node>[] = [
    step,
    fc.record({ kind: fc.constant('check' as const), on: condition }),
    ...(derivatives ? [] : [fc.record({ kind: fc.constant('reduce' as const), on: condition })]),
    ...(automatic
      ? [fc.record({ kind: fc.constantFrom('rem' as const, 'sqrt' as const, 'slice' as const), r: small })]
      : []),
  ];
  const { block } = fc.letrec<{ block: Block; node: Node }>((tie) => ({
    block: fc.array(tie('node'), { minLength: 1, maxLength: 3 }),
    node: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      ...leaves,
      fc.record({
        kind: fc.constantFrom(
          ...CALLS,
          ...(derivatives ? ['gradient' as const] : []),
          ...(automatic ? [] : ['vmap' as const]),
        ),
        body: tie('block'),
      }),
      fc.record({ kind: fc.constant('cond' as const), p: fc.integer({ min: 2, max: 3 }), yes: tie('block'), no: tie('block') }), // prettier-ignore
      fc.record({ kind: fc.constant('scan' as const), n: fc.nat(4), body: tie('block') }),
      fc.record({ kind: fc.constant('while' as const), n: fc.nat(3), on: condition, body: tie('block') }),
    ),
  }));
  return block;
}

// ---- the model

/**
 * The states of a batch at its end, and the messages of the checks that fail on the way. A node is done for one example
 * after the other before the next node comes.
 */
export function modelOf(
  block: Block,
  starts: readonly number[],
): { readonly states: readonly number[]; readonly failures: readonly string[] } {
  const failures: string[] = [];
  const fail = (holds: boolean, message: string): void => {
    if (!holds) failures.push(message);
  };
  const ask = ({ id, p, r }: Condition, value: number): void => fail(value % p !== r, `check ${id}: ${value}`);
  const together = (nodes: Block, batch: readonly number[]): readonly number[] =>
    nodes.reduce((cs, node) => {
      if (node.kind === 'gradient') return together(node.body, cs);
      if (node.kind !== 'vmap') return cs.map((c) => one(node, c));
      const pairs = together(node.body, cs.flatMap((c) => [c, c + 1])); // prettier-ignore
      return cs.map((_, i) => (pairs[2 * i]! + pairs[2 * i + 1]!) % MODULUS);
    }, batch);
  const run = (nodes: Block, c: number): number => together(nodes, [c])[0]!;
  const times = (n: number, state: number, body: (c: number) => number): number => {
    let c = state;
    for (let i = 0; i < n; i++) c = body(c);
    return c;
  };
  const one = (node: Node, c: number): number => {
    switch (node.kind) {
      case 'step':
        return (node.a * c + node.b) % MODULUS;
      case 'check':
        ask(node.on, c);
        return c;
      case 'reduce':
        for (const element of [c, c + 1]) ask(node.on, element);
        return (2 * c + 1) % MODULUS;
      case 'rem':
        fail(c !== node.r, 'division by zero: rem');
        return c;
      case 'sqrt':
        fail(c >= node.r, 'sqrt made a NaN');
        return c;
      case 'slice': {
        const size = node.r + 1;
        fail(c < size, `dynamic_slice: index ${c} is out of bounds for axis 0, of size ${size}, of f32[${size}]`);
        return c;
      }
      case 'cond':
        return run(c % node.p === 0 ? node.yes : node.no, c);
      case 'scan':
        return times(node.n, c, (x) => run(node.body, x));
      case 'while': {
        const end = times(node.n, c, (x) => (ask(node.on, x), run(node.body, x)));
        ask(node.on, end);
        return end;
      }
      default:
        return run(node.body, c);
    }
  };
  return { states: together(block, starts), failures };
}

// ---- the program

const remainder = (x: NDArray, p: number): NDArray => lax.rem(x, p);
const ask = ({ id, p, r }: Condition, value: NDArray): void =>
  check(lax.ne(remainder(value, p), r), `check ${id}: {}`, value);

/** The function of the state, a float scalar. */
export const functionOf =
  (block: Block): ((c: NDArray) => NDArray) =>
  (start) =>
    block.reduce((c, node) => apply(node, c), start);

function apply(node: Node, c: NDArray): NDArray {
  switch (node.kind) {
    case 'step':
      return remainder(lax.add(lax.mul(c, node.a), node.b), MODULUS);
    case 'check':
      ask(node.on, c);
      return c;
    case 'reduce': {
      const elements = lax.concatenate([c, lax.add(c, 1)].map((x) => lax.reshape(x, [1])), 0); // prettier-ignore
      const added = (a: NDArray, b: NDArray): NDArray => {
        ask(node.on, b);
        return lax.add(a, b);
      };
      return remainder(reduce(elements, lax.zerosLike(c), added, [0]), MODULUS);
    }
    case 'rem':
      lax.rem(lax.fullLike(c, 1), lax.sub(c, node.r));
      return c;
    case 'sqrt':
      lax.sqrt(lax.sub(c, node.r));
      return c;
    case 'slice':
      lax.dynamicSlice(lax.full([node.r + 1], 0, 'float32'), [lax.convertElementType(c, 'int32')], [1]);
      return c;
    case 'jit':
      return jit(functionOf(node.body))(c);
    case 'checkpoint':
      return checkpoint(functionOf(node.body))(c);
    case 'customJvp': {
      const f = customJvp(functionOf(node.body));
      f.defjvp(([x], [dx]) => [f(x), lax.mul(dx, 2)]);
      return f(c);
    }
    case 'customVjp': {
      const f = customVjp(functionOf(node.body));
      f.defvjp(
        (x) => [f(x), null],
        (_: null, ct: NDArray) => [lax.mul(ct, 3)],
      );
      return f(c);
    }
    case 'gradient': {
      const [value, slope] = valueAndGrad(functionOf(node.body))(c);
      return lax.add(value, lax.mul(slope, 0));
    }
    case 'vmap': {
      const pair = lax.concatenate([c, lax.add(c, 1)].map((x) => lax.reshape(x, [1])), 0); // prettier-ignore
      return remainder(lax.reduceSum(vmap(functionOf(node.body))(pair), [0]), MODULUS);
    }
    case 'cond':
      return cond(lax.eq(remainder(c, node.p), 0), functionOf(node.yes), functionOf(node.no), c);
    case 'scan':
      return scan((x: NDArray) => [functionOf(node.body)(x), null], c, null, { length: node.n })[0];
    case 'while': {
      const goesOn = ({ i, x }: { i: NDArray; x: NDArray }): NDArray => {
        ask(node.on, x);
        return lax.lt(i, node.n);
      };
      const body = ({ i, x }: { i: NDArray; x: NDArray }): { i: NDArray; x: NDArray } => ({
        i: lax.add(i, 1),
        x: functionOf(node.body)(x),
      });
      return whileLoop(goesOn, body, { i: lax.full([], 0, 'int32'), x: c }).x;
    }
  }
}
