/**
 * Messages with fields, after Python's: `{}` stands for the next argument, `{0}` for the one of that number, `{name}` for
 * an entry of the object that then is the last argument; `{{` and `}}` are braces.
 */
import { ArgumentError } from './errors.ts';
import { NDArray } from './ndarray.ts';

/** A piece of a format: text as it is, or a field, by position or by name. */
export type Piece = string | { readonly field: number | string };

/** `where` is the function that errors name. @throws ArgumentError */
export function parseFormat(format: string, where: string): Piece[] {
  if (typeof format !== 'string') {
    throw new ArgumentError(`${where}: the format must be a string, got ${format === null ? 'null' : typeof format}`);
  }
  let next = 0;
  let numbered = false;
  const pieces = [...format.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g)].map(([text, field]): Piece => {
    if (text === '{{' || text === '}}') return text[0]!;
    if (text === '{' || text === '}') {
      throw new ArgumentError(
        `${where}: a single ${text} in ${JSON.stringify(format)}; write ${text}${text} for a brace`,
      );
    }
    if (field === undefined) return text;
    if (field === '') return { field: next++ };
    if (/^\d+$/.test(field)) {
      numbered = true;
      return { field: Number(field) };
    }
    if (/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(field)) return { field };
    throw new ArgumentError(`${where}: ${text} is no field; the fields are {}, {0} and {name}`);
  });
  if (numbered && next > 0) throw new ArgumentError(`${where}: the format mixes {} and {0}; use one of them`);
  return pieces;
}

/** The arguments of a format. */
export interface Fields {
  readonly positional: readonly unknown[];
  readonly named: Readonly<Record<string, unknown>>;
}

/** The arguments by field. @throws ArgumentError if they are not those that the fields ask for */
export function fieldsOf(pieces: readonly Piece[], args: readonly unknown[], where: string): Fields {
  const fields = pieces.flatMap((p) => (typeof p === 'string' ? [] : [p.field]));
  const name = fields.find((f) => typeof f === 'string');
  const named: unknown = name === undefined ? {} : args.at(-1);
  const positional = name === undefined ? args : args.slice(0, -1);
  if (typeof named !== 'object' || named === null || named instanceof NDArray || Array.isArray(named)) {
    throw new ArgumentError(`${where}: the field {${name}} needs an object as last argument: { ${name}: … }`);
  }
  for (const field of fields) {
    if (typeof field === 'number' ? field >= positional.length : !Object.hasOwn(named, field)) {
      const which = typeof field === 'number' ? field : `{${field}}`;
      throw new ArgumentError(`${where}: there is no argument for the field ${which}`);
    }
  }
  const unused = [...positional.keys(), ...Object.keys(named)].find((key) => !fields.includes(key));
  if (unused !== undefined) throw new ArgumentError(`${where}: the format has no field for argument ${unused}`);
  return { positional, named: named as Fields['named'] };
}

/** The argument that a field stands for. */
export const argumentOf = ({ positional, named }: Fields, field: number | string): unknown =>
  typeof field === 'number' ? positional[field] : named[field];
