/** Every lowering against the primitive's own evaluation, on values in which the special ones are common. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeEquation } from '../../conformance/budgets.ts';
import { makeGen } from '../../conformance/programs/gen.ts';
import { oneEquation } from '../../reference/core/open-backend.ts';
import type { BackendDefinition, Session } from '../../reference/core/backend.ts';
import { type DType, shortName } from '../../reference/core/dtypes.ts';
import { avalOf, type HostArray } from '../../reference/core/host.ts';
import { type AnyFirstOrder, type Call, type Params, SHAPE_CLASSES } from '../../reference/core/primitive.ts';
import { primitives } from '../../reference/primitives/index.ts';
import gapsOfCpu from './gaps.cpu.json' with { type: 'json' };
import gapsOfWasm from './gaps.wasm.json' with { type: 'json' };
import { tfjsCpu, tfjsWasm } from './index.ts';

const CALLS_PER_CLASS = 3;
const SEED = 20261123;

function samples(primitive: AnyFirstOrder, dtype: DType): Call<Params>[] {
  return SHAPE_CLASSES.flatMap((shapeClass) =>
    fc.sample(primitive.cases(makeGen(fc, dtype, shapeClass)), { numRuns: CALLS_PER_CLASS, seed: SEED }),
  );
}

const supports = (
  definition: BackendDefinition,
  primitive: AnyFirstOrder,
  { args, params }: Call<Params>,
): true | { gap: string } => definition.supports(primitive, args.map(avalOf), params);

/** Runs one equation and frees everything again. */
function run(session: Session, primitive: AnyFirstOrder, { args, params }: Call<Params>): HostArray[] {
  const [device] = session.devices;
  const executable = session.compile(oneEquation(primitive, args.map(avalOf), params), { device: device! });
  const inputs = args.map((x) => session.put(x, device!));
  const outputs = executable.run(inputs);
  const results = outputs.map((y) => session.readSync!(y));
  for (const buffer of [...inputs, ...outputs]) session.free(buffer);
  executable.dispose();
  return results;
}

const engines = [
  { definition: tfjsWasm, committed: gapsOfWasm },
  { definition: tfjsCpu, committed: gapsOfCpu },
];

describe.each(engines)('$definition.name', ({ definition, committed }) => {
  let session: Session;
  beforeAll(async () => {
    session = await definition.open({});
  });
  afterAll(() => session.close());

  test.each(Object.values(primitives) as AnyFirstOrder[])('$name', (primitive) => {
    for (const dtype of primitive.dtypes) {
      for (const call of samples(primitive, dtype)) {
        if (supports(definition, primitive, call) !== true) continue;
        const want = primitive.evaluate(call.args, call.params);
        const got = run(session, primitive, call);
        const { wrong } = judgeEquation(primitive, call.args, call.params, want, got, definition.profile);
        expect(
          wrong,
          `${dtype} ${JSON.stringify(call.params)} of ${JSON.stringify(call.args.map((x) => x.shape))}`,
        ).toBeNull();
      }
    }
    expect(session.live()).toEqual({ buffers: 0, bytes: 0 });
  });

  test('the committed gaps are the gaps', () => {
    const matched = new Set<object>();
    for (const primitive of Object.values(primitives) as AnyFirstOrder[]) {
      for (const dtype of primitive.dtypes) {
        for (const call of samples(primitive, dtype)) {
          const answer = supports(definition, primitive, call);
          if (answer === true) continue;
          const cell = `${primitive.name}/${shortName(dtype)}/eval`;
          const entries = committed.filter(({ cells, reason }) => reason === answer.gap && matches(cells, cell));
          expect(entries, `${cell}: ${answer.gap}`).not.toEqual([]);
          for (const entry of entries) matched.add(entry);
        }
      }
    }
    expect([...matched]).toHaveLength(committed.length);
  });
});

/** `*` stands for any characters but a slash. */
const matches = (pattern: string, cell: string): boolean =>
  new RegExp(`^${pattern.replaceAll('*', '[^/]*')}$`).test(cell);
