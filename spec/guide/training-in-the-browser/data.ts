/** The digits: images of 8×8 pixels, 1,437 to train on and 360 held out (fixtures/README.md says where they are from). */
import { unzipSync } from 'fflate';
import { np } from 'etalon';
import type { Batch } from './model.ts';

export const SIDE = 8;
const PIXELS = SIDE * SIDE;

export interface Images {
  /** 64 for each image, in [0, 1]. */
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
}

export interface Digits {
  readonly train: Images;
  readonly heldOut: Images;
}

export async function loadDigits(): Promise<Digits> {
  const response = await fetch(new URL('../../../fixtures/digits.npz', import.meta.url));
  if (!response.ok) throw new Error(`digits.npz did not load: ${response.status} ${response.statusText}`);
  return readDigits(new Uint8Array(await response.arrayBuffer()));
}

/** The arrays of the .npz file, which is a zip file of .npy files. */
export function readDigits(npz: Uint8Array): Digits {
  const files = unzipSync(npz);
  const part = (name: string): Images => ({
    pixels: new Float32Array(contentOf(files[`${name}/images.npy`]!)),
    labels: new Int32Array(contentOf(files[`${name}/labels.npy`]!)),
  });
  return { train: part('train'), heldOut: part('test') };
}

/** What stands behind the header of an .npy file, which tells its own length. */
function contentOf(npy: Uint8Array): ArrayBuffer {
  const header = new DataView(npy.buffer, npy.byteOffset).getUint16(8, true);
  return npy.slice(10 + header).buffer;
}

/** `count` images from `start` on, as arrays. They live on no backend until they are put there, or meet an array that is. */
export const batchOf = ({ pixels, labels }: Images, start: number, count: number): Batch => ({
  images: np.array(pixels.subarray(start * PIXELS, (start + count) * PIXELS), { shape: [count, PIXELS] }),
  labels: np.array(labels.subarray(start, start + count)),
});
