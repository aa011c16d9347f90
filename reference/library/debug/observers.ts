/** Who looks at the values of running programs. As long as nobody does, programs run as always. */
import { setRunner } from '../../core/evaluation.ts';
import { ArgumentError } from '../../core/errors.ts';
import { SourceLocation } from '../../core/source.ts';
import { isEvaluating } from '../../core/trace.ts';
import { type AnyFunction, called, rejectAsync } from '../../transforms/call.ts';
import { type Executed, type Observer, walk } from '../../transforms/walk.ts';

const observers = new Set<Observer>();

/** Starts or stops showing every equation that runs to `observer`. */
export function setObserver(observer: Observer, on: boolean): void {
  if (on) observers.add(observer);
  else observers.delete(observer);
  SourceLocation.captureThoroughly(observers, observers.size > 0 ? 'deep' : null);
  setRunner(observers.size === 0 ? null : (call) => walk(call, tellAll));
}

const tellAll = (executed: Executed): void => {
  for (const observer of observers) observer(executed);
};

/** `f`, each call of it seen by an observer of its own. */
export function observed<F extends AnyFunction>(f: F, where: string, observer: () => Observer): F {
  const title = called(where, f);
  const wrapped = (...args: unknown[]): unknown => {
    if (!isEvaluating()) {
      throw new ArgumentError(
        `${title} was called inside a transformed function, where not everything that it computes runs; put it outermost: ${where}(jit(f)), ${where}(grad(f))`,
      );
    }
    const own = observer();
    setObserver(own, true);
    try {
      const result = f(...args);
      rejectAsync(result, title);
      return result;
    } finally {
      setObserver(own, false);
    }
  };
  return wrapped as F;
}

/** Where an equation ran, for messages: ` at src/model.ts:12:7, in jit(loss) > scan, iteration 3`. */
export function placeOf({ source, path }: Pick<Executed, 'source' | 'path'>): string {
  const line = source?.toString() ?? '';
  return `${line === '' ? '' : ` at ${line}`}${path.length === 0 ? '' : `, in ${path.join(' > ')}`}`;
}
