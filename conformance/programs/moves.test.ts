import { expect, test } from 'vitest';
import { aval, avalOf, type HostArray } from '../../reference/core/host.ts';
import { allEquations, type Jaxpr } from '../../reference/core/jaxpr.ts';
import { interpret } from '../../reference/core/machine.ts';
import { primitiveNamed } from '../../reference/primitives/index.ts';
import { casesOf } from './case.ts';
import { higherOrderUnits } from './higher-order.ts';

/** `slice/float32`: what a backend has to compute of its own accord. */
type Kernel = string;

/** What running a program takes beyond its equations. */
function declared(jaxpr: Jaxpr): Set<Kernel> {
  const kernels = new Set<Kernel>();
  for (const { primitive, inputs, params } of allEquations(jaxpr)) {
    const types = inputs.map((x) => x.aval);
    if (primitive.kind === 'first-order') kernels.add(`${primitive.name}/${types[0]?.dtype}`);
    if (primitive.kind === 'higher-order')
      for (const m of primitive.moves?.(types, params) ?? []) kernels.add(`${m.primitive}/${m.operands[0]!.dtype}`);
  }
  return kernels;
}

function applied(jaxpr: Jaxpr, inputs: readonly HostArray[]): Set<Kernel> {
  const kernels = new Set<Kernel>();
  const compile = interpret<HostArray>({
    apply(primitive, operands, params) {
      kernels.add(`${primitive.name}/${operands[0]?.dtype}`);
      return primitive.evaluate(operands, params);
    },
    put: (value) => value,
    read: (value) => value,
    clone: (value) => ({ ...value }),
    free: () => {},
    avalOf: (value) => aval(avalOf(value).shape, value.dtype),
    primitiveNamed,
  });
  compile(jaxpr).run(inputs);
  return kernels;
}

test('higher-order primitives declare every call that they make beside their programs', () => {
  let seen = 0;
  for (const unit of higherOrderUnits(1, false)) {
    if (unit.law !== 'value' || !['float32', 'int32'].includes(unit.dtype)) continue;
    for (const { one } of casesOf(unit, 1)) {
      if (one.sample === null) continue;
      const { jaxpr, inputs } = one.sample;
      expect(
        [...applied(jaxpr, inputs)].filter((k) => !declared(jaxpr).has(k)),
        one.id,
      ).toEqual([]);
      seen++;
    }
  }
  expect(seen).toBeGreaterThan(90);
});
