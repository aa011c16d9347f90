/**
 * Programs as plain data (spec/ir.md#json): what the text form and the JSON form both write down, and how arrays and
 * scalars look outside of this process. Reading a program back is load.ts; the text form is text.ts and parse.ts.
 */
import { ConcreteArray } from './array.ts';
import { shortest } from './show.ts';
import { domainOf, type DType, dtypes, integerLimits, isFloat, partOf } from './dtypes.ts';
import { ProgramError } from './errors.ts';
import {
  allocate,
  type Aval,
  elements,
  type HostArray,
  type HostData,
  hostScalar,
  numbers,
  type Shape,
  sizeOf,
} from './host.ts';
import { type Atom, type Equation, type Jaxpr, Literal, type Var } from './jaxpr.ts';
import type { NDArray } from './ndarray.ts';

export const PROGRAM_FORMAT = 'etalon.program/1';

/** What a program from outside may ask for; checked before anything of that size is allocated (spec/ir.md#limits). */
export const LIMITS: {
  readonly characters: number;
  readonly depth: number;
  readonly equations: number;
  readonly rank: number;
  readonly elements: number;
} = { characters: 2 ** 28, depth: 128, equations: 1_000_000, rank: 32, elements: 2 ** 27 };

/** An array as programs, saved cases and the protocol carry it: base64 of the little-endian, row-major bytes. */
export interface EncodedArray {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: string;
}

export interface TypeDocument {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Left out: not weak. */
  readonly weak?: boolean;
}
export interface VarDocument extends TypeDocument {
  readonly name: string;
}
export interface ConstVarDocument extends VarDocument {
  /** Position in the program's `constants`. */
  readonly constant: number;
}
/**
 * A rank-0 value: a number, a boolean, a string for what JSON has no number for (`-0`, `inf`, `nan:0x7fc00000`, 64-bit
 * integers), or the two parts of a complex number.
 */
export interface LiteralDocument {
  readonly dtype: DType;
  readonly value: number | boolean | string | readonly [number | string, number | string];
  readonly weak?: boolean;
}
export type AtomDocument = string | LiteralDocument;
export interface EquationDocument {
  readonly outputs: readonly VarDocument[];
  readonly primitive: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputs: readonly AtomDocument[];
  readonly source?: string;
}
export interface JaxprDocument {
  readonly constants: readonly ConstVarDocument[];
  readonly inputs: readonly VarDocument[];
  readonly equations: readonly EquationDocument[];
  readonly outputs: readonly AtomDocument[];
}
export interface ProgramDocument {
  readonly format: typeof PROGRAM_FORMAT;
  readonly constants: readonly EncodedArray[];
  readonly jaxpr: JaxprDocument;
}

// ---- arrays and scalars

const bytesOf = (data: HostData): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** The array as data; `decodeArray` gives back the same bits. */
export function encodeArray(x: HostArray): EncodedArray {
  const bytes = bytesOf(x.data);
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK)
    parts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + CHUNK))));
  return { dtype: x.dtype, shape: x.shape, data: parts.join('') };
}
/** Bytes per step: few enough to be arguments of a call, and a multiple of 3, so that base64 can be joined. */
const CHUNK = 3 * 2 ** 12;

/** `fail` is called, with a message, before anything is allocated for an array that is too large or not what it says. */
export function decodeArray(x: EncodedArray, fail: (message: string) => never): HostArray {
  checkSize(x.shape, fail);
  const length = sizeOf(x.shape) * dtypes[x.dtype].bytes;
  const characters = 4 * Math.ceil(length / 3);
  if (x.data.length !== characters || !/^[A-Za-z0-9+/]*={0,2}$/.test(x.data)) {
    fail(
      `${x.dtype}[${x.shape.join(',')}] takes ${length} bytes, ${characters} characters of base64, got ${x.data.length}`,
    );
  }
  const binary = atob(x.data);
  if (binary.length !== length) fail(`expected ${length} bytes of base64, got ${binary.length}`);
  const data = allocate(x.dtype, sizeOf(x.shape));
  const bytes = bytesOf(data);
  for (let i = 0; i < length; i++) bytes[i] = binary.charCodeAt(i);
  if (x.dtype === 'bool' && bytes.some((b) => b > 1)) fail('bytes of a bool array must be 0 or 1');
  return { shape: x.shape, dtype: x.dtype, data };
}

/** Refuses shapes beyond the limits. */
export function checkSize(shape: Shape, fail: (message: string) => never): void {
  if (shape.length > LIMITS.rank) fail(`rank ${shape.length} is beyond the limit of ${LIMITS.rank}`);
  // A zero among the sizes makes any product small, but not the loops over the other axes.
  const elements = sizeOf(shape.map((n) => Math.max(n, 1)));
  if (elements > LIMITS.elements) fail(`[${shape.join(',')}] is beyond the limit of ${LIMITS.elements} elements`);
}

/** A number or, where JSON has none, a string. */
type Part = number | string;

/**
 * A rank-0 value as a literal. Floats are the shortest decimals that read back as the same value, 64-bit integers
 * decimal strings, complex numbers their two parts.
 */
export function encodeScalar(x: HostArray): LiteralDocument['value'] {
  const v = elements(x)(0);
  if (typeof v === 'bigint') return String(v);
  if (typeof v === 'object') return [encodePart(partAt(x, 0)), encodePart(partAt(x, 1))];
  return x.dtype === 'bool' ? v !== 0 : encodePart(x);
}

/** The real (0) or imaginary (1) part of a complex scalar, bit for bit. */
const partAt = (x: HostArray, k: 0 | 1): HostArray => ({
  shape: [],
  dtype: partOf(x.dtype),
  data: x.data.slice(k, k + 1),
});

function encodePart(x: HostArray): Part {
  const v = numbers(x)[0]!;
  if (Number.isNaN(v)) return `nan:0x${bitsOf(x)}`;
  if (!Number.isFinite(v)) return v > 0 ? 'inf' : '-inf';
  return Object.is(v, -0) ? '-0' : Number(shortest(v, x.dtype));
}

/** The bits of a float, as hexadecimal digits. */
const bitsOf = (x: HostArray): string =>
  [...bytesOf(x.data)].reverse().map((b) => b.toString(16).padStart(2, '0')).join(''); // prettier-ignore

export function decodeScalar({ dtype, value }: LiteralDocument, fail: (message: string) => never): HostArray {
  const wrong = (): never => fail(`${JSON.stringify(value)} is not a value of ${dtype}`);
  if (dtype === 'bool') return typeof value === 'boolean' ? hostScalar(dtype, Number(value)) : wrong();
  switch (domainOf(dtype)) {
    case 'bigint':
      return longOf(dtype, value) ?? wrong();
    case 'number':
      return partFrom(dtype, value) ?? wrong();
    case 'complex': {
      const found = Array.isArray(value) ? value.map((part: unknown) => partFrom(partOf(dtype), part)) : [];
      const [re, im] = found;
      if (found.length !== 2 || re == null || im == null) return wrong();
      const data = allocate(dtype, 1);
      bytesOf(data).set([...bytesOf(re.data), ...bytesOf(im.data)]);
      return { shape: [], dtype, data };
    }
  }
}

function longOf(dtype: DType, value: unknown): HostArray | null {
  if (typeof value !== 'string' || !/^(0|-?[1-9]\d{0,19})$/.test(value)) return null;
  const { min, max } = integerLimits(dtype);
  const v = BigInt(value);
  return v >= min && v <= max ? hostScalar(dtype, v) : null;
}

/** A float, or an integer of up to 32 bits; null: the value is none of the dtype's. */
function partFrom(dtype: DType, value: unknown): HostArray | null {
  const float = isFloat(dtype);
  if (float && typeof value === 'string' && value.startsWith('nan:')) return nanOf(dtype, value);
  const special = float ? { inf: Infinity, '-inf': -Infinity, '-0': -0 }[String(value)] : undefined;
  const wanted = special ?? value;
  if (typeof wanted !== 'number') return null;
  const scalar = hostScalar(dtype, wanted);
  const got = numbers(scalar)[0]!;
  // Decimals of floats are rounded to the nearest value; everything else has to be the value.
  const fits = float ? Number.isFinite(got) || special !== undefined : got === wanted;
  return fits ? scalar : null;
}

function nanOf(dtype: DType, text: string): HostArray | null {
  const digits = dtypes[dtype].bytes * 2;
  const found = /^nan:0x([0-9a-f]+)$/.exec(text);
  if (found?.[1]?.length !== digits) return null;
  const data = allocate(dtype, 1);
  const bytes = bytesOf(data);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(found[1].slice(digits - 2 * i - 2, digits - 2 * i), 16);
  const value = { shape: [], dtype, data };
  return Number.isNaN(numbers(value)[0]) ? value : null;
}

// ---- from jaxprs

export interface DocumentOptions {
  /** Left out: false. The values of constants are read; otherwise `constants` stays empty. */
  readonly constants?: boolean;
  /** Left out: false. The user's lines are kept. */
  readonly sources?: boolean;
}

/** A jaxpr as a document. Variables are named in the order of their binding; no name stands for two in the whole program. */
export function toDocument(jaxpr: Jaxpr, options: DocumentOptions = {}): ProgramDocument {
  const constants: EncodedArray[] = [];
  const places = new Map<NDArray | string, number>();
  let distinct = 0;
  /** The position of a constant: one for each array, and one for all arrays of the same bytes if bytes are read. */
  const intern = (x: NDArray): number => {
    let place = places.get(x);
    if (place !== undefined) return place;
    if (options.constants === true) {
      if (!(x instanceof ConcreteArray)) throw new ProgramError('a program with a traced constant cannot be saved');
      const encoded = encodeArray(x.toHost());
      const bytes = `${encoded.dtype}[${encoded.shape.join(',')}]${encoded.data}`;
      place = places.get(bytes) ?? distinct++;
      places.set(bytes, place);
      constants[place] = encoded;
    } else place = distinct++;
    places.set(x, place);
    return place;
  };

  let bound = 0;
  /** A jaxpr is closed, and may stand in several equations: its variables have names of their own each time. */
  const program = (j: Jaxpr): JaxprDocument => {
    const names = new Map<Var, string>();
    const variable = (v: Var): VarDocument => {
      const name = variableName(bound++);
      names.set(v, name);
      return { name, ...typeOf(v.aval) };
    };
    const atom = (x: Atom): AtomDocument =>
      x instanceof Literal
        ? { dtype: x.aval.dtype, value: encodeScalar(x.value), ...(x.aval.weak ? { weak: true } : {}) }
        : names.get(x)!;
    const equation = (e: Equation): EquationDocument => {
      const inputs = e.inputs.map(atom);
      const params = paramsOf(e, program);
      const source = options.sources === true ? (e.source?.toString() ?? '') : '';
      return {
        outputs: e.outputs.map(variable),
        primitive: e.primitive.name,
        params,
        inputs,
        ...(source === '' ? {} : { source }),
      };
    };
    return {
      constants: j.constvars.map((v, i) => ({ ...variable(v), constant: intern(j.consts[i]!) })),
      inputs: j.inputs.map(variable),
      equations: j.equations.map(equation),
      outputs: j.outputs.map(atom),
    };
  };
  const body = program(jaxpr);
  return { format: PROGRAM_FORMAT, constants, jaxpr: body };
}

const typeOf = ({ dtype, shape, weak }: Aval): TypeDocument => ({ dtype, shape, ...(weak ? { weak } : {}) });

/** The saved parameters, in the order in which the primitive declares them. */
function paramsOf({ primitive, params }: Equation, nested: (jaxpr: Jaxpr) => JaxprDocument): Record<string, unknown> {
  const declared: Readonly<Record<string, unknown>> = primitive.params;
  const saved: Record<string, unknown> = {};
  for (const key of Object.keys(declared)) {
    const value = params[key];
    if (declared[key] === 'unsaved') continue;
    if (declared[key] === 'jaxpr') saved[key] = nested(value as Jaxpr);
    else if (declared[key] === 'jaxprs') saved[key] = (value as readonly Jaxpr[]).map(nested);
    else saved[key] = encodeParam(value);
  }
  return saved;
}

/** Numbers that JSON lacks become strings; reading turns them back where the schema admits numbers. */
export const encodeParam = (v: unknown): unknown => specials.find(([, n]) => Object.is(n, v))?.[0] ?? v;
const specials = [['nan', NaN], ['inf', Infinity], ['-inf', -Infinity], ['-0', -0]] as const; // prettier-ignore
export const SPECIAL_NUMBERS: ReadonlyMap<unknown, number> = new Map<unknown, number>(specials);

const keywords = new Set(['lambda', 'let', 'in', 'const', 'true', 'false', 'nan', 'inf']);

/** a … z, aa, ab, …: JAX's names, without those that the text form gives a meaning. */
function variableName(n: number): string {
  const name = cachedNames[n];
  if (name !== undefined) return name;
  for (; cachedNames.length <= n; counted++) {
    const next = letters(counted);
    if (!keywords.has(next)) cachedNames.push(next);
  }
  return cachedNames[n]!;
}
const cachedNames: string[] = [];
let counted = 0;
const letters = (n: number): string =>
  (n < 26 ? '' : letters(Math.floor(n / 26) - 1)) + String.fromCharCode(97 + (n % 26));
