/** Inverse trigonometric, hyperbolic and inverse hyperbolic functions. */
import { elementwise, type Part } from './lowering.ts';

const kernel = (name: string): Part<'asin'>['asin'] => elementwise((k, [x]) => k.run(name, { x: x! }));

export const trigonometry: Part<'asin' | 'acos' | 'atan' | 'atan2' | 'sinh' | 'cosh' | 'asinh' | 'acosh' | 'atanh'> = {
  asin: kernel('Asin'),
  acos: kernel('Acos'),
  atan: kernel('Atan'),
  atan2: elementwise((k, [x, y]) => k.run('Atan2', { a: x!, b: y! })),
  sinh: kernel('Sinh'),
  cosh: kernel('Cosh'),
  asinh: kernel('Asinh'),
  acosh: kernel('Acosh'),
  atanh: kernel('Atanh'),
};
