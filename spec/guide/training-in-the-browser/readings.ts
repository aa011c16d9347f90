/** A few of the images that are held out, and what the network takes them for. */
import { type Images, SIDE } from './data.ts';

const SHOWN = 30;
const CLASSES = 10;

export class Readings {
  readonly #texts: readonly { readonly item: HTMLElement; readonly text: HTMLElement; readonly label: number }[];

  constructor(list: HTMLElement, images: Images) {
    this.#texts = Array.from({ length: SHOWN }, (_, i) => {
      const item = document.createElement('li');
      const text = document.createElement('span');
      const label = images.labels[i]!;
      item.append(picture(images, i), text);
      list.append(item);
      return { item, text, label };
    });
  }

  show(probabilities: Float32Array): void {
    for (const [i, { item, text, label }] of this.#texts.entries()) {
      const own = probabilities.subarray(i * CLASSES, (i + 1) * CLASSES);
      const read = own.reduce((best, p, k) => (p > own[best]! ? k : best), 0);
      item.classList.toggle('misread', read !== label);
      text.textContent = `${read === label ? '✓' : '✗'} ${read} · ${Math.round(100 * own[read]!)} %`;
    }
  }
}

function picture({ pixels, labels }: Images, i: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE;
  canvas.role = 'img';
  canvas.ariaLabel = `a handwritten ${labels[i]}`;
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(SIDE, SIDE);
  // Black ink, whose strength is its opacity: the style sheet inverts it on dark paper.
  for (let p = 0; p < SIDE * SIDE; p++) image.data[4 * p + 3] = 255 * pixels[i * SIDE * SIDE + p]!;
  context.putImageData(image, 0, 0);
  return canvas;
}
