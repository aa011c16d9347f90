/** What runs in the page: a backend that answers programs (open.ts asks). Loaded by a browser, so nothing of Node is here. */
import { loadBackendDefinition } from '../../backends/registry.ts';
import '../../reference/index.ts';
import { Backend } from '../../reference/core/open-backend.ts';
import { Bench } from '../bench.ts';
import { answered, readyOf } from '../protocol/answer.ts';
import type { Answer, Ready, Request } from '../protocol/messages.ts';

/** What the page offers to whoever drives it; messages as JSON. */
export interface Driven {
  start(backend: string): Promise<string>;
  run(request: string): Promise<string>;
}

let bench: Bench | null = null;

const driven: Driven = {
  async start(name) {
    const definition = await loadBackendDefinition(name);
    bench = new Bench(new Backend(definition, await definition.open({})));
    return JSON.stringify(readyOf(bench) satisfies Ready);
  },
  async run(request) {
    const answer = await answered(bench!, JSON.parse(request) as Extract<Request, { type: 'run' }>);
    return JSON.stringify(answer satisfies Answer);
  },
};

Object.assign(globalThis, { etalon: driven });
