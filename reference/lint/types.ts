/**
 * What the rules know of types: whether an expression may be an array, and what it may be besides. The services of
 * typescript-eslint's parser are used through ESLint; nothing is imported when the rules are loaded.
 */
import type { Rule } from 'eslint';
import type { Node } from 'estree';
import type ts from 'typescript';

interface Services {
  readonly program?: ts.Program | null;
  getTypeAtLocation?(node: Node): ts.Type;
}

export interface Types {
  /** Every member of the type of an expression, of a union all of them. */
  of(node: Node): readonly ts.Type[];
  isArray(type: ts.Type): boolean;
  /** What calling an expression gives, by its signatures. */
  results(node: Node): readonly ts.Type[];
}

/** @throws Error if the parser was not told to make types */
export function typesOf(context: Rule.RuleContext): Types {
  const services = context.sourceCode.parserServices as Services;
  const { program, getTypeAtLocation } = services;
  if (program == null || getTypeAtLocation === undefined) {
    throw new Error(
      'the rules of etalon/eslint need types: use the parser of typescript-eslint with parserOptions: { projectService: true } (spec/guide/lint.md)',
    );
  }
  const checker = program.getTypeChecker();
  const members = (type: ts.Type): readonly ts.Type[] => {
    const known = type.isTypeParameter() ? (checker.getBaseConstraintOfType(type) ?? type) : type;
    return known.isUnion() ? known.types.flatMap(members) : [known];
  };
  const isArray = (type: ts.Type): boolean => {
    if (type.isIntersection()) return type.types.some(isArray);
    if (type.symbol?.name === 'NDArray') return type.getProperty('aval') !== undefined;
    return type.isClassOrInterface() && checker.getBaseTypes(type).some(isArray);
  };
  const of = (node: Node): readonly ts.Type[] => members(getTypeAtLocation.call(services, node));
  const results = (node: Node): readonly ts.Type[] =>
    of(node).flatMap((type) => type.getCallSignatures().flatMap((s) => members(s.getReturnType())));
  return { of, isArray, results };
}

const NOTHING = ['undefined', 'null', 'void'];
const NUMBERS = ['number', 'bigint', 'boolean'];

/** The name of a primitive type, literals by what they are literals of. */
function basicName(type: ts.Type): string {
  const { intrinsicName } = type as ts.Type & { readonly intrinsicName?: string };
  if (type.isNumberLiteral()) return 'number';
  if (intrinsicName === 'true' || intrinsicName === 'false') return 'boolean';
  return intrinsicName ?? (typeof (type as ts.LiteralType).value === 'object' ? 'bigint' : '');
}
export const isNothing = (type: ts.Type): boolean => NOTHING.includes(basicName(type));
export const isNumber = (type: ts.Type): boolean => NUMBERS.includes(basicName(type));
