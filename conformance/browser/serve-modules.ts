/** The package's modules for a page on this machine: as they are where it is built, types taken off in a checkout. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { packageModule } from '../package.ts';

/** Folders that pages may load from. */
const SERVED = /^\/(reference|backends|conformance)\/[\w./-]+\.[jt]s$/;

/** An installed package that the page's modules import by its name. */
export interface Package {
  readonly name: string;
  /** Where its modules are. */
  readonly folder: string;
  /** The one of them that its name stands for. */
  readonly entry: string;
}

const PACKAGES = '/packages/';

function page(module: string, packages: readonly Package[]): string {
  const imports = Object.fromEntries(packages.map(({ name, entry }) => [name, `${PACKAGES}${name}/${entry}`]));
  return `<!doctype html><meta charset="utf-8"><title>Etalon</title>
<script type="importmap">${JSON.stringify({ imports })}</script><script type="module" src="${module}"></script>`;
}

function packageText(path: string, packages: readonly Package[]): Promise<string> {
  const found = packages.find(({ name }) => path.startsWith(`${name}/`));
  if (found === undefined) return Promise.reject(new Error(`no such package: ${path}`));
  return readFile(join(found.folder, path.slice(found.name.length)), 'utf8');
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
    const isPackage = pathname.startsWith(PACKAGES);
    if (!(isPackage || SERVED.test(pathname)) || pathname.includes('..')) return send(404, 'text/plain', 'not here');
    const text = isPackage ? packageText(pathname.slice(PACKAGES.length), packages) : moduleText(pathname.slice(1));
    void text.then(
      (body) => send(200, 'text/javascript', body),
      (error: unknown) => send(404, 'text/plain', String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://localhost:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}
