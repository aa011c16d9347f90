/**
 * The files that the package ships beside its code. In a checkout modules stand at the package's root folders, installed
 * under dist/; this is the one place that knows.
 */
import { existsSync, readFileSync } from 'node:fs';

const above = new URL('../', import.meta.url);
const root = existsSync(new URL('package.json', above)) ? above : new URL('../', above);

/** A data file of the package, by its path from the package's root: `spec/errors.md`, `fixtures/manifest.json`. */
export const packageFile = (path: string): URL => new URL(path, root);

/** A module of the package, by the path of its source: `conformance/worker.ts` is a .js file under dist/ when installed. */
export const packageModule = (path: string): URL =>
  import.meta.url.endsWith('.ts') ? new URL(path, above) : new URL(path.replace(/\.ts$/, '.js'), above);

interface Manifest {
  readonly version: string;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

let manifest: Manifest | null = null;
/** What package.json says. */
export const packageManifest = (): Manifest =>
  (manifest ??= JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as Manifest);
