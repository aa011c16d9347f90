/**
 * The command line. Each command is a module of this folder, loaded when it is asked for; they throw what errors.ts
 * turns into an exit status.
 */
import { Command, CommanderError, Option } from 'commander';
import { inBrowser } from '../browser/names.ts';
import { packageManifest } from '../package.ts';
import { LEVELS } from '../types.ts';
import type { BenchFlags } from './bench.ts';
import type { CheckFlags } from './check.ts';
import type { DivergeFlags } from './diverge.ts';
import { EXIT, EXIT_TABLE, reportError } from './errors.ts';
import { type Io, processIo } from './io.ts';
import { backendOr, casesFromEnvironment, collect, positiveSeconds, seed, shard, wholeNumber } from './options.ts';
import type { ReplayFlags } from './replay.ts';
import type { MergeFlags } from './report.ts';
import type { RunFlags } from './run.ts';
import type { ServeFlags } from './serve.ts';

/**
 * Runs one command.
 * @returns the exit status
 */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  let status: number = EXIT.ok;
  const program = commands(io, (value) => (status = value));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    // Commander has said what is wrong (or printed the help that was asked for).
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return reportError(io, error);
  }
}

function commands(io: Io, done: (status: number) => void): Command {
  const program = new Command('etalon')
    .description('Checks what a backend computes against the specification, and answers questions about it.')
    .version(`etalon ${packageManifest().version}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showHelpAfterError('(etalon --help lists the commands and their options)')
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
    })
    .exitOverride()
    .addHelpText('after', `\n${EXIT_TABLE}`);
  addCheck(program, io, done);
  addRun(program, io, done);
  addReplay(program, io, done);
  addDiverge(program, io, done);
  addServe(program, io, done);
  addBench(program, io, done);
  addReport(program, io, done);
  addNewBackend(program, io, done);
  addQuestions(program, io, done);
  return program;
}

type Adder = (program: Command, io: Io, done: (status: number) => void) => void;

const addCheck: Adder = (program, io, done) => {
  program
    .command('check')
    .summary('check a backend against the specification')
    .description('Runs the conformance suite on a backend and says whether it conforms.')
    .argument(
      '[backend]',
      "a built-in backend's name, a file that default-exports defineBackend(…), or command:… with what to start; default: ETALON_BACKEND",
    )
    .addOption(new Option('--level <level>', 'how much to run').choices(LEVELS).default('quick'))
    .option('--only <glob>', 'run only cases whose id matches, e.g. "reduce_sum/f32/*" (may be repeated)', collect)
    .option('--require <glob>', 'a declared gap in a matching case is a failure (may be repeated)', collect)
    .option('--seed <n>', "seed of the generated cases, or 'random'; the default is fixed", seed)
    .option(
      '--cases <n>',
      'generated cases per cell and shape class; default: ETALON_NUM_CASES, or by level',
      wholeNumber(1),
    )
    .option('--jobs <n>', 'processes that run cases', wholeNumber(1))
    .option('--timeout <seconds>', 'how long one case may take', positiveSeconds)
    .option('--shard <i/n>', 'run only the i-th of n parts; etalon report merge puts them together', shard)
    .option('--bail <n>', 'stop after n wrong cases', wholeNumber(1))
    .option('--watch', "again whenever a file below the backend's folder changes, until Ctrl-C; wrong cases first")
    .option('--browser', 'run a built-in backend in a page of Chromium')
    .option('--baseline <report>', 'an earlier report.json: only failures that it lacks count')
    .option('--json <file>', 'where the report goes; default: .etalon/report.json')
    .option('--html <file>', 'where the page goes; default: .etalon/report.html')
    .option('--junit <file>', 'write JUnit XML too')
    .action(
      async (
        backend: string | undefined,
        { watch, browser, ...given }: CheckFlags & { watch?: true; browser?: true },
      ) => {
        const asked = backendOr(io, backend);
        const name = browser === true ? inBrowser(asked) : asked;
        const cases = given.cases ?? casesFromEnvironment(io);
        const flags = { ...given, ...(cases !== undefined && { cases }) };
        const [{ check }, { watchAndCheck }, { runCheck }] = await Promise.all([
          import('./check.ts'),
          import('./watch.ts'),
          import('../run.ts'),
        ]);
        done(await (watch === true ? watchAndCheck : check)(io, name, flags, runCheck));
      },
    );
};

const addRun: Adder = (program, io, done) => {
  program
    .command('run')
    .summary('run a program on a backend')
    .description('Runs a program (text or JSON form, spec/ir.md) and prints its results.')
    .argument('<program>', 'file of the program')
    .option('--backend <backend>', 'where to run it; default: ETALON_BACKEND, or reference')
    .option('--inputs <file>', 'an .npz file with the inputs in order: in0, in1, … (or arr_0, arr_1, …)')
    .option('--out <file>', 'write the results to an .npz file (out0, out1, …) instead')
    .action(async (program: string, flags: RunFlags) => done(await (await import('./run.ts')).run(io, program, flags)));
};

const addReplay: Adder = (program, io, done) => {
  program
    .command('replay')
    .summary('run a failed case again')
    .description('Runs one case in this process, so that breakpoints work, and says whether it still fails.')
    .argument('[file]', 'a saved case: .etalon/failures/….json')
    .option('--case <id>', "a case by its id instead of a file; needs the run's seed where that was not the default")
    .option('--seed <n>', 'seed of the run that the id is from', seed)
    .option('--cases <n>', '--cases of the run that the id is from', wholeNumber(1))
    .option('--backend <backend>', "which backend; default: the file's own, where that is a built-in one")
    .action(async (file: string | undefined, flags: ReplayFlags) =>
      done(await (await import('./replay.ts')).replay(io, file, flags)),
    );
};

const addDiverge: Adder = (program, io, done) => {
  program
    .command('diverge')
    .summary('find the equation to blame where two backends differ')
    .description(
      'Runs a program on two backends. Unless they agree, names the first equation that one of them computes wrong, and saves the smallest proof of it.',
    )
    .usage('[options] <A> <B> <program>')
    .argument(
      '<what...>',
      'two backends (as check takes them) and the file of a program; with --nan one backend will do',
    )
    .option('--inputs <file>', 'an .npz file with the inputs in order: in0, in1, … (or arr_0, arr_1, …)')
    .option('--nan', 'name the first equation that makes a NaN or an infinity on one of them only')
    .option('--json', 'as JSON')
    .action(async (what: string[], flags: DivergeFlags) =>
      done(await (await import('./diverge.ts')).diverge(io, what, flags)),
    );
};

const addServe: Adder = (program, io, done) => {
  program
    .command('serve')
    .summary('answer programs on stdin')
    .description(
      'Reads programs with their inputs from stdin and writes results to stdout, one JSON per line (spec/protocol.md).',
    )
    .option('--backend <backend>', 'where to run them; default: ETALON_BACKEND, or reference')
    .action(async (flags: ServeFlags) => done(await (await import('./serve.ts')).serve(io, flags)));
};

const addBench: Adder = (program, io, done) => {
  program
    .command('bench')
    .summary('measure how long things take')
    .description(
      'Measures how long things take, and how that grows when they are twice the size; of the backend wgsl ("wgsl/*"), how long jax-js and TensorFlow.js take for the same work on the same GPU.',
    )
    .option(
      '--only <glob>',
      'only benchmarks whose name matches, e.g. "reference/exp/*", "wgsl/*" (may be repeated)',
      collect,
    )
    .option('--json <file>', 'write the timings to a file too')
    .action(async (flags: BenchFlags) => done(await (await import('./bench.ts')).bench(io, flags)));
};

const addReport: Adder = (program, io, done) => {
  const report = program.command('report').description('put reports together, or compare them').helpCommand(false);
  report
    .command('merge')
    .description('Makes one report of the shards of a run.')
    .argument('<reports...>', 'the report.json of every shard')
    .option('--json <file>', 'where the report goes; default: .etalon/report.json')
    .option('--html <file>', 'where the page goes; default: .etalon/report.html')
    .option('--junit <file>', 'write JUnit XML too')
    .action(async (paths: string[], flags: MergeFlags) => done((await import('./report.ts')).merge(io, paths, flags)));
  report
    .command('diff')
    .description('Says what differs between two reports: of two runs, or of two backends.')
    .argument('<before>', 'a report.json')
    .argument('<after>', 'another one')
    .option('--json', 'as JSON')
    .action(async (before: string, after: string, flags: { json?: true }) =>
      done((await import('./report.ts')).diff(io, before, after, flags)),
    );
};

const addNewBackend: Adder = (program, io, done) => {
  program
    .command('new-backend')
    .description('Writes a folder to begin a backend in.')
    .argument('<folder>', 'a new one')
    .action(async (folder: string) => done((await import('./new-backend.ts')).newBackend(io, folder)));
};

const addQuestions: Adder = (program, io, done) => {
  program
    .command('explain')
    .summary('print a section of the specification')
    .description('Prints what the specification says of a primitive, constraint, law, transformation or error.')
    .argument('<name...>', 'for example reduce_sum, reduce_sum-C2, adjoint, grad, ConcretizationError')
    .action(async (name: string[]) => done((await import('./explain.ts')).explain(io, name)));
  program
    .command('primitives')
    .description('list the primitives')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) =>
      done((await import('./primitives.ts')).listPrimitives(io, json === true)),
    );
  program
    .command('backends')
    .description('list the built-in backends, and which of them can run here')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) =>
      done(await (await import('./backends.ts')).listBackends(io, json === true)),
    );
};
