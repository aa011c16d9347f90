/**
 * Progress of a run: bars on a terminal, a line every ten seconds elsewhere. It goes to stderr; the verdict to stdout.
 */
import cliProgress from 'cli-progress';
import { type Paint, type Progress, groupLine } from '../report/terminal.ts';
import { count, printable, seconds } from '../report/words.ts';
import { type CheckEvent, type Group, GROUPS } from '../types.ts';
import { type Io, paintFor } from './io.ts';

/** Milliseconds between lines where there is no terminal. */
const INTERVAL = 10_000;

/** Failures that are announced while the run goes on; all are in the verdict or the report. */
const ANNOUNCED = 8;

export interface ProgressDisplay {
  on(event: CheckEvent): void;
  stop(): void;
}

export function showProgress(io: Io): ProgressDisplay {
  const counts = new Map<Group, Progress>();
  const paint = paintFor(io.stderr);
  const display = io.stderr.isTTY === true ? bars(io, paint, counts) : lines(io, counts);
  return {
    on(event) {
      if (event.type === 'start') {
        for (const group of GROUPS) {
          const planned = event.planned[group];
          if (planned > 0) counts.set(group, { group, done: 0, planned, cases: 0, ok: 0, wrong: 0 });
        }
        display.start();
      } else if (event.type === 'case') {
        const { group, outcome } = event.result;
        const before = counts.get(group);
        if (before === undefined) return;
        const ok = outcome === 'ok' ? 1 : 0;
        const wrong = outcome === 'wrong' || outcome === 'crash' || outcome === 'timeout' ? 1 : 0;
        const { done, planned } = event;
        const now = {
          group,
          done,
          planned,
          cases: before.cases + ok + wrong,
          ok: before.ok + ok,
          wrong: before.wrong + wrong,
        };
        counts.set(group, now);
        display.update(now);
      } else if (event.type === 'failure') {
        display.announce(`${event.failure.outcome.toUpperCase()}  ${event.failure.id}  ${event.failure.message}`);
      } else if (event.type === 'restart') {
        display.announce(`the backend's process is started again: ${event.why} (${event.id})`);
      }
    },
    stop: display.stop,
  };
}

interface Display {
  start(): void;
  update(progress: Progress): void;
  announce(line: string): void;
  stop(): void;
}

function bars(io: Io, paint: Paint, counts: ReadonlyMap<Group, Progress>): Display {
  const shown = new Map<Group, cliProgress.SingleBar>();
  const all = new cliProgress.MultiBar({
    stream: io.stderr,
    clearOnComplete: true,
    hideCursor: true,
    format: (_options, _params, progress: Progress) => groupLine(progress, paint),
  });
  return {
    start() {
      for (const [group, progress] of counts) shown.set(group, all.create(progress.planned, 0, progress));
    },
    update: (progress) => shown.get(progress.group)?.update(progress.done, progress),
    announce: () => undefined, // the bars count failures, and the verdict follows where they stood
    stop: () => all.stop(),
  };
}

function lines(io: Io, counts: ReadonlyMap<Group, Progress>): Display {
  const started = performance.now();
  let announced = 0;
  let timer: NodeJS.Timeout | undefined;
  const line = (): void => {
    const groups = [...counts.values()].map((g) => `${g.group} ${count(g.done)}/${count(g.planned)}`);
    const wrong = [...counts.values()].reduce((n, g) => n + g.wrong, 0);
    io.stderr.write(
      `${seconds((performance.now() - started) / 1000)}   ${groups.join(' · ')}${wrong > 0 ? ` · ${count(wrong)} WRONG` : ''}\n`,
    );
  };
  return {
    start() {
      timer = setInterval(line, INTERVAL);
    },
    update: () => undefined,
    announce(text) {
      if (announced++ < ANNOUNCED) io.stderr.write(`${printable(text)}\n`);
    },
    stop: () => clearInterval(timer),
  };
}
