import { afterEach, describe, expect, test } from 'vitest';
import { oneEquation } from '../reference/core/open-backend.ts';
import { avalOf, type HostArray, hostArray } from '../reference/core/host.ts';
import { higherOrder, primitives } from '../reference/primitives/index.ts';
import { opByOp } from './op-by-op.ts';
import { supportsFrom, withGaps } from './table.ts';

/** The smallest backend: values are lists of numbers. */
const uploaded = new Set<number[]>();
const list = opByOp<number[]>({
  name: 'list',
  lowerings: {
    add: (_, [x, y]) => [x!.map((v, i) => Math.fround(v + y![i]!))],
    stop_gradient: (_, operands) => operands,
    mul: {
      gap: ([x]) => (x!.dtype === 'float32' ? null : 'lists multiply floats only'),
      lower: (_, [x, y]) => [x!.map((v, i) => Math.fround(v * y![i]!))],
    },
  },
  values: ({ dtype }) => (dtype === 'float32' || dtype === 'int32' ? null : `lists hold no ${dtype}`),
  host: {
    put(value) {
      const numbers = Array.from(value.data, Number);
      uploaded.add(numbers);
      return numbers;
    },
    read: (value) => vector(value),
    free: (value) => void uploaded.delete(value),
  },
});
const vector = (values: readonly number[]): HostArray => hostArray('float32', [values.length], values);

afterEach(() => expect(uploaded.size).toBe(0));

describe('opByOp', () => {
  test.each([
    ['add', 'float32', true],
    ['add', 'float64', { gap: 'lists hold no float64' }],
    ['mul', 'float32', true],
    ['mul', 'int32', { gap: 'lists multiply floats only' }],
    ['sub', 'float32', { gap: 'not written yet' }],
  ] as const)('supports %s of %s: %o', (name, dtype, answer) => {
    const type = { shape: [2], dtype, weak: false };
    expect(list.supports(primitives[name], [type, type], {})).toEqual(answer);
  });

  test('nothing is shown by a backend that cannot be read at once', () => {
    const params = { name: 'print', callback: () => undefined };
    const supports = (syncRead: boolean): unknown =>
      supportsFrom(withGaps({}), () => null, { syncRead })(higherOrder.debug_callback, [], params);
    expect(supports(true)).toBe(true);
    expect(supports(false)).toEqual({ gap: 'values cannot be read while a program runs' });
  });

  test('a result that the dtype of an operand does not show', () => {
    const operand = { shape: [2], dtype: 'float32', weak: false } as const;
    const params = { new_dtype: 'bool', weak_type: false };
    expect(list.supports(primitives.convert_element_type, [operand], params)).toEqual({ gap: 'lists hold no bool' });
  });

  test('computes, and counts what is alive', async () => {
    const session = await list.open({});
    const device = session.devices[0]!;
    const jaxpr = oneEquation(primitives.add, [vector([1, 2]), vector([3, 4])].map(avalOf), {});
    const inputs = [vector([1, 2]), vector([3, 4])].map((x) => session.put(x, device));
    const [sum] = session.compile(jaxpr, { device }).run(inputs);
    expect(await session.read(sum!)).toEqual(vector([4, 6]));
    expect(session.live()).toEqual({ buffers: 3, bytes: 24 });
    session.close();
    expect(session.live()).toEqual({ buffers: 0, bytes: 0 });
  });

  test('a lowering may return an operand', async () => {
    const session = await list.open({});
    const device = session.devices[0]!;
    const jaxpr = oneEquation(primitives.stop_gradient, [avalOf(vector([1]))], {});
    const x = session.put(vector([1]), device);
    const [y] = session.compile(jaxpr, { device }).run([x]);
    expect(y).not.toBe(x);
    session.free(x);
    expect(session.readSync!(y!)).toEqual(vector([1]));
    session.free(y!);
  });
});
