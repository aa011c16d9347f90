/**
 * The inverse error function by polynomials in w = −log(1 − x²): M. Giles, "Approximating the erfinv
 * function", GPU Computing Gems 2 (2011), with the coefficients and branches of XLA's ErfInv32 and ErfInv64, so that
 * normal numbers agree with JAX's (the primitive `erf_inv` is more exact), and can be drawn on backends without it.
 */
import type { NDArray } from '../core/ndarray.ts';
import * as lax from '../lax.ts';

/** One range of w, which ends at `below`. The polynomial's argument is `w − shift` in the first, `√w − shift` in the others. */
interface Piece {
  readonly below: number;
  readonly shift: number;
  /** From the highest power down. */
  readonly coefficients: readonly number[];
}

// prettier-ignore
const SINGLE: readonly Piece[] = [
  { below: 5, shift: 2.5, coefficients: [
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503, -0.00417768164,
    0.246640727, 1.50140941] },
  { below: Infinity, shift: 3, coefficients: [
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
    1.00167406, 2.83297682] },
];

// prettier-ignore
const DOUBLE: readonly Piece[] = [
  { below: 6.25, shift: 3.125, coefficients: [
    -3.6444120640178196996e-21, -1.685059138182016589e-19, 1.2858480715256400167e-18, 1.115787767802518096e-17,
    -1.333171662854620906e-16, 2.0972767875968561637e-17, 6.6376381343583238325e-15, -4.0545662729752068639e-14,
    -8.1519341976054721522e-14, 2.6335093153082322977e-12, -1.2975133253453532498e-11, -5.4154120542946279317e-11,
    1.051212273321532285e-09, -4.1126339803469836976e-09, -2.9070369957882005086e-08, 4.2347877827932403518e-07,
    -1.3654692000834678645e-06, -1.3882523362786468719e-05, 0.0001867342080340571352, -0.00074070253416626697512,
    -0.0060336708714301490533, 0.24015818242558961693, 1.6536545626831027356] },
  { below: 16, shift: 3.25, coefficients: [
    2.2137376921775787049e-09, 9.0756561938885390979e-08, -2.7517406297064545428e-07, 1.8239629214389227755e-08,
    1.5027403968909827627e-06, -4.013867526981545969e-06, 2.9234449089955446044e-06, 1.2475304481671778723e-05,
    -4.7318229009055733981e-05, 6.8284851459573175448e-05, 2.4031110387097893999e-05, -0.0003550375203628474796,
    0.00095328937973738049703, -0.0016882755560235047313, 0.0024914420961078508066, -0.0037512085075692412107,
    0.005370914553590063617, 1.0052589676941592334, 3.0838856104922207635] },
  { below: Infinity, shift: 5, coefficients: [
    -2.7109920616438573243e-11, -2.5556418169965252055e-10, 1.5076572693500548083e-09, -3.7894654401267369937e-09,
    7.6157012080783393804e-09, -1.4960026627149240478e-08, 2.9147953450901080826e-08, -6.7711997758452339498e-08,
    2.2900482228026654717e-07, -9.9298272942317002539e-07, 4.5260625972231537039e-06, -1.9681778105531670567e-05,
    7.5995277030017761139e-05, -0.00021503011930044477347, -0.00013871931833623122026, 1.0103004648645343977,
    4.8499064014085844221] },
];

/** The x of which erf is the argument; ±Inf at ±1, NaN beyond. Within 4 ulp in float32; narrow floats are exact. */
export function erfInv(x: NDArray): NDArray {
  if (x.dtype !== 'float32' && x.dtype !== 'float64') return lax.erfInv(x);
  const pieces = x.dtype === 'float32' ? SINGLE : DOUBLE;
  const w = lax.neg(lax.log1p(lax.mul(lax.neg(x), x)));
  const infinite = lax.mul(lax.sign(x), Infinity);
  const [centre, ...tails] = pieces;
  // Outside its own range a piece sees a harmless w: the derivative of √w at 0 would spoil that of the centre.
  const inCentre = lax.lt(w, centre!.below);
  const central = horner(lax.sub(w, centre!.shift), centre!.coefficients);
  const root = lax.sqrt(lax.select(inCentre, 1, w));
  const last = tails.at(-1)!;
  const tail = tails
    .slice(0, -1)
    .reduceRight(
      (beyond, piece) =>
        lax.select(lax.lt(w, piece.below), horner(lax.sub(root, piece.shift), piece.coefficients), beyond),
      horner(lax.sub(root, last.shift), last.coefficients),
    );
  return lax.select(lax.eq(lax.abs(x), 1), infinite, lax.mul(lax.select(inCentre, central, tail), x));
}

const horner = (at: NDArray, [first, ...rest]: readonly number[]): NDArray =>
  rest.reduce((sum: NDArray, c) => lax.add(lax.mul(sum, at), c), lax.fullLike(at, first!));
