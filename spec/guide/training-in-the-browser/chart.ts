/** Line charts over steps, as SVG: the style sheet colours them. */

/** Points of a curve at most: beyond them neighbours are merged, so that a training may go on for as long as it likes. */
const MOST_POINTS = 800;

interface Point {
  readonly step: number;
  readonly value: number;
}

export class Curve {
  points: Point[] = [];
  /** Values that a point is the mean of. */
  #merged = 1;
  #pending: number[] = [];

  add(step: number, value: number): void {
    this.#pending.push(value);
    if (this.#pending.length < this.#merged) return;
    this.points.push({ step, value: mean(this.#pending) });
    this.#pending = [];
    if (this.points.length < MOST_POINTS) return;
    this.points = this.points.flatMap((b, i, all) =>
      i % 2 === 0 ? [] : [{ step: b.step, value: mean([all[i - 1]!.value, b.value]) }],
    );
    this.#merged *= 2;
  }
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Where values are on the vertical axis: 0 is its foot, 1 its top. */
export interface Scale {
  readonly ticks: readonly number[];
  place(value: number): number;
  show(tick: number): string;
}

/** @param ticks those at both ends included */
export const logarithmic = (ticks: readonly number[]): Scale => {
  const [low, high] = [Math.log(ticks[0]!), Math.log(ticks.at(-1)!)];
  return { ticks, place: (value) => (Math.log(value) - low) / (high - low), show: String };
};
export const percentage: Scale = {
  ticks: [0, 0.25, 0.5, 0.75, 1],
  place: (value) => value,
  show: (tick) => `${100 * tick} %`,
};

const LEFT = 46;
const RIGHT = 14;
const TOP = 10;
const BOTTOM = 24;
const PIXELS_PER_TICK = 60;

export class Chart {
  readonly #svg: SVGSVGElement;
  readonly #scale: Scale;
  /** By the class that colours them. */
  #curves: Readonly<Record<string, Curve>> = {};

  constructor(svg: SVGSVGElement, scale: Scale) {
    this.#svg = svg;
    this.#scale = scale;
    new ResizeObserver(() => this.draw()).observe(svg);
  }

  show(curves: Readonly<Record<string, Curve>>): void {
    this.#curves = curves;
    this.draw();
  }

  /** Draws in the pixels that there are. */
  draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#svg;
    const curves = Object.entries(this.#curves);
    const last = Math.max(100, ...curves.map(([, { points }]) => points.at(-1)?.step ?? 0));
    const x = (step: number): number => LEFT + (step / last) * (width - LEFT - RIGHT);
    const y = (value: number): number =>
      height - BOTTOM - Math.min(1, Math.max(0, this.#scale.place(value))) * (height - TOP - BOTTOM);
    const across = this.#scale.ticks.flatMap((tick) => [
      make('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick) }),
      make('text', { x: LEFT - 8, y: y(tick), 'text-anchor': 'end', dy: '.32em' }, this.#scale.show(tick)),
    ]);
    const along = stepTicks(last, (width - LEFT - RIGHT) / PIXELS_PER_TICK).map((tick) =>
      make('text', { x: x(tick), y: height - 6, 'text-anchor': 'middle' }, tick.toLocaleString('en-US')),
    );
    const lines = curves.map(([name, { points }]) => make('path', { class: name, d: line(points, x, y) }));
    this.#svg.replaceChildren(...across, ...along, ...lines);
  }
}

/** Round numbers up to `last`, about so many. */
function stepTicks(last: number, about: number): number[] {
  const rough = last / Math.max(1, about);
  const power = 10 ** Math.floor(Math.log10(rough));
  const apart = power * [1, 2, 5, 10].find((factor) => factor * power >= rough)!;
  return Array.from({ length: Math.floor(last / apart) + 1 }, (_, i) => i * apart);
}

/** What is not finite is left out, and the line broken. */
function line(points: readonly Point[], x: (step: number) => number, y: (value: number) => number): string {
  let isDown = false;
  let path = '';
  for (const { step, value } of points) {
    if (Number.isFinite(value)) path += `${isDown ? 'L' : 'M'}${x(step).toFixed(1)} ${y(value).toFixed(1)}`;
    isDown = Number.isFinite(value);
  }
  return path;
}

function make(tag: string, attributes: Readonly<Record<string, string | number>>, text: string = ''): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.textContent = text;
  return element;
}
