/** The page: what its buttons do, and what it shows as the training goes on. */
import { type Backend, backend } from 'etalon';
import { Chart, Curve, logarithmic, percentage } from './chart.ts';
import { loadDigits } from './data.ts';
import { Readings } from './readings.ts';
import { Speed } from './speed.ts';
import { type HeldOut, STEPS, Training } from './training.ts';

const byId = <T extends Element = HTMLElement>(id: string): T => document.getElementById(id) as unknown as T;
const startButton = byId<HTMLButtonElement>('start');
const resetButton = byId<HTMLButtonElement>('reset');
const backendChoice = byId<HTMLSelectElement>('backend');
const rateChoice = byId<HTMLSelectElement>('learning-rate');
const sizeChoice = byId<HTMLSelectElement>('batch-size');
const write = (id: string, text: string): void => void (byId(id).textContent = text);

const digits = await loadDigits().catch((error: unknown) => {
  explain(messageOf(error));
  throw error;
});
const readings = new Readings(byId('readings'), digits.heldOut);
const lossChart = new Chart(byId('loss-chart'), logarithmic([0.01, 0.03, 0.1, 0.3, 1, 3]));
const accuracyChart = new Chart(byId('accuracy-chart'), percentage);

const speed = new Speed();

let training: Training;
let curves: { readonly train: Curve; readonly heldOut: Curve; readonly accuracy: Curve };

// ---- one thing at a time

/** What is being done: whatever is asked for next waits for it. */
let doing: Promise<void> = Promise.resolve();
/** The run that goes on until another one is wanted, or none. */
let wanted: object | null = null;

function want(run: object | null): void {
  wanted = run;
  startButton.textContent = run === null ? 'Start' : 'Pause';
}

function act(action: () => Promise<void>): Promise<void> {
  doing = doing.then(action).catch((error: unknown) => {
    want(null);
    explain(messageOf(error));
    say('It failed. Reset opens the backend again, and begins anew.');
  });
  return doing;
}

startButton.addEventListener('click', () => {
  if (wanted !== null) return want(null);
  const run = {};
  want(run);
  void act(() => train(run));
});
for (const [control, event] of [
  [resetButton, 'click'],
  [backendChoice, 'change'],
] as const) {
  control.addEventListener(event, () => {
    want(null);
    void act(() => begin(backendChoice.value));
  });
}

// ---- the training

/** Opens a backend, or the reference interpreter where that one cannot start, for a training from the beginning. */
async function begin(name: string): Promise<void> {
  let engine: Backend;
  say(`Opening ${name} …`);
  byId('notice').hidden = true;
  try {
    engine = await backend(name);
  } catch (error) {
    explain(
      `Start trains on the reference interpreter, correctly rounded and slowly, as ${name} cannot run here.\n${messageOf(error)}`,
    );
    backendChoice.querySelector<HTMLOptionElement>(`[value=${name}]`)!.disabled = true;
    backendChoice.value = 'reference';
    engine = await backend('reference');
  }
  write('device', engine.device.description);
  training = new Training(engine, digits);
  Object.assign(globalThis, { training }); // for the console: await training.state.params[1].b.data()
  curves = { train: new Curve(), heldOut: new Curve(), accuracy: new Curve() };
  speed.clear();
  show([], await training.evaluate());
  say(`Ready: ${digits.train.labels.length} images to train on, ${digits.heldOut.labels.length} held out.`);
}

async function train(run: object): Promise<void> {
  say('Training.');
  speed.clear();
  while (wanted === run) {
    const { losses, heldOut } = await training.round({
      learningRate: Number(rateChoice.value),
      batchSize: Number(sizeChoice.value),
    });
    speed.count(STEPS);
    show(losses, heldOut);
    if (!Number.isFinite(heldOut.loss)) {
      want(null);
      return say(
        'The loss is not a number any more: steps as long as these lead nowhere. Lower the learning rate, and reset.',
      );
    }
    await new Promise(requestAnimationFrame); // a page that nobody sees gets no frame, and waits
  }
  say(`Paused after ${training.steps.toLocaleString('en-US')} steps.`);
}

// ---- what is shown

function show(losses: readonly number[], heldOut: HeldOut): void {
  const { steps } = training;
  losses.forEach((loss, i) => curves.train.add(steps - losses.length + i + 1, loss));
  curves.heldOut.add(steps, heldOut.loss);
  curves.accuracy.add(steps, heldOut.accuracy);
  lossChart.show({ train: curves.train, 'held-out': curves.heldOut });
  accuracyChart.show({ 'held-out': curves.accuracy });
  readings.show(heldOut.probabilities);
  write('steps', steps.toLocaleString('en-US'));
  write('speed', losses.length === 0 ? '–' : speed.perSecond.toFixed(0));
  write('train-loss', losses.length === 0 ? '–' : losses.at(-1)!.toFixed(4));
  write('held-out-loss', heldOut.loss.toFixed(4));
  write('accuracy', `${(100 * heldOut.accuracy).toFixed(1)} %`);
}

function say(text: string): void {
  write('status', text);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function explain(text: string): void {
  write('notice', text);
  byId('notice').hidden = false;
}

await act(() => begin('wgsl'));
for (const control of [startButton, resetButton, backendChoice]) control.disabled = false;
