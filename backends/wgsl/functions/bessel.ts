/**
 * The modified Bessel functions, times e^−|x|: up to 5 by their power series in t = x²/4 (DLMF 10.25.2), beyond by a
 * polynomial of 1/x, both of them minimax ones of our own.
 */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { exp } from './exponentials.ts';
import { isNan, withSign } from './floats.ts';

export const besselI0e: WgslFunction = wgslFunction(
  `
fn bessel_i0e(x: f32) -> f32 {
  let size = abs(x);
  if (is_nan(x)) { return x; }
  if (size <= 5.0) {
    let t = 0.25 * x * x;
    return exp_of(-size) * (1.0 + t * (1.0 + t * (0.25 + t * (0.027777763 + t * (0.0017361424 + t * (6.941933e-5
      + t * (1.9388908e-6 + t * (3.7335454e-8 + t * 8.21842e-10))))))));
  }
  let u = 1.0 / size;
  return (0.3989423 + u * (0.049860593 + u * (0.028800964 + u * (-0.00026933767 + u * (0.6003655 + u * (-5.3552423
    + u * (27.587845 + u * (-60.8119 + u * 43.481655)))))))) / sqrt(size);
}`,
  [exp, isNan],
);

export const besselI1e: WgslFunction = wgslFunction(
  `
fn bessel_i1e(x: f32) -> f32 {
  let size = abs(x);
  if (is_nan(x)) { return x; }
  if (size <= 5.0) {
    let t = 0.25 * x * x;
    return exp_of(-size) * (0.5 * x) * (1.0 + t * (0.5 + t * (0.083333336 + t * (0.0069444366 + t * (0.0003472313
      + t * (1.1568909e-5 + t * (2.7717041e-7 + t * (4.6484687e-9 + t * 9.2066785e-11))))))));
  }
  let u = 1.0 / size;
  return with_sign((0.3989423 + u * (-0.14960958 + u * (-0.04617558 + u * (-0.062377293 + u * (0.36291724 + u * (-4.930673
    + u * (32.726265 + u * (-125.42483 + u * 190.2004)))))))) / sqrt(size), x);
}`,
  [exp, isNan, withSign],
);
