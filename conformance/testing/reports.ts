/**
 * Reports for the tests of what reads and writes them: one that looks real, and arbitrary ones full of hostile text.
 */
import fc from 'fast-check';
import { ANY } from '../../reference/core/dtypes.ts';
import {
  type Cell,
  type DeclaredGap,
  type Element,
  type Failure,
  GROUPS,
  type LawName,
  LEVELS,
  type MeasuredAccuracy,
  type Report,
  RANDOM_TRANSFORMATIONS,
  type Sharpness,
} from '../types.ts';

const tanElement: Element = {
  output: 0,
  index: [3],
  expected: '2.2877332e+7',
  got: '2.2878e+7',
  ulp: 812,
  error: 266,
  budget: 16,
  at: 'x = -1.5707964',
};

export const tanFailure: Failure = {
  id: 'tan/f32/jvp/odd/3f9c',
  subject: 'tan',
  dtype: 'float32',
  transformation: 'jvp',
  law: 'derivative',
  outcome: 'wrong',
  message: 'worst error 812 ulp, budget 16',
  element: tanElement,
  equations: 1,
  file: '.etalon/failures/tan-3f9c.json',
  source: null,
};

/** A small report of a backend that gets one derivative wrong; `changes` replaces parts of it. */
export const sampleReport = (changes: Partial<Report> = {}): Report => ({
  format: 'etalon.report/1',
  versions: { etalon: '0.1.0', spec: '0.1', node: '24.21.0', platform: 'linux x64' },
  backend: {
    name: 'tfjs:wasm',
    description: 'tfjs-core 4.22.0, wasm SIMD, 1 thread',
    profile: 'fast',
    syncRead: true,
    asked: 'tfjs:wasm',
  },
  level: 'quick',
  seed: 20261123,
  casesPerCell: 5,
  only: [],
  require: [],
  shard: null,
  started: '2026-11-23T02:00:00.000Z',
  verdict: {
    kind: 'does not conform',
    message: '1 of 4,030 cases is wrong',
    cases: 4030,
    wrong: 1,
    cells: 5,
    answeredCells: 4,
    gapCells: 1,
    requiredGaps: [],
  },
  groups: [
    { group: 'primitives', cases: 2914, ok: 2914, wrong: 0, gaps: 60 },
    { group: 'rules', cases: 812, ok: 811, wrong: 1, gaps: 12 },
    { group: 'programs', cases: 300, ok: 300, wrong: 0, gaps: 0 },
    { group: 'models', cases: 4, ok: 4, wrong: 0, gaps: 0 },
  ],
  cells: [
    {
      primitive: 'tan',
      dtype: 'float32',
      transformation: 'eval',
      status: 'answered',
      ok: 12,
      wrong: 0,
      gaps: 0,
      reasons: [],
    },
    {
      primitive: 'tan',
      dtype: 'float32',
      transformation: 'jvp',
      status: 'wrong',
      ok: 11,
      wrong: 1,
      gaps: 0,
      reasons: [],
      cases: { derivative: { odd: 5, scalar: 4 }, linearity: { odd: 3 } },
    },
    {
      primitive: 'tan',
      dtype: 'float64',
      transformation: 'eval',
      status: 'gap',
      ok: 0,
      wrong: 0,
      gaps: 12,
      reasons: ['no float64 in tfjs'],
    },
    {
      primitive: 'reduce_sum',
      dtype: 'float32',
      transformation: 'eval',
      status: 'answered',
      ok: 12,
      wrong: 0,
      gaps: 0,
      reasons: [],
    },
    {
      primitive: 'reduce_sum',
      dtype: 'int32',
      transformation: 'eval',
      status: 'partly',
      ok: 9,
      wrong: 0,
      gaps: 3,
      reasons: ['rank above 6'],
    },
  ],
  failures: [tanFailure],
  gaps: [
    { primitive: 'tan', reason: 'no float64 in tfjs', cells: ['tan/f64/eval'], cases: 12 },
    { primitive: 'reduce_sum', reason: 'rank above 6', cells: ['reduce_sum/i32/eval'], cases: 3 },
  ],
  accuracy: [
    {
      primitive: 'tan',
      dtype: 'float32',
      unit: 'ulp',
      elements: 400,
      bins: [
        [0, 200],
        [8, 198],
        [31, 2],
      ],
      p50: 0.5,
      p99: 1.4,
      max: 1.9,
      worst: tanElement,
    },
    {
      primitive: 'reduce_sum',
      dtype: 'float32',
      unit: 'budget',
      elements: 90,
      bins: [
        [0, 50],
        [7, 40],
      ],
      p50: 0,
      p99: 0.3,
      max: 0.4,
      worst: null,
    },
  ],
  coverage: {
    programs: 2,
    rejected: 1,
    cells: { met: 2, of: 900 },
    met: [
      {
        primitive: 'tan',
        dtype: 'float32',
        transformation: 'composed',
        classes: [
          ['odd', 1],
          ['scalar', 2],
        ],
      },
    ],
  },
  sharpness: [
    {
      equations: [5, 8],
      elements: 300,
      bins: [
        [16, 1],
        [70, 299],
      ],
      likelyMedian: 20.7,
      beyondLikely: 1,
      worstMin: 1.25,
      worstCase: 'random/f32/eval/plain-3/e153',
    },
  ],
  uncompared: { elements: 2, of: 40_000 },
  restarts: 0,
  timings: {
    startup: 0.8,
    cases: 38.1,
    shrinking: 2.3,
    total: 41.2,
    slowest: [{ id: 'mlp/f32/eval/digits/77aa', milliseconds: 5200 }],
  },
  ...changes,
});

/** Text that has ended elements, sections, lines and colours before. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '<script>alert(1)</script>',
    '</script><script>',
    ']]>',
    '<!--',
    '"><img src=x onerror=alert(1)>',
    "' onclick='x",
    '${x}',
  ),
  fc.constantFrom('\u001b[2J', 'a\r\n::error::b', '\u0000', '\ud800', '|`*_[x](javascript:x)', '%0A', '\u2028', '&lt;'),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
);

const name = fc.oneof(
  fc.constantFrom('add', 'tan', 'reduce_sum', 'dot_general'),
  hostileText.filter((s) => s !== ''),
);
const caseId = fc.stringMatching(/^[ -~]{1,30}$/);
const dtype = fc.constantFrom(...ANY);
const transformation = fc.constantFrom(...RANDOM_TRANSFORMATIONS);
const amount = fc.nat(1_000_000);
const size = fc.double({ min: 0, max: 1e12, noNaN: true, noDefaultInfinity: true }).map(Math.abs);
/** Every law: a new one does not compile until it stands here, and then fails until the schema has it. */
const laws = {
  value: 0,
  fixture: 0,
  'jit-is-eager': 0,
  'vmap-is-loop': 0,
  adjoint: 0,
  derivative: 0,
  linearity: 0,
  rejects: 0,
  repeats: 0,
  'keeps-inputs': 0,
  training: 0,
} satisfies Record<LawName, 0>;
const list = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { maxLength: 3 });
const nullable = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { nil: null });

const element: fc.Arbitrary<Element> = fc.record({
  output: fc.nat(3),
  index: list(fc.nat(9)),
  expected: hostileText,
  got: hostileText,
  ulp: nullable(size),
  error: nullable(size),
  budget: nullable(size),
  at: nullable(hostileText),
});

const failure: fc.Arbitrary<Failure> = fc.record({
  id: caseId,
  subject: name,
  dtype,
  transformation,
  law: fc.constantFrom(...(Object.keys(laws) as LawName[])),
  outcome: fc.constantFrom('wrong', 'crash', 'timeout'),
  message: hostileText,
  element: nullable(element),
  equations: nullable(amount),
  file: nullable(hostileText),
  source: nullable(hostileText),
});

const cell: fc.Arbitrary<Cell> = fc.record({
  primitive: name,
  dtype,
  transformation,
  status: fc.constantFrom('answered', 'partly', 'gap', 'wrong'),
  ok: amount,
  wrong: amount,
  gaps: amount,
  reasons: list(hostileText),
  cases: fc.dictionary(
    fc.constantFrom(...(Object.keys(laws) as LawName[])),
    fc.dictionary(hostileText, amount, { maxKeys: 3 }),
    { maxKeys: 3 },
  ),
});

const declaredGap: fc.Arbitrary<DeclaredGap> = fc.record({
  primitive: name,
  reason: hostileText,
  cells: list(hostileText),
  cases: amount,
});

const measured: fc.Arbitrary<MeasuredAccuracy> = fc.record({
  primitive: name,
  dtype,
  unit: fc.constantFrom('ulp', 'budget'),
  elements: amount,
  bins: list(fc.tuple(amount, amount)),
  p50: size,
  p99: size,
  max: size,
  worst: nullable(element),
});

export const sharpness: fc.Arbitrary<Sharpness> = fc.record({
  equations: fc.nat(9).map((log2) => [Math.floor(2 ** log2 / 2) + 1, 2 ** log2] as const),
  elements: amount,
  bins: list(fc.tuple(amount, amount)),
  likelyMedian: size,
  beyondLikely: amount,
  worstMin: size,
  worstCase: caseId,
});

/** Any report that the schema allows. */
export const reports: fc.Arbitrary<Report> = fc.record({
  format: fc.constant('etalon.report/1'),
  versions: fc.record({ etalon: name, spec: name, node: name, platform: name }),
  backend: fc.record({
    name,
    description: hostileText,
    profile: fc.constantFrom('strict', 'fast', 'gpu'),
    syncRead: fc.boolean(),
    asked: name,
  }),
  level: fc.constantFrom(...LEVELS),
  seed: fc.integer(),
  casesPerCell: amount,
  only: list(hostileText),
  require: list(hostileText),
  shard: nullable(fc.record({ index: amount, of: amount })),
  started: fc.constant('2026-11-23T02:00:00.000Z'),
  verdict: fc.record({
    kind: fc.constantFrom('conforms', 'does not conform', 'none', 'interrupted'),
    message: hostileText,
    cases: amount,
    wrong: amount,
    cells: amount,
    answeredCells: amount,
    gapCells: amount,
    requiredGaps: list(fc.record({ id: caseId, reason: hostileText })),
  }),
  groups: list(
    fc.record({ group: fc.constantFrom(...GROUPS), cases: amount, ok: amount, wrong: amount, gaps: amount }),
  ),
  cells: list(cell),
  failures: list(failure),
  gaps: list(declaredGap),
  accuracy: list(measured),
  coverage: fc.record({
    programs: amount,
    rejected: amount,
    cells: fc.record({ met: amount, of: amount }),
    met: list(
      fc.record({
        primitive: name,
        dtype,
        transformation,
        classes: list(fc.tuple(name, amount)),
      }),
    ),
  }),
  sharpness: list(sharpness),
  uncompared: fc.record({ elements: amount, of: amount }),
  restarts: amount,
  timings: fc.record({
    startup: size,
    cases: size,
    shrinking: size,
    total: size,
    slowest: list(fc.record({ id: caseId, milliseconds: size })),
  }),
});
