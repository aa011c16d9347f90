import { expect, it } from 'vitest';
import { defineBackend, makeJaxpr, type NDArray, reference } from '../index.ts';
import { jit } from '../primitives/higher-order/jit.ts';

const { definition } = reference;

it.each<[string, object, string]>([
  ['no name', { name: undefined }, 'defineBackend: name must be ASCII letters, digits and : . - _, got undefined'],
  ['a name with a space', { name: 'my backend' }, 'got "my backend"'],
  ['an unknown profile', { profile: 'loose' }, 'defineBackend: profile must be strict, fast or gpu'],
  ['no word on reading', { capabilities: {} }, 'capabilities.syncRead must be true or false'],
  ['no capabilities', { capabilities: undefined }, 'capabilities.syncRead must be true or false'],
  ['no supports', { supports: undefined }, 'supports must be a function'],
  ['no open', { open: 1 }, 'open must be a function'],
])('defineBackend refuses %s', (_, change, message) => {
  expect(() => defineBackend({ ...definition, ...change })).toThrow(message);
});

it('an equation of a program is compiled once for its parameters, but for the backend that it was asked of', () => {
  const jaxpr = makeJaxpr((x: NDArray) => x.mul(2))(1);
  const eager = (change: object): unknown => reference.eager(jit, jaxpr.inAvals, { name: 'f', jaxpr, backend: null, ...change }).executable; // prettier-ignore
  expect(eager({})).toBe(eager({ backend: reference }));
  expect(eager({ name: 'g' })).not.toBe(eager({}));
});

it('a backend computes on the first of its devices', () => {
  expect(reference.device).toBe(reference.session.devices[0]);
  expect(reference.device).toBeDefined();
});
