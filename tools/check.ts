/**
 * Everything that is quick: runs the check:* scripts of package.json, as many at once as there are cores, and prints
 * one line for each, with the output of those that fail.
 *
 *     npm run check                   npm run check -- types lint
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  scripts: Record<string, string>;
};
const all = Object.keys(scripts).flatMap((key) => (key.startsWith('check:') ? [key.slice('check:'.length)] : []));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`no such check: ${unknown.join(', ')}; there are ${all.join(', ')}`);
  process.exit(2);
}

const queue = wanted.length > 0 ? [...wanted] : [...all];
let failed = 0;
let passed = 0;

function run(name: string): Promise<void> {
  const start = performance.now();
  const output: Buffer[] = [];
  const child = spawn(scripts[`check:${name}`] ?? '', { shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  return new Promise((resolve) => {
    child.on('close', (status) => {
      const text = Buffer.concat(output).toString().trim();
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      if (status === 0) {
        passed++;
        const summary = text.split('\n').length === 1 && text !== '' ? `   ${text}` : '';
        console.log(`ok    ${name.padEnd(9)} ${seconds.padStart(5)} s${summary}`);
      } else {
        failed++;
        console.log(`FAIL  ${name.padEnd(9)} ${seconds.padStart(5)} s   ${scripts[`check:${name}`]}\n${text}\n`);
      }
      resolve();
    });
  });
}

async function worker(): Promise<void> {
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) await run(name);
}
await Promise.all(Array.from({ length: availableParallelism() }, worker));
console.log(`check: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
