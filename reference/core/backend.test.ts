import { expect, it } from 'vitest';
import { defineBackend, makeJaxpr, type NDArray, reference } from '../index.ts';
import { jit } from '../primitives/higher-order/jit.ts';
import { neg } from '../primitives/arithmetic.ts';
import type { Aval } from './host.ts';
import { Backend, MOST_EAGER } from './open-backend.ts';

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

it('of calls outside of jit the executables of the latest are kept, and the others freed', async () => {
  const session = await definition.open({});
  const alive = new Set<object>();
  const { compile } = session;
  session.compile = (jaxpr, options) => {
    const executable = compile.call(session, jaxpr, options);
    alive.add(executable);
    return { run: executable.run.bind(executable), dispose: () => void alive.delete(executable) };
  };
  const device = new Backend(definition, session);
  const vector = (n: number): readonly Aval[] => [{ dtype: 'float32', shape: [n], weak: false }];
  const negative = (n: number): unknown => device.eager(neg, vector(n), {}).executable;
  const [first, second] = [negative(0), negative(1)];
  for (let n = 2; n < MOST_EAGER; n++) negative(n);
  expect(negative(0)).toBe(first);
  negative(MOST_EAGER);
  expect(negative(0)).toBe(first);
  expect(negative(1)).not.toBe(second);
  expect(alive.size).toBe(MOST_EAGER);
  device.close();
});

it('a backend computes on the first of its devices', () => {
  expect(reference.device).toBe(reference.session.devices[0]);
  expect(reference.device).toBeDefined();
});
