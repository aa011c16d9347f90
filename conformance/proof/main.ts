/**
 * The suite's own proof (spec/conformance.md#the-proof-of-the-suite): its last line is a JSON object.
 *
 *     npm run prove                   npm run prove -- --size full --seed 2
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DEFAULT_SEED } from '../run.ts';
import type { Level } from '../types.ts';
import { accused, type Accused } from './accused.ts';
import { caught, type FaultVerdict } from './caught.ts';
import { reasonFor } from '../mutants/survivors.ts';
import { located, type LocatedProof } from './located.ts';
import { slack, type Slack } from './slack.ts';

interface Size {
  readonly faults: number;
  /** Survivors get the whole of standard. */
  readonly whole: boolean;
  /** Seeds of the legal backends, the level that they run, and how many parts it has: each seed runs one, on one of them. */
  readonly seeds: number;
  readonly level: Level;
  readonly parts: number;
  /** Faults planted into long programs. */
  readonly located: number;
}

const SIZES: Readonly<Record<string, Size>> = {
  small: { faults: 6, whole: false, seeds: 5, level: 'quick', parts: 200, located: 4 },
  standard: { faults: 210, whole: false, seeds: 100, level: 'quick', parts: 3, located: 100 },
  full: { faults: 1000, whole: true, seeds: 100, level: 'standard', parts: 1, located: 400 },
};

/** Runs in a process of its own; `index` from 1. `seed`: of the faults, the programs and the legal differences. */
type Part = (size: Size, seed: number, share: { readonly index: number; readonly of: number }) => Promise<unknown>;

/** What cannot be shared out comes first. */
const PARTS: Readonly<Record<string, { readonly shares: number; readonly run: Part }>> = {
  located: {
    shares: 1,
    run: ({ located: faults }, seed) => located({ faults, seed }),
  },
  slack: { shares: 1, run: (_, seed) => slack({ seed }) },
  caught: {
    shares: 4,
    run: ({ faults, whole }, seed, part) =>
      caught({
        seed,
        faults,
        whole,
        part,
        onFault: ({ fault, caughtAt, by }) =>
          note(`${fault}: ${caughtAt === null ? 'SURVIVED' : `${caughtAt}, ${by}`}`),
      }),
  },
  accused: {
    shares: 10,
    run: ({ seeds, level, parts }, seed, part) =>
      accused({
        seed,
        seeds,
        level,
        parts,
        part,
        onAccusation: ({ backend, seed: own, id, message }) =>
          note(`${backend} is accused, seed ${own}: ${id}: ${message}`),
      }),
  },
};

const note = (line: string): void => void process.stderr.write(`${line}\n`);

// ---- one share

async function runShare(name: string, size: Size, seed: number, share: string): Promise<void> {
  const [index, of] = share.split('/').map(Number) as [number, number];
  const result = await PARTS[name]!.run(size, seed, { index, of });
  process.stdout.write(`${JSON.stringify(result)}\n`);
  process.exit(0); // whatever an engine still waits for
}

// ---- all of them

/** Runs a share in a process of its own and gives what its last line says. */
function inProcess(name: string, share: string, size: string, seed: number): Promise<unknown> {
  const how = ['--part', name, '--share', share, '--size', size, '--seed', String(seed)];
  const args = [...process.execArgv, fileURLToPath(import.meta.url), ...how];
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

async function runAll(sizeName: string, seed: number, jobs: number): Promise<number> {
  const size = SIZES[sizeName]!;
  const began = performance.now();
  const results = new Map<string, unknown[]>(Object.keys(PARTS).map((name) => [name, []]));
  const queue = Object.entries(PARTS).flatMap(([name, { shares }]) =>
    Array.from({ length: shares }, (_, i) => ({ name, share: `${i + 1}/${shares}` })),
  );
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results.get(next.name)!.push(await inProcess(next.name, next.share, sizeName, seed));
      note(`${next.name} ${next.share} done, ${((performance.now() - began) / 1000).toFixed(0)} s`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  const verdicts = results.get('caught')!.flat() as FaultVerdict[];
  const accusations = results.get('accused') as Accused[];
  const [{ right, total, medianEquations }] = results.get('located') as [LocatedProof];
  const [{ likelyMedian, worstMin, likelyBelow1 }] = results.get('slack') as [Slack];
  const survivors = verdicts
    .filter(({ caughtAt }) => caughtAt === null)
    .map(({ fault }) => ({ fault, because: reasonFor(fault) }));
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
      seed,
      caughtAtQuick: atQuick,
      survivors,
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
    survivors.every(({ because }) => because !== null),
    accusedOf === 0,
    right >= 0.95 * total && medianEquations <= 3,
    likelyMedian < 20 && worstMin >= 1 && likelyBelow1 < 1e-4,
  ];
  return demands.every(Boolean) ? 0 : 1;
}

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'standard' },
    seed: { type: 'string', default: String(DEFAULT_SEED) },
    jobs: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    part: { type: 'string' },
    share: { type: 'string', default: '1/1' },
  },
});
const seed = Number(values.seed);
if (
  SIZES[values.size] === undefined ||
  !Number.isSafeInteger(seed) ||
  (values.part !== undefined && PARTS[values.part] === undefined)
) {
  note(
    `usage: npm run prove -- [--size ${Object.keys(SIZES).join('|')}] [--seed N] [--jobs N] [--part ${Object.keys(PARTS).join('|')} --share i/n]`,
  );
  process.exit(2);
}
if (values.part !== undefined) await runShare(values.part, SIZES[values.size]!, seed, values.share);
else process.exitCode = await runAll(values.size, seed, Number(values.jobs));
