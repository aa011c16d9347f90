import { expect, test } from 'vitest';
import { build, buildElements, numbers } from './host.ts';

test('arrays are built of numbers where their dtype has numbers', () => {
  expect([...numbers(build('int8', [2], (i) => 200 + i))]).toEqual([-56, -55]);
  expect(() => build('int64', [1], () => 1)).toThrow('int64');
  expect(() => build('complex64', [1], () => 1)).toThrow('complex64');
  expect(buildElements('int64', [1], () => 5n).data).toEqual(BigInt64Array.of(5n));
});
