/** Every lowering against the primitive's own evaluation, on values in which the special ones are common. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeEquation } from '../../conformance/budgets.ts';
import { answerTo, compareGaps, sampleCalls } from '../../conformance/testing/gaps.ts';
import { oneEquation } from '../../reference/core/open-backend.ts';
import type { Session } from '../../reference/core/backend.ts';
import { avalOf, type HostArray } from '../../reference/core/host.ts';
import type { AnyFirstOrder, Call, Params } from '../../reference/core/primitive.ts';
import { primitives } from '../../reference/primitives/index.ts';
import gapsOfCpu from './gaps.cpu.json' with { type: 'json' };
import gapsOfWasm from './gaps.wasm.json' with { type: 'json' };
import { tfjsCpu, tfjsWasm } from './index.ts';

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
      for (const call of sampleCalls(primitive, dtype)) {
        if (answerTo(definition, primitive, call) !== true) continue;
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
    expect(compareGaps(definition, committed)).toEqual({ missing: [], closed: [] });
  });
});
