import { expect, it } from 'vitest';
import { contents } from '../../conformance/testing/arrays.ts';
import { type NDArray, np } from '../index.ts';

const x = np.array([[1, -2], [3, 4]]); // prettier-ignore

it.each<[string, NDArray, NDArray]>([
  ['add', x.add(1), np.add(x, 1)],
  ['sub', x.sub(x), np.subtract(x, x)],
  ['mul', x.mul(2), np.multiply(x, 2)],
  ['div', x.div(2), np.divide(x, 2)],
  ['floorDiv', x.floorDiv(2), np.floorDivide(x, 2)],
  ['mod', x.mod(3), np.mod(x, 3)],
  ['pow', x.pow(2), np.power(x, 2)],
  ['neg', x.neg(), np.negative(x)],
  ['abs', x.abs(), np.abs(x)],
  ['equal', x.equal(1), np.equal(x, 1)],
  ['notEqual', x.notEqual(1), np.notEqual(x, 1)],
  ['lessEqual', x.lessEqual(1), np.lessEqual(x, 1)],
  ['greater', x.greater(1), np.greater(x, 1)],
  ['less', x.less(1), np.less(x, 1)],
  ['greaterEqual', x.greaterEqual(1), np.greaterEqual(x, 1)],
  ['sum', x.sum(0), np.sum(x, 0)],
  ['mean with options', x.mean({ axis: 1, keepdims: true }), np.mean(x, 1, { keepdims: true })],
  ['max', x.max(), np.max(x)],
  ['min', x.min(0), np.min(x, 0)],
  ['prod', x.prod(1), np.prod(x, 1)],
  ['all', x.all(0), np.all(x, 0)],
  ['argmin', x.argmin(1), np.argmin(x, 1)],
  ['any', x.any(0), np.any(x, 0)],
  ['argmax', x.argmax(1), np.argmax(x, 1)],
  ['cumsum', x.cumsum(), np.cumsum(x)],
  ['dot', x.dot(x), np.dot(x, x)],
  ['matmul', x.matmul(x), np.matmul(x, x)],
  ['reshape', x.reshape(4), np.reshape(x, [4])],
  ['reshape of a list', x.reshape([-1, 1]), np.reshape(x, [-1, 1])],
  ['flatten', x.flatten(), np.ravel(x)],
  ['ravel', x.ravel(), np.ravel(x)],
  ['T', x.T, np.transpose(x)],
  ['transpose', x.transpose(1, 0), np.transpose(x)],
  ['transpose of a list', x.transpose([0, 1]), x],
  ['expandDims', x.expandDims(0), np.expandDims(x, 0)],
  ['squeeze', x.expandDims(0).squeeze(), x],
  ['astype', x.astype('int32'), np.astype(x, 'int32')],
  ['take', x.take(1, 0), np.take(x, 1, 0)],
  ['clip', x.clip(0, 2), np.clip(x, 0, 2)],
])('x.%s is the function of numpy', (_, method, expected) => {
  expect(contents(method)).toEqual(contents(expected));
});
