/** The package's modules for a page on this machine: as they are where it is built, types taken off in a checkout. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { packageModule } from '../package.ts';

/** Folders that pages may load from. */
const SERVED = /^\/(reference|backends|conformance)\/[\w./-]+\.[jt]s$/;

/** What the page's modules import by a name, in one module that imports nothing. */
export interface Package {
  readonly name: string;
  readonly text: string;
}

const PACKAGES = '/packages/';

function page(module: string, packages: readonly Package[]): string {
  const imports = Object.fromEntries(packages.map(({ name }) => [name, PACKAGES + name]));
  return `<!doctype html><meta charset="utf-8"><title>Etalon</title>
<script type="importmap">${JSON.stringify({ imports })}</script><script type="module" src="${module}"></script>`;
}

async function moduleText(path: string): Promise<string> {
  const text = await readFile(packageModule(path.replace(/\.js$/, '.ts')), 'utf8');
  return extname(path) === '.ts' ? stripTypeScriptTypes(text) : text;
}

/** Serves a page that loads a module, by the path of its source. `close` ends it. */
export async function serveModule(
  source: string,
  packages: readonly Package[] = [],
): Promise<{ readonly url: string; close(): void }> {
  const module = packageModule(source).pathname.endsWith('.ts') ? `/${source}` : `/${source.replace(/\.ts$/, '.js')}`;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const send = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(body);
    };
    if (pathname === '/') return send(200, 'text/html', page(module, packages));
    const own = packages.find(({ name }) => pathname === PACKAGES + name);
    if (own !== undefined) return send(200, 'text/javascript', own.text);
    if (!SERVED.test(pathname) || pathname.includes('..')) return send(404, 'text/plain', 'not here');
    void moduleText(pathname.slice(1)).then(
      (text) => send(200, 'text/javascript', text),
      (error: unknown) => send(404, 'text/plain', String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://localhost:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}
