/** The error function and its kin. The polynomials are minimax ones of our own. */
import { wgslFunction, type WgslFunction } from '../compile/wgsl-function.ts';
import { exp } from './exponentials.ts';
import { infinity, isNan, nan, upperHalf, withSign } from './floats.ts';
import { log, log1p } from './logarithms.ts';

/** (erf x)/x − 1 as a polynomial of x², for |x| ≤ 0.96. */
export const erfTail: WgslFunction = wgslFunction(`
fn erf_tail(z: f32) -> f32 {
  return 0.12837917 + z * (-0.3761263 + z * (0.112836264 + z * (-0.026855802 + z * (0.005192634 + z * (-0.0008052852 + z * 8.0113925e-5)))));
}`);

/** 1 − erfc x for x > 0.95, as 1 − e^−Q(x): Q is smooth, and from 4 on nothing is left of it. */
export const erf: WgslFunction = wgslFunction(
  `
fn erf_of(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let t = abs(x);
  if (t < 1e-10) { return x * 1.1283792; }
  if (t < 0.96) { return x + x * erf_tail(x * x); }
  if (t >= 4.0) { return with_sign(1.0, x); }
  let q = -0.00018370611 + t * (1.129558 + t * (0.63326055 + t * (0.108374506 + t * (-0.025180127
    + t * (0.004193995 + t * (-0.00043917398 + t * 2.1500919e-5))))));
  return with_sign(1.0 - exp_of(-q), x);
}`,
  [exp, isNan, withSign, erfTail],
);

/** e^−x² without the rounding of the square: that of x's upper half is exact, and the rest is small. */
const expOfMinusSquare: WgslFunction = wgslFunction(
  `
fn exp_of_minus_square(x: f32) -> f32 {
  let high = upper_half(x);
  return exp_of(-high * high) * exp_of((high - x) * (high + x));
}`,
  [exp, upperHalf],
);

/** e^x²·erfc x for ½ ≤ x < 10.5 as P(q)/(1 + 2x), q = (x − 2)/(x + 2) being in a short interval. */
export const scaledErfc: WgslFunction = wgslFunction(`
fn scaled_erfc(x: f32) -> f32 {
  let q = (x - 2.0) / (x + 2.0);
  let p = 1.2769784 + q * (-0.09276381 + q * (-0.1660305 + q * (0.16404988 + q * (-0.05421321 + q * (-0.008014678
    + q * (0.008661583 + q * (0.0011761443 + q * (-0.0012631605 + q * -0.00026055408))))))));
  return p / (1.0 + 2.0 * x);
}`);

export const erfc: WgslFunction = wgslFunction(
  `
fn erfc_of(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let t = min(abs(x), 10.2);
  if (t < 0.5) { return 0.5 + (0.5 - (x + x * erf_tail(x * x))); }
  let far = exp_of_minus_square(t) * scaled_erfc(t);
  return select(far, 2.0 - far, x < 0.0);
}`,
  [isNan, erfTail, expOfMinusSquare, scaledErfc],
);

/** x·P(w) with w = −log(1 − x²), or its root, as in Giles (Approximating the erfinv function, 2011). */
export const erfInv: WgslFunction = wgslFunction(
  `
fn erf_inv_of(x: f32) -> f32 {
  let t = abs(x);
  if (!(t <= 1.0)) { return nan(); }
  if (t == 1.0) { return with_sign(infinity(), x); }
  var w = 0.0;
  if (t < 0.5) { w = -log1p_of(-x * x); } else { w = -log_of((1.0 - t) * (1.0 + t)); }
  if (w < 5.0) {
    let s = w - 2.5;
    return x * (1.5014094 + s * (0.24664028 + s * (-0.004177666 + s * (-0.0012527552 + s * (0.000218573 + s * (-4.9440932e-6
      + s * (-3.522205e-6 + s * (4.601501e-7 + s * (2.8050973e-8 + s * -8.255639e-9)))))))));
  }
  let s = sqrt(w) - 3.0;
  return x * (2.832977 + s * (1.0016755 + s * (0.009437841 + s * (-0.0076331063 + s * (0.0057480303 + s * (-0.0036466108
    + s * (0.00132285 + s * (7.88044e-5 + s * -0.00017624447))))))));
}`,
  [infinity, nan, withSign, log, log1p],
);
