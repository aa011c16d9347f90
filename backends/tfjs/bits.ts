/** Bitwise operations; on bool, those of logic. */
import { elementwise, type Part } from './lowering.ts';

export const bits: Part<'and' | 'or' | 'xor' | 'not'> = {
  and: elementwise((k, [x, y], type) => (type === 'bool' ? k.and(x!, y!) : k.bitAnd(x!, y!))),
  or: elementwise((k, [x, y], type) => (type === 'bool' ? k.or(x!, y!) : k.bitOr(x!, y!))),
  xor: elementwise((k, [x, y], type) => (type === 'bool' ? k.ne(x!, y!) : k.bitXor(x!, y!))),
  not: elementwise((k, [x], type) => (type === 'bool' ? k.not(x!) : k.sub(k.like(x!, -1), x!))),
};
