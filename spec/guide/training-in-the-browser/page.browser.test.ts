import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { init as suiteInit, trainStep as suiteStep } from '../../../conformance/models/digits.ts';
import { packageFile } from '../../../conformance/package.ts';
import { compareBounded } from '../../../conformance/testing/agree.ts';
import type { ConcreteArray } from '../../../reference/core/array.ts';
import type { HostArray } from '../../../reference/core/host.ts';
import { makeJaxpr, type NDArray, np, random, tree } from '../../../reference/index.ts';
import { errorBound } from '../../../reference/transforms/error-bound.ts';
import { launchChromium, SOFTWARE_WEBGPU } from '../../../tools/browser.ts';
import { serveGuidePage, told, train } from '../../../tools/guide-page.ts';
import { batchOf, readDigits } from './data.ts';
import { init, type State, step } from './model.ts';

const digits = readDigits(readFileSync(packageFile('fixtures/digits.npz')));
/** A browser that shares its processors with other tests may take its time. */
const PATIENCE = 120_000;

let server: Awaited<ReturnType<typeof serveGuidePage>>;
let browser: Browser;
let page: Page;
/** What the page complains of, and what it loads from elsewhere. */
const complaints: string[] = [];

async function opened(where: Browser): Promise<Page> {
  const tab = await where.newPage();
  tab.setDefaultTimeout(PATIENCE);
  tab.on('pageerror', (error) => complaints.push(String(error)));
  tab.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  tab.on(
    'request',
    (request) => /^data:/.test(request.url()) || isHome(request.url()) || complaints.push(request.url()),
  );
  tab.on('response', (response) => response.ok() || complaints.push(`${response.status()} ${response.url()}`));
  await tab.goto(server.url);
  await told(tab, 'Ready');
  return tab;
}
const isHome = (url: string): boolean => new URL(url).host === new URL(server.url).host;

beforeAll(async () => {
  [server, browser] = await Promise.all([serveGuidePage(), launchChromium(SOFTWARE_WEBGPU)]);
  page = await opened(browser);
}, PATIENCE);
afterAll(async () => {
  expect(complaints).toEqual([]);
  await Promise.all([browser.close(), server.close()]);
});

async function reset(): Promise<void> {
  await page.locator('#reset').click();
  await told(page, 'Ready');
}

const figure = async (id: string, on: Page = page): Promise<number> =>
  parseFloat((await on.locator(`#${id}`).innerText()).replaceAll(',', ''));

describe('the page', { timeout: PATIENCE }, () => {
  it('trains on wgsl, and draws it', async () => {
    expect(await page.locator('#device').innerText()).toContain('WebGPU');
    const first = await figure('held-out-loss');
    expect(await figure('accuracy')).toBeLessThan(30); // it has learned nothing, and there are ten classes
    await train(page, 100);
    expect(await figure('held-out-loss')).toBeLessThan(first / 4);
    expect(await figure('accuracy')).toBeGreaterThan(90);
    expect(await page.locator('#readings li:not(.misread)').count()).toBeGreaterThan(20);
    const drawn = await page.locator('#loss-chart path.train').getAttribute('d');
    expect(drawn!.match(/[ML]/g)!.length).toBe(100);
  });

  it('pauses, goes on, and begins anew with the same weights', async () => {
    await reset();
    const first = await page.locator('#held-out-loss').innerText();
    await train(page, 10);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    expect(await figure('steps')).toBe(10);
    await train(page, 10);
    expect(await figure('steps')).toBe(20);
    await page.locator('#start').click();
    await reset();
    expect(await figure('steps')).toBe(0);
    expect(await page.locator('#held-out-loss').innerText()).toBe(first);
  });

  it('stops where the loss is not a number any more', async () => {
    await reset();
    await page.evaluate("document.querySelector('#learning-rate').append(new Option('1e30', '1e30', true, true))");
    await page.locator('#start').click();
    await told(page, 'The loss is not a number any more');
    expect(await page.locator('#start').innerText()).toBe('Start');
    await page.locator('#learning-rate').selectOption('0.1');
  });

  it('says that there is no WebGPU, and trains on the reference', async () => {
    const plain = await launchChromium();
    const tab = await opened(plain);
    expect(await tab.locator('#notice').innerText()).toMatch(/reference interpreter[^]*WebGPU/);
    expect(await tab.locator('#device').innerText()).toBe('reference interpreter');
    const first = await figure('held-out-loss', tab);
    await train(tab, 10);
    expect(await figure('held-out-loss', tab)).toBeLessThan(first);
    await plain.close();
  });

  it('fits a telephone', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  });
});

describe('the training', { timeout: PATIENCE }, () => {
  const settings = { learningRate: 0.1, batchSize: 64 };
  /** The arguments of the model's step number `i` from a state. */
  const argumentsFrom = (state: State, i: number): Parameters<typeof step> => [
    state,
    batchOf(digits.train, i * settings.batchSize, settings.batchSize),
    np.array(settings.learningRate),
  ];

  it("is the suite's: the same numbers from the same numbers", () => {
    const given = argumentsFrom(init(random.key(0)), 0);
    expect(hosts(init(random.key(0)))).toEqual(hosts(suiteInit(random.key(0))));
    expect(hosts(step(...given))).toEqual(hosts(suiteStep(...given)));
  });

  it('takes the steps that the reference takes from where it stands, within the error bounds', async () => {
    await reset();
    let before = arraysOf(await inPage('training.state')) as State;
    for (const i of [0, 1, 2]) {
      const taken = `{ loss: training.step(${JSON.stringify(settings)}), state: training.state }`;
      const got = arraysOf(await inPage(taken)) as ReturnType<typeof step>;
      const given = argumentsFrom(before, i);
      const expected = errorBound(makeJaxpr(step)(...given), hosts(given), 'gpu');
      for (const [j, value] of hosts({ state: got.state, loss: got.loss }).entries()) {
        const { problem, compared } = compareBounded(expected[j]!, { value, bound: null });
        expect(problem, `step ${i}, result ${j}`).toBeNull();
        expect(compared).toBe(value.data.length);
      }
      before = got.state;
    }
  });
});

/** A tree of arrays as JSON. */
type Plain =
  { readonly shape: readonly number[]; readonly numbers: readonly number[] } | readonly Plain[] | PlainObject;
interface PlainObject {
  readonly [key: string]: Plain;
}

/** It runs in the page. */
async function plain(x: object): Promise<Plain> {
  if (Array.isArray(x)) return Promise.all(x.map(plain));
  const array = x as Partial<NDArray>;
  if (array.data !== undefined) return { shape: array.shape!, numbers: [...(await array.data())] as number[] };
  const entries = await Promise.all(Object.entries(x).map(async ([key, inner]) => [key, await plain(inner as object)]));
  return Object.fromEntries(entries) as PlainObject;
}
const inPage = (expression: string): Promise<Plain> => page.evaluate<Plain>(`(${plain.toString()})(${expression})`);

function arraysOf(x: Plain): unknown {
  if (Array.isArray(x)) return x.map(arraysOf);
  if ('numbers' in x) return np.array(new Float32Array(x.numbers as number[]), { shape: x.shape as number[] });
  return Object.fromEntries(Object.entries(x as PlainObject).map(([key, inner]) => [key, arraysOf(inner)]));
}

const hosts = (of: unknown): HostArray[] => (tree.leaves(of) as ConcreteArray[]).map((x) => x.toHost());
