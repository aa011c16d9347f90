/** What JavaScript does to arrays without a word, or later than an editor can say it. */
import type { Rule } from 'eslint';
import type { Node } from 'estree';
import { isNothing, isNumber, type Types, typesOf } from './types.ts';

type Report = (node: Node, messageId: string) => void;

/** A rule about arrays: what it says, and what it looks at. */
const rule = (
  description: string,
  messages: Readonly<Record<string, string>>,
  listen: (types: Types, report: Report) => Rule.RuleListener,
): Rule.RuleModule => ({
  meta: { type: 'problem', docs: { description }, messages: { ...messages }, schema: [] },
  create: (context) => listen(typesOf(context), (node, messageId) => context.report({ node, messageId })),
});

const mayBeArray = (types: Types, node: Node): boolean => types.of(node).some((t) => types.isArray(t));

/** An expression that is asked for its truth, though it is an array whenever it is anything. */
const isAlwaysTrue = (types: Types, node: Node): boolean =>
  mayBeArray(types, node) && !types.of(node).some((t) => isNothing(t));

export const noArrayCondition: Rule.RuleModule = rule(
  'no arrays as conditions: every array is true, whatever its numbers are',
  {
    condition:
      'An array is always true here, whatever it holds. Write x.item() for the number of a rank-0 array, lax.cond or np.where inside jit and vmap, x.any() or x.all() for many.',
  },
  (types, report) => {
    const check = (node: Node | null | undefined): void => {
      if (node && isAlwaysTrue(types, node)) report(node, 'condition');
    };
    return {
      IfStatement: (node) => check(node.test),
      WhileStatement: (node) => check(node.test),
      DoWhileStatement: (node) => check(node.test),
      ForStatement: (node) => check(node.test),
      ConditionalExpression: (node) => check(node.test),
      UnaryExpression: (node) => check(node.operator === '!' ? node.argument : null),
      LogicalExpression: (node) => check(node.operator === '??' ? null : node.left),
      CallExpression(node) {
        const [first] = node.arguments;
        if (node.callee.type === 'Identifier' && node.callee.name === 'Boolean') check(first);
      },
    };
  },
);

export const noArrayEquality: Rule.RuleModule = rule(
  'no === between arrays, or an array and a number: it compares identities',
  {
    equality:
      'This compares identities, so two arrays of the same numbers differ. Write x.equal(y) for each element, np.arrayEqual(x, y) for all, x.item() === 3 for a rank-0 array.',
  },
  (types, report) => {
    const check = (node: Node, left: Node, right: Node): void => {
      const sides = [left, right];
      const comparable = (side: Node): boolean => types.of(side).some((t) => types.isArray(t) || isNumber(t));
      if (sides.some((side) => mayBeArray(types, side)) && sides.every(comparable)) report(node, 'equality');
    };
    return {
      BinaryExpression(node) {
        if (['===', '!==', '==', '!='].includes(node.operator)) check(node, node.left, node.right);
      },
      SwitchCase(node) {
        const { discriminant } = node.parent as unknown as {
          readonly discriminant: Node;
        };
        if (node.test) check(node.test, discriminant, node.test);
      },
    };
  },
);

const OPERATORS = ['+', '-', '*', '/', '%', '**', '<', '<=', '>', '>=', '&', '|', '^', '<<', '>>', '>>>'];

export const noArrayOperator: Rule.RuleModule = rule(
  'no operators on arrays: they are errors when the program runs',
  {
    operator:
      'JavaScript cannot overload operators: this throws. Write x.add(y), x.sub(y), x.mul(y), x.div(y), x.mod(y), x.pow(y), x.neg(), x.less(y), x.greater(y) …, or x.item() for the number of a rank-0 array.',
  },
  (types, report) => {
    const check = (node: Node, ...operands: readonly Node[]): void => {
      if (operands.some((x) => mayBeArray(types, x))) report(node, 'operator');
    };
    return {
      BinaryExpression(node) {
        if (OPERATORS.includes(node.operator)) check(node, node.left, node.right);
      },
      UnaryExpression(node) {
        if (['-', '+', '~'].includes(node.operator)) check(node, node.argument);
      },
      UpdateExpression: (node) => check(node, node.argument),
      AssignmentExpression(node) {
        if (OPERATORS.includes(node.operator.slice(0, -1))) check(node, node.left, node.right);
      },
    };
  },
);

export const noArrayIndex: Rule.RuleModule = rule(
  'no x[i] of arrays: there is nothing there',
  {
    read: 'Arrays are not indexed by [ ]. Write x.slice(i) for a part, x.slice(i).item() for its number; x.js()[i] for lists.',
    written: 'Arrays do not change. Write x.at(i).set(y), which gives a copy with the part changed.',
  },
  (types, report) => ({
    MemberExpression(node) {
      if (!node.computed || !mayBeArray(types, node.object)) return;
      if (node.property.type === 'MemberExpression') return; // x[Symbol.dispose]
      const { parent } = node;
      report(node, parent.type === 'AssignmentExpression' && parent.left === node ? 'written' : 'read');
    },
  }),
);

export const noArrayIteration: Rule.RuleModule = rule(
  'no loops over arrays, and no spreading: they are errors when the program runs',
  {
    iteration:
      'Arrays are not iterable. Write np.unstack(x) for the slices, x.js() for the numbers, lax.scan or lax.map for a loop inside jit.',
  },
  (types, report) => {
    const check = (node: Node | null | undefined): void => {
      if (node && mayBeArray(types, node)) report(node, 'iteration');
    };
    return {
      ForOfStatement: (node) => check(node.right),
      SpreadElement(node) {
        const { parent } = node;
        if (parent.type !== 'ObjectExpression') check(node.argument);
      },
      VariableDeclarator: (node) => check(node.id.type === 'ArrayPattern' ? node.init : null),
      AssignmentExpression: (node) => check(node.left.type === 'ArrayPattern' ? node.right : null),
      YieldExpression: (node) => check(node.delegate ? node.argument : null),
    };
  },
);
