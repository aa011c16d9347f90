/** Functions that a transformation runs once from start to end, so that nothing may be awaited in them. */
import type { Rule, Scope } from 'eslint';
import type { Node } from 'estree';
import { typesOf } from './types.ts';

const TRANSFORMING: ReadonlySet<string> = new Set([
  ...['jit', 'grad', 'valueAndGrad', 'jvp', 'vjp', 'linearize', 'linearTranspose', 'jacfwd', 'jacrev', 'jacobian'],
  ...['hessian', 'vmap', 'pmap', 'softPmap', 'checkpoint', 'customJvp', 'customVjp', 'customGradient', 'makeJaxpr'],
  ...['evalShape', 'checkify', 'tidy', 'cond', 'switch', 'switch_', 'whileLoop', 'foriLoop', 'scan', 'map'],
  ...['associativeScan', 'reduce', 'reduceWindow', 'customLinearSolve', 'customRoot'],
]);
const LATER: ReadonlySet<string> = new Set(['Promise', 'PromiseLike', 'Generator', 'AsyncGenerator', 'Iterator']);

/** What an identifier was imported as, if it comes from this package; `*` for a namespace. */
function importedAs(scope: Scope.Scope, name: string): string | undefined {
  const variable = scope.set.get(name);
  if (variable === undefined) return scope.upper === null ? undefined : importedAs(scope.upper, name);
  const [definition] = variable.defs;
  if (definition?.type !== 'ImportBinding') return undefined;
  if (!/^etalon(\/|$)/.test(String(definition.parent.source.value))) return undefined;
  const { node } = definition;
  if (node.type !== 'ImportSpecifier') return '*';
  return node.imported.type === 'Identifier' ? node.imported.name : String(node.imported.value);
}

/** The name of the function that is called, if it is one of those that transform. */
function transformation(callee: Node, scope: Scope.Scope): string | undefined {
  if (callee.type === 'Identifier') {
    const name = importedAs(scope, callee.name);
    return name !== undefined && TRANSFORMING.has(name) ? name : undefined;
  }
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return undefined;
  const { name } = callee.property;
  if (!TRANSFORMING.has(name)) return undefined;
  for (let object: Node = callee.object; ; object = object.object) {
    if (object.type === 'Identifier') return importedAs(scope, object.name) === undefined ? undefined : name;
    if (object.type !== 'MemberExpression') return undefined;
  }
}

export const noAsyncTransform: Rule.RuleModule = {
  meta: {
    type: 'problem',
    docs: { description: 'no async functions and no generators in transformations' },
    messages: {
      async:
        '{{ name }} runs the function once, from start to end, and needs its result at once. Await outside and pass the values in; return a list instead of yielding.',
    },
    schema: [],
  },
  create(context) {
    const types = typesOf(context);
    return {
      CallExpression(node) {
        const name = transformation(node.callee, context.sourceCode.getScope(node));
        if (name === undefined) return;
        for (const argument of node.arguments) {
          const isLater = types.results(argument).some((type) => LATER.has(type.symbol?.name ?? ''));
          if (isLater) context.report({ node: argument, messageId: 'async', data: { name } });
        }
      },
    };
  },
};
