/** The smallest training there is: a line through points, by gradient descent. */
import type { Backend } from '../../reference/core/open-backend.ts';
import { devicePut, type NDArray, np, tree, valueAndGrad } from '../../reference/index.ts';

export interface Params {
  readonly w: NDArray;
  readonly b: NDArray;
}

/** Mean square of what is left. */
export const error = ({ w, b }: Params, x: NDArray, y: NDArray): NDArray =>
  np.square(np.dot(x, w).add(b).sub(y)).mean();

export function step(params: Params, x: NDArray, y: NDArray, rate: NDArray): { params: Params; loss: NDArray } {
  const [loss, gradient] = valueAndGrad(error)(params, x, y);
  return { params: tree.map((p: NDArray, g: NDArray) => p.sub(g.mul(rate)), params, gradient), loss };
}

export const startOn = (device: Backend): Params => devicePut({ w: np.array([0, 0]), b: np.array(0) }, device);

export const dataOn = (device: Backend): readonly [x: NDArray, y: NDArray] =>
  devicePut([np.array([[1, 2], [3, 5], [-1, 1]]), np.array([1, 2, 3])], device) as [NDArray, NDArray]; // prettier-ignore
