import type { Shape } from '../core/host.ts';

/** `[[lhs contracting, rhs contracting], [lhs batch, rhs batch]]`. */
export type DotDimensionNumbers = readonly [readonly [Shape, Shape], readonly [Shape, Shape]];
/** How much a backend may round the operands of products; the reference's result is exact for each. */
export type Precision = 'DEFAULT' | 'HIGH' | 'HIGHEST';
