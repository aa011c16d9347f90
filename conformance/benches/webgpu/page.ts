/** What runs in the page of `etalon bench --only 'wgsl/*'`: the libraries side by side, row by row. */
import { errorOf, expectedOf } from './agreement.ts';
import { type Contender, openEtalon, openJaxJs, openTfjs, type Prepared } from './contenders.ts';
import { rows } from './rows.ts';
import { type Pace, takeTurns, type Times } from './turns.ts';

export const CONTENDERS = ['wgsl', 'jax-js', 'tfjs'] as const;
export type ContenderName = (typeof CONTENDERS)[number];

export interface Measured extends Times {
  /** Dispatches of one call. */
  readonly dispatches: number;
  /** The largest error in units of what it may be. */
  readonly error: number;
}
/** Why there is no time. */
export interface Unmeasured {
  readonly reason: string;
}
export type Outcomes = Readonly<Record<ContenderName, Measured | Unmeasured>>;

export interface Arena {
  readonly adapter: string;
  /** The adapter is software on the CPU. */
  readonly cpu: boolean;
}

/** What the page offers to whoever drives it. */
export interface Driven {
  open(): Promise<Arena>;
  run(row: string, pace: Pace): Promise<Outcomes>;
}

const openers: Readonly<Record<ContenderName, () => Promise<Contender>>> = {
  wgsl: openEtalon,
  'jax-js': openJaxJs,
  tfjs: openTfjs,
};
const contenders = new Map<ContenderName, Contender>();

const describe = ({ vendor, architecture, description }: GPUAdapterInfo): string =>
  [vendor, architecture, description].filter(Boolean).join(' ');

const driven: Driven = {
  async open() {
    for (const name of CONTENDERS) contenders.set(name, await openers[name]());
    const adapters = new Set([...contenders.values()].map(({ adapter }) => describe(adapter)));
    if (adapters.size > 1) throw new Error(`not on one adapter: ${[...adapters].join('; ')}`);
    const { adapter, cpu } = contenders.get('wgsl')!;
    return { adapter: describe(adapter), cpu };
  },
  async run(name, pace) {
    const row = rows.find((one) => one.name === name)!;
    const inputs = row.inputs();
    const expected = expectedOf(row, inputs);
    const ready = new Map<ContenderName, Prepared & Pick<Measured, 'dispatches' | 'error'>>();
    const outcomes: Partial<Record<ContenderName, Measured | Unmeasured>> = {};
    for (const [contender, { prepare }] of contenders) {
      try {
        const prepared = prepare(row, inputs);
        const { results, dispatches } = await counting(prepared.results);
        const error = errorOf(expected, results);
        if (error > 1) {
          prepared.free();
          outcomes[contender] = { reason: `wrong: off by ${error.toPrecision(2)} times what is allowed` };
        } else ready.set(contender, { ...prepared, error, dispatches });
      } catch (failure) {
        outcomes[contender] = { reason: failure instanceof Error ? failure.message : String(failure) };
      }
    }
    const times = await takeTurns([...ready.values()], pace);
    [...ready].forEach(([contender, { error, dispatches, free }], i) => {
      outcomes[contender] = { ...times[i]!, error, dispatches };
      free();
    });
    return outcomes as Outcomes;
  },
};

/** What a call gives, and how often it made the device run a kernel. */
async function counting<T>(call: () => Promise<T>): Promise<{ readonly results: T; readonly dispatches: number }> {
  const { prototype } = GPUComputePassEncoder;
  const { dispatchWorkgroups } = prototype;
  let dispatches = 0;
  prototype.dispatchWorkgroups = function (...sizes) {
    dispatches++;
    dispatchWorkgroups.apply(this, sizes);
  };
  try {
    const results = await call();
    return { results, dispatches };
  } finally {
    prototype.dispatchWorkgroups = dispatchWorkgroups;
  }
}

Object.assign(globalThis, { etalon: driven });
