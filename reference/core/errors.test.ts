import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { np } from '../index.ts';
import { describe as inWords } from './errors.ts';

class Model {
  readonly w = 1;
}

it.each<[string, unknown]>([
  ['a list', [1]],
  ['a Float32Array', new Float32Array(2)],
  ['a Promise', Promise.resolve(1)],
  ['the string "2"', '2'],
  ['1.5', 1.5],
  ['true', true],
  ['null', null],
  ['undefined', undefined],
  ['7n', 7n],
  ['the function loss', function loss() {}],
  ['the function (anonymous)', () => 1],
  ['Symbol(key)', Symbol('key')],
  ['an array of float32, shape [2,3]', np.ones([2, 3])],
  ['an object { w, b }', { w: 1, b: 2 }],
  ['an object of class Model', new Model()],
])('errors speak of %s', (words, value) => expect(inWords(value)).toBe(words));

describe('an array indexed like a list', () => {
  const read = (key: string) => (): unknown => (np.ones([2]) as unknown as Record<string, unknown>)[key];
  const write = (key: string) => (): unknown => Object.assign(np.ones([2]), { [key]: 1 });

  test('by an integer is told what to write with it', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 6), max: 10 ** 6 }), (i) => {
        for (const use of [read, write]) {
          expect(use(String(i))).toThrow(`indexed with [${i}]: `);
          expect(use(String(i))).toThrow(`Write x.slice(${i}) for a part, x.at(${i}).set(y)`);
        }
      }),
    );
  });

  it.each(['1.5', '-2.5e-7', '1e+21', '-Infinity', 'NaN', 'null', 'undefined', 'true', 'false', '', '0,1', '1:3', ':', '[1]', '...'])(
    'by “%s” too, whatever it was meant to be',
    (key) => {
      for (const use of [read, write]) expect(use(key)).toThrow(`indexed with [${key}]: `);
      expect(read(key)).toThrow('x.slice(…)');
    },
  ); // prettier-ignore

  it.each(['x1', '1x', '-', '1.', '1e5', '.5', 'a...', '....', 'nullish', 'isNaN', 'untrue'])(
    'is not by the name “%s”, which it lacks',
    (key) => {
      expect(read(key)()).toBeUndefined();
      expect(write(key)).toThrow(`${key} of an array was set to 1: arrays are immutable`);
    },
  );

  it.each(['length', 'map', 'forEach', 'filter', 'reduce', 'push', 'concat', 'join', 'indexOf', 'includes'])(
    'has no %s, and is told what there is instead',
    (key) => {
      expect(read(key)).toThrow(new RegExp(`an array is no list and has no ${key}; write (x\\.|vmap|np\\.)`));
      expect(write(key)).toThrow(`${key} of an array was set to 1`);
    },
  );

  test('keeps its own properties from being set', () => {
    const x = np.ones([2]);
    expect(() => Object.assign(x, { shape: [1] })).toThrow('shape of an array was set to a list: arrays are immutable');
    expect(x.shape).toEqual([2]);
    const key = Symbol('of the user');
    expect(Object.assign(x, { [key]: 3 })[key]).toBe(3);
  });
});
