/** For tests of the backend wgsl, where there is a GPU or something that stands in for it. */
import type { WgslSession } from '../../backends/wgsl/device/session.ts';
import { wgsl } from '../../backends/wgsl/index.ts';
import type { OpenOptions, Session } from '../../reference/core/backend.ts';
import { avalOf, type HostArray } from '../../reference/core/host.ts';
import { type Equation, Jaxpr, Var } from '../../reference/core/jaxpr.ts';
import { type AnyFirstOrder, inferAvals, type Params } from '../../reference/core/primitive.ts';
import { SourceLocation } from '../../reference/core/source.ts';

/** A session, or why there is none: the name of a suite that is skipped should say so. */
export async function openWgsl(options: OpenOptions = {}): Promise<WgslSession | string> {
  const opening = wgsl.open(options) as Promise<WgslSession>;
  return opening.catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
}

/** As much of a device as its caches ask of one, with a list of what was done to it. */
export function pretendedDevice({ limits = {}, done = [] }: { limits?: object; done?: string[] } = {}): GPUDevice {
  const did = (what: string) => (): void => void done.push(what);
  const pass = { setPipeline: () => {}, setBindGroup: () => {}, dispatchWorkgroups: () => {}, end: () => {} };
  const device = {
    limits: { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 30, ...limits },
    pushErrorScope: () => {},
    popErrorScope: () => Promise.resolve(null),
    createBuffer: ({ size }: GPUBufferDescriptor) => ({ size, destroy: did('destroyed a buffer') }),
    createShaderModule: () => ({}),
    createComputePipeline: () => ({ getBindGroupLayout: () => ({}) }),
    createBindGroup: () => ({}),
    createCommandEncoder: () => ({ beginComputePass: () => pass, finish: () => ({}) }),
    queue: { writeBuffer: () => {}, submit: did('submitted commands') },
  };
  return device as unknown as GPUDevice;
}

/** A call whose operands are inputs of the program, by their positions. */
export interface InputCall {
  readonly primitive: AnyFirstOrder;
  readonly operands: readonly number[];
  readonly params: Params;
}

/** One program of many calls, which is less to compile than as many programs. Their first results. */
export async function runCalls(
  session: Session,
  calls: readonly InputCall[],
  inputs: readonly HostArray[],
): Promise<readonly HostArray[]> {
  const vars = inputs.map((x) => new Var(avalOf(x)));
  const equations = calls.map(({ primitive, operands, params }): Equation => {
    const own = operands.map((i) => vars[i]!);
    const outputs = inferAvals(
      primitive,
      own.map((v) => v.aval),
      params,
    ).map((a) => new Var(a));
    return { primitive, inputs: own, params, outputs, source: SourceLocation.capture() };
  });
  const outputs = equations.map((e) => e.outputs[0]!);
  const [device] = session.devices;
  const jaxpr = new Jaxpr({ constvars: [], consts: [], inputs: vars, equations, outputs });
  const executable = session.compile(jaxpr, { device: device! });
  const buffers = inputs.map((x) => session.put(x, device!));
  const results = executable.run(buffers);
  const values = await Promise.all(results.map((y) => session.read(y)));
  for (const buffer of [...buffers, ...results]) session.free(buffer);
  executable.dispose();
  return values;
}
