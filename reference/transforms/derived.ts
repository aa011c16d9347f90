import { temporary } from '../core/scopes.ts';
import { SourceLocation } from '../core/source.ts';
import { isEvaluating } from '../core/trace.ts';

/**
 * Runs a rule for an equation of the user's. What it makes is temporary, and equations that it records come from the
 * user's line, which is looked for once: from inside of the rule it is far down the stack.
 */
export const derived = <T>(rule: () => T): T =>
  temporary(isEvaluating() ? rule : () => SourceLocation.within(SourceLocation.capture(), rule));
