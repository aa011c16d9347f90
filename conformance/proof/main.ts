/**
 * The suite's own proof (spec/conformance.md#the-proof-of-the-suite): its last line is a JSON object.
 *
 *     npm run prove                   npm run prove -- --size full
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DEFAULT_SEED } from '../run.ts';
import type { Level } from '../types.ts';
import { accused, type Accused } from './accused.ts';
import { caught, type FaultVerdict } from './caught.ts';
import { located, type LocatedProof } from './located.ts';
import { slack, type Slack } from './slack.ts';

interface Size {
  readonly faults: number;
  /** Survivors get the whole of standard. */
  readonly whole: boolean;
  /** Seeds of the legal backends, the level that they run, and how many parts it has: each seed runs one. */
  readonly seeds: number;
  readonly level: Level;
  readonly parts: number;
  /** Faults planted into long programs. */
  readonly located: number;
}

const SIZES: Readonly<Record<string, Size>> = {
  small: { faults: 6, whole: false, seeds: 2, level: 'quick', parts: 400, located: 4 },
  standard: { faults: 210, whole: false, seeds: 100, level: 'quick', parts: 20, located: 100 },
  full: { faults: 1000, whole: true, seeds: 100, level: 'standard', parts: 10, located: 400 },
};

/** Runs in a process of its own; `index` from 1. */
type Part = (size: Size, share: { readonly index: number; readonly of: number }) => Promise<unknown>;

const PARTS: Readonly<Record<string, { readonly shares: number; readonly run: Part }>> = {
  caught: {
    shares: 4,
    run: ({ faults, whole }, part) =>
      caught({
        faults,
        whole,
        part,
        onFault: ({ fault, caughtAt, by }) =>
          note(`${fault}: ${caughtAt === null ? 'SURVIVED' : `${caughtAt}, ${by}`}`),
      }),
  },
  accused: {
    shares: 10,
    run: ({ seeds, level, parts }, { index, of }) =>
      accused({
        seeds: seedsOf(seeds, index, of).length,
        first: seedsOf(seeds, index, of)[0] ?? 1,
        level,
        parts,
        onAccusation: ({ backend, seed, id, message }) =>
          note(`${backend} is accused, seed ${seed}: ${id}: ${message}`),
      }),
  },
  located: {
    shares: 1,
    run: ({ located: faults }) => located({ faults, seed: DEFAULT_SEED }),
  },
  slack: { shares: 1, run: () => slack({ seed: DEFAULT_SEED }) },
};

/** The seeds 1 … n that a share runs: some that follow one another. */
const seedsOf = (n: number, index: number, of: number): number[] =>
  Array.from({ length: n }, (_, i) => i + 1).filter((seed) => Math.ceil((seed * of) / n) === index);

const note = (line: string): void => void process.stderr.write(`${line}\n`);

// ---- one share

async function runShare(name: string, size: Size, share: string): Promise<void> {
  const [index, of] = share.split('/').map(Number) as [number, number];
  const result = await PARTS[name]!.run(size, { index, of });
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit(0); // whatever an engine still waits for
}

// ---- all of them

/** Runs a share in a process of its own and gives what its last line says. */
function inProcess(name: string, share: string, size: string): Promise<unknown> {
  const args = [...process.execArgv, fileURLToPath(import.meta.url), '--part', name, '--share', share, '--size', size];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += String(chunk)));
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      const last = output.trimEnd().split('\n').at(-1) ?? '';
      if (code === 0) resolve(JSON.parse(last));
      else reject(new Error(`${name} ${share} ended with ${code}`));
    });
  });
}

async function runAll(sizeName: string, jobs: number): Promise<number> {
  const size = SIZES[sizeName]!;
  const began = performance.now();
  const results = new Map<string, unknown[]>(Object.keys(PARTS).map((name) => [name, []]));
  const queue = Object.entries(PARTS).flatMap(([name, { shares }]) =>
    Array.from({ length: shares }, (_, i) => ({ name, share: `${i + 1}/${shares}` })),
  );
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results.get(next.name)!.push(await inProcess(next.name, next.share, sizeName));
      note(`${next.name} ${next.share} done, ${((performance.now() - began) / 1000).toFixed(0)} s`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  const verdicts = results.get('caught')!.flat() as FaultVerdict[];
  const accusations = results.get('accused') as Accused[];
  const [{ right, total, medianEquations }] = results.get('located') as [LocatedProof];
  const [{ likelyMedian, worstMin, likelyBelow1 }] = results.get('slack') as [Slack];
  const atQuick = verdicts.filter(({ caughtAt }) => caughtAt === 'quick').length;
  const caughtAtAll = verdicts.filter(({ caughtAt }) => caughtAt !== null).length;
  const accusedOf = accusations.reduce((n, of) => n + of.accusations.length, 0);
  const summary = {
    mutants: { caught: caughtAtAll, total: verdicts.length },
    accused: accusedOf,
    located: { right, total, medianEquations },
    slack: { likelyMedian, worstMin, likelyBelow1 },
    sizes: {
      size: sizeName,
      caughtAtQuick: atQuick,
      survivors: verdicts.filter(({ caughtAt }) => caughtAt === null).map(({ fault }) => fault),
      seeds: size.seeds,
      level: size.level,
      partsOfLevel: size.parts,
      casesOfLegalBackends: accusations.reduce((n, of) => n + of.cases, 0),
      seconds: Math.round((performance.now() - began) / 1000),
    },
  };
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  const demands = [
    caughtAtAll >= 0.95 * verdicts.length && atQuick >= 0.8 * verdicts.length,
    accusedOf === 0,
    right >= 0.95 * total && medianEquations <= 3,
    likelyMedian < 20 && worstMin >= 1 && likelyBelow1 < 1e-4,
  ];
  return demands.every(Boolean) ? 0 : 1;
}

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'standard' },
    jobs: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    part: { type: 'string' },
    share: { type: 'string', default: '1/1' },
  },
});
if (SIZES[values.size] === undefined || (values.part !== undefined && PARTS[values.part] === undefined)) {
  note(
    `usage: npm run prove -- [--size ${Object.keys(SIZES).join('|')}] [--jobs N] [--part ${Object.keys(PARTS).join('|')} --share i/n]`,
  );
  process.exit(2);
}
if (values.part !== undefined) await runShare(values.part, SIZES[values.size]!, values.share);
else process.exitCode = await runAll(values.size, Number(values.jobs));
