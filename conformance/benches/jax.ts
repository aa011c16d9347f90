/** JAX's own times, where Python has it: a process that evaluates one expression after the other. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Rival } from './benchmark.ts';

/** What the benchmarks' expressions may use. Each line of input is a request, each line of output its answer. */
const PROGRAM = `
import json, sys, time
import jax, jax.numpy as jnp
from jax import lax

x = jnp.array(0.5)
v = jnp.array([0.1, 0.2, 0.3])
double = jax.jit(lambda a: a * 2)
slope = jax.grad(jnp.tanh)
sines = jax.vmap(jnp.sin)
step = lambda c, _: (jnp.sin(c * 0.9), c)
loop = lambda n: lambda a: lax.scan(step, a, None, length=n)[0]
run_loop = jax.jit(loop(10_000))
loop_slope = jax.jit(jax.grad(loop(10_000)))

def chain(n):
    def f(a):
        y = a
        for i in range(n // 2):
            y = lax.sin(lax.mul(y, a))
        return y
    return f

print(json.dumps(jax.__version__), flush=True)
seen = {}
for line in sys.stdin:
    expression, calls = json.loads(line)
    if expression not in seen:
        seen[expression] = eval('lambda: ' + expression)
        seen[expression]()  # compiles
    work = seen[expression]
    start = time.perf_counter()
    for _ in range(calls):
        result = work()
    if not hasattr(result, 'eqns'):
        jax.block_until_ready(result)
    print((time.perf_counter() - start) * 1e3 / calls, flush=True)
`;

export interface Jax {
  readonly version: string;
  readonly time: Rival;
  close(): void;
}

/** Starts Python; null if it is not there, or does not know JAX. */
export async function startJax(python: string): Promise<Jax | null> {
  const child = spawn(python, ['-c', PROGRAM], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, JAX_PLATFORMS: 'cpu' },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.on('error', () => undefined); // it has ended, which the next answer says
  const ended = once(child, 'exit').catch(() => null); // there is no such program
  const answer = async (): Promise<unknown> => {
    const line = await Promise.race([lines.next(), ended.then(() => null)]);
    return line === null || line.done === true ? null : JSON.parse(line.value);
  };
  const version = await answer();
  if (typeof version !== 'string') return null;
  return {
    version,
    async time(expression, calls) {
      child.stdin.write(`${JSON.stringify([expression, calls])}\n`);
      return Number((await answer()) ?? NaN); // NaN: it has ended
    },
    close: () => void child.kill(),
  };
}
