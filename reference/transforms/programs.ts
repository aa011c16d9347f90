/**
 * Programs over the real table of primitives: reading what `printProgram` and `programToJson` wrote (spec/ir.md).
 */
import type { Jaxpr } from '../core/jaxpr.ts';
import { programFromJson } from '../core/load.ts';
import { parseProgram } from '../core/parse.ts';
import type { AnyPrimitive } from '../core/primitive.ts';
import { allPrimitives } from '../primitives/index.ts';

/** Every primitive that a program may use, by name. */
export const primitiveTable: ReadonlyMap<string, AnyPrimitive> = new Map(allPrimitives().map((p) => [p.name, p]));

/** A program from its text, or from the text of its JSON form. @throws ProgramError naming the place and the fix */
export const readProgram = (text: string): Jaxpr => parseProgram(text, primitiveTable);

/** A program from its JSON form, as saved cases and the protocol carry it. @throws ProgramError */
export const readProgramJson = (json: unknown): Jaxpr => programFromJson(json, primitiveTable);
