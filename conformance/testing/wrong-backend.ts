/** Backends in this process that compute what the reference does, but for what a test says. */
import { aval, type HostArray, numbers } from '../../reference/core/host.ts';
import type { Jaxpr } from '../../reference/core/jaxpr.ts';
import { interpret } from '../../reference/core/machine.ts';
import { Backend } from '../../reference/core/open-backend.ts';
import type { AnyFirstOrder } from '../../reference/core/primitive.ts';
import { openReference, referenceBackend } from '../../reference/interpreter.ts';
import { primitiveNamed } from '../../reference/primitives/index.ts';

type Results = readonly HostArray[];

/** The reference with other kernels, and with a view of whole programs. */
export function wrongBackend(
  apply: (primitive: AnyFirstOrder, results: Results, operands: Results) => Results,
  whole: (jaxpr: Jaxpr, results: Results) => Results = (_, results) => results,
): Backend {
  const compile = interpret<HostArray>({
    apply: (primitive, operands, params) => apply(primitive, primitive.evaluate(operands, params), operands),
    put: (value) => value,
    read: (value) => value,
    clone: (value) => value,
    free: () => {},
    avalOf: ({ shape, dtype }) => aval(shape, dtype),
    primitiveNamed,
  });
  const session = openReference();
  return new Backend(
    { ...referenceBackend, name: 'wrong' },
    {
      ...session,
      compile: (jaxpr) => {
        const executable = compile(jaxpr);
        return { ...executable, run: (inputs) => whole(jaxpr, executable.run(inputs) as HostArray[]) };
      },
    },
  );
}

/** Floats that are all wrong. */
export const plusOne = (results: Results): Results =>
  results.map((y) => ({ ...y, data: numbers(y).map((v) => v + 1) }));
