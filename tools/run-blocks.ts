/**
 * The executed examples of the specification: blocks of Markdown marked `ts run`. Each is a program of its own, with the
 * exports of `etalon` (and `diverge` of `etalon/conformance`) in scope, and its comments are assertions about the expression statement before them:
 *
 *     lax.reduceSum(np.array([1, 2]), { axes: [0] });
 *     // => f32[] 3
 *     lax.reduceSum(np.array([1, 2]), { axes: [0, 0] });
 *     // throws reduce_sum (C2): axes must be strictly increasing
 *
 * `// =>` is the whole value with dtype and shape; a comment indented by four more spaces continues it, and how it is
 * spaced makes no difference. `// throws` is the beginning of the message, with or without the error's name.
 */
import ts from 'typescript';
import { ConcreteArray } from '../reference/core/array.ts';
import { showValue } from '../reference/core/show.ts';
import { showAval } from '../reference/core/host.ts';
import { Jaxpr } from '../reference/core/jaxpr.ts';
import { NDArray } from '../reference/core/ndarray.ts';
import { printJaxpr } from '../reference/core/text.ts';

export interface Block {
  readonly page: string;
  /** Line of the first statement, counted from 1. */
  readonly line: number;
  readonly code: string;
}

export interface Assertion {
  readonly kind: 'value' | 'throws';
  readonly expected: string;
  /** Line in the page. */
  readonly line: number;
}

export interface Failure {
  readonly line: number;
  readonly message: string;
}

/** The `ts run` blocks of a page. */
export function blocksOf(page: string, text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const fence = /^(`{3,})(.*)$/.exec(lines[i]!);
    if (fence === null) continue;
    const start = i + 1;
    do i++;
    while (i < lines.length && lines[i] !== fence[1]);
    if (fence[2]!.trim() === 'ts run') blocks.push({ page, line: start + 1, code: lines.slice(start, i).join('\n') });
  }
  return blocks;
}

/** A block with its assertions attached: statements `__check(index, () => expression)` where there are any. */
export function compile(block: Block): { readonly code: string; readonly assertions: readonly Assertion[] } {
  const source = ts.createSourceFile('block.ts', block.code, ts.ScriptTarget.Latest, true);
  const assertions: Assertion[] = [];
  let code = '';
  let at = 0;
  for (const [i, statement] of source.statements.entries()) {
    const next = source.statements[i + 1]?.getStart() ?? block.code.length;
    const found = assertionIn(block.code.slice(statement.end, next));
    if (found === undefined) continue;
    const offset = statement.end + found.offset;
    const line = block.line + source.getLineAndCharacterOfPosition(offset).line;
    if (!ts.isExpressionStatement(statement)) {
      throw new Error(`${block.page}:${line}: an assertion needs an expression statement before it`);
    }
    const start = statement.getStart();
    code += `${block.code.slice(at, start)}await __check(${assertions.length}, async () => (${statement.expression.getText()}));`;
    at = statement.end;
    assertions.push({ kind: found.kind, expected: found.expected, line });
  }
  code += block.code.slice(at);
  const options = { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true };
  return { code: ts.transpileModule(code, { compilerOptions: options }).outputText, assertions };
}

function assertionIn(trivia: string): { kind: 'value' | 'throws'; expected: string; offset: number } | undefined {
  const found = /\/\/ (=>|throws) (.*(?:\n {0,}\/\/ {4}.*)*)/.exec(trivia);
  if (found === null) return undefined;
  const expected = found[2]!.replace(/\n *\/\/ {4}/g, '\n');
  return { kind: found[1] === '=>' ? 'value' : 'throws', expected, offset: found.index };
}

/** Runs a block. @returns what is wrong with it: nothing, if all its assertions hold */
export async function runBlock(block: Block, prelude: Readonly<Record<string, unknown>>): Promise<Failure[]> {
  const { code, assertions } = compile(block);
  if (assertions.length === 0)
    return [{ line: block.line, message: 'the block asserts nothing: write // => or // throws' }];
  const failures: Failure[] = [];
  let reached = 0;
  const check = async (index: number, expression: () => Promise<unknown>): Promise<void> => {
    reached = index + 1;
    const assertion = assertions[index]!;
    const message = await failureOf(assertion, expression);
    if (message !== null) failures.push({ line: assertion.line, message });
  };
  try {
    await new AsyncFunction('__check', ...Object.keys(prelude), `'use strict';\n${code}`)(
      check,
      ...Object.values(prelude),
    );
  } catch (error) {
    const line = assertions[reached]?.line ?? block.line;
    failures.push({ line, message: `the block stopped before this: ${shownError(error)}` });
  }
  return failures;
}

const AsyncFunction = (async () => {}).constructor as new (
  ...args: string[]
) => (...args: unknown[]) => Promise<unknown>;

async function failureOf({ kind, expected }: Assertion, expression: () => Promise<unknown>): Promise<string | null> {
  let got: string;
  try {
    got = show(await expression());
  } catch (error) {
    const message = shownError(error);
    if (kind === 'value') return `expected ${expected}\n     got an error: ${message}`;
    const begins = [message, (error as Error).message].some((text) => plain(text).startsWith(plain(expected)));
    return begins ? null : `expected an error: ${expected}\n              got: ${message}`;
  }
  if (kind === 'throws') return `expected an error: ${expected}\n     got the value: ${got}`;
  return plain(got) === plain(expected) ? null : `expected ${expected}\n     got ${got}`;
}

const plain = (text: string): string => text.replace(/\s+/g, ' ').trim();

const shownError = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** A value as `// =>` writes it: arrays with dtype and shape, inside lists and objects too. */
export function show(value: unknown): string {
  if (value instanceof ConcreteArray) return showValue(value.toHost());
  if (value instanceof NDArray) return `a traced ${showAval(value.aval)}`;
  if (value instanceof Jaxpr) return printJaxpr(value);
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null) return showObject(value);
  return Object.is(value, -0) ? '-0' : String(value);
}

function showObject(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value.constructor.name;
  const entries = Object.entries(value).map(([key, inner]) => `${key}: ${show(inner)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

/** What blocks have in scope: the exports of the entry, and `diverge` of `etalon/conformance`. */
export async function loadPrelude(): Promise<Record<string, unknown>> {
  const [entry, { diverge }] = await Promise.all([
    import('../reference/index.ts'),
    import('../conformance/diverge.ts'),
  ]);
  return { ...entry, diverge };
}
