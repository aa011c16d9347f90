/** Finding a GPU: the browser's, or Dawn's under Node (the npm package `webgpu`). */
import { BackendError } from '../../../reference/core/errors.ts';

/** A device, and what it is good for. */
export interface Opened {
  readonly device: GPUDevice;
  readonly description: string;
  /** The adapter is software on the CPU. */
  readonly cpu: boolean;
}

const INSTALL = 'npm install webgpu';

/** Dawn's object must stay reachable: once it is collected, its process crashes. */
let dawn: Promise<GPU> | undefined;
/** Dawn's devices. A process that ends under one that is at work crashes: to destroy it waits for that work. */
const devices = new Set<GPUDevice>();

const ofBrowser = (): GPU | undefined => (globalThis.navigator as Navigator | undefined)?.gpu;

async function findGpu(): Promise<GPU> {
  const own = ofBrowser();
  if (own) return own;
  if (typeof document !== 'undefined')
    throw new BackendError(
      'wgsl needs WebGPU, which this browser does not offer (a page must be served over HTTPS or from localhost)',
    );
  dawn ??= loadDawn();
  return dawn;
}

async function loadDawn(): Promise<GPU> {
  const name = 'webgpu'; // not a literal: bundlers for browsers must not look for it
  let module: { create(options: readonly string[]): GPU };
  try {
    module = (await import(/* @vite-ignore */ name)) as typeof module;
  } catch (error) {
    throw new BackendError(`wgsl needs WebGPU, which Node has not by itself:\n  ${INSTALL}`, { cause: error });
  }
  globalThis.process?.once('exit', () => devices.forEach((device) => device.destroy()));
  return module.create([]);
}

const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
] as const;

const adviceOnDrivers = (): string =>
  ofBrowser() === undefined
    ? 'Under Linux it needs a Vulkan driver (libvulkan1 and one of ' +
      "mesa-vulkan-drivers 25, NVIDIA's, or SwiftShader with VK_ICD_FILENAMES naming its vk_swiftshader_icd.json)"
    : 'The browser says why on its page about graphics (chrome://gpu, about:support)';

/** Opens a device with all that its adapter grants. @throws BackendError that says what is missing */
export async function openDevice(powerPreference: GPUPowerPreference = 'high-performance'): Promise<Opened> {
  const gpu = await findGpu();
  const adapter = await gpu.requestAdapter({ powerPreference });
  if (adapter === null)
    throw new BackendError(`wgsl found no GPU: WebGPU offers no adapter here. ${adviceOnDrivers()}`);
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredLimits }).catch((error: unknown) => {
    throw new BackendError('wgsl found a GPU that it cannot open', { cause: error });
  });
  if (dawn !== undefined) {
    devices.add(device);
    void device.lost.then(() => devices.delete(device));
  }
  const { vendor, architecture, description } = adapter.info;
  const cpu = adapter.info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe/i.test(`${architecture} ${description}`);
  return { device, description: [vendor, architecture, description].filter(Boolean).join(' ') || 'a GPU', cpu };
}
