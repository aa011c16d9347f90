/** How often `diverge` names the right equation: faults planted by seed into long programs (spec/diverge.md#proof). */
import type { DType } from '../../reference/core/dtypes.ts';
import { allEquations, type Equation, type Jaxpr } from '../../reference/core/jaxpr.ts';
import { Backend } from '../../reference/core/open-backend.ts';
import { Bench, factsOf } from '../bench.ts';
import type { Finding } from '../debug/divergence.ts';
import { outcomeOf } from '../debug/examine.ts';
import { divergeProgram } from '../diverge.ts';
import { lineOf, longProgram } from '../programs/long.ts';
import { RandomStream } from '../programs/random-stream.ts';
import type { Sample } from '../programs/sample.ts';
import { backendWith, type Fault, FAULT_KINDS, faultIn, hasHiddenNeighbour } from './faults.ts';

export interface LocatedOptions {
  readonly faults: number;
  readonly seed: number;
  /** Equations of each program. */
  readonly equations?: number;
  /** Told of each fault as soon as it has been looked for. */
  readonly onFault?: (one: PlantedFault) => void;
}

export interface PlantedFault {
  readonly kind: string;
  /** The equation that is wrong, and how many there are. */
  readonly equation: number;
  readonly equations: number;
  readonly isRight: boolean;
  /** null: none was found. */
  readonly finding: Finding | null;
  readonly milliseconds: number;
}

export interface LocatedProof {
  readonly right: number;
  readonly total: number;
  /** Of the reproducers of the right ones. */
  readonly medianEquations: number;
  readonly slowestMilliseconds: number;
}

const DTYPES: readonly DType[] = ['float32', 'float64', 'float16', 'bfloat16'];
/** One fault in so many shows only where a compiler sees the equation together with one before it. */
const FUSED = 1 / 10;

/** After so many programs in which no fault of a kind shows, the next kind has its turn. */
const PROGRAMS_PER_FAULT = 10;
/** How many equations of a program are tried. */
const PLACES_PER_PROGRAM = 6;

/** Plants faults of all kinds by turns, and looks for them. */
export async function located({ faults, seed, equations = 200, onFault }: LocatedOptions): Promise<LocatedProof> {
  const found: PlantedFault[] = [];
  for (let turn = 0; found.length < faults; turn++) {
    const planted = await plant(
      FAULT_KINDS[turn % FAULT_KINDS.length]!,
      equations,
      new RandomStream(seed, 'located', turn),
    );
    if (planted === null) continue; // what does not show in the results is not there to be found
    const one = await find(planted);
    onFault?.(one);
    found.push(one);
  }
  const right = found.filter((one) => one.isRight);
  const sizes = right.map((one) => one.finding!.reproducer?.equations ?? Infinity).sort((a, b) => a - b);
  return {
    right: right.length,
    total: found.length,
    medianEquations: sizes[Math.floor(sizes.length / 2)] ?? Infinity,
    slowestMilliseconds: Math.max(...found.map((one) => one.milliseconds)),
  };
}

/** A backend with a fault, and a program whose results show it. */
interface Planted {
  readonly kind: string;
  readonly sample: Sample;
  readonly backend: Backend;
  /** The number of the wrong equation. */
  readonly equation: number;
  readonly fused: boolean;
}

/** null: in some programs no such fault reaches the results. */
async function plant(kind: string, equations: number, random: RandomStream): Promise<Planted | null> {
  for (let program = 0; program < PROGRAMS_PER_FAULT; program++) {
    const sample = longProgram(random.pick(DTYPES), equations, random);
    const places = [...allEquations(sample.jaxpr)].flatMap((target, i) => {
      const fault = faultIn(kind, target, random);
      return fault === null ? [] : [{ target, fault, equation: i + 1 }];
    });
    for (let tried = 0; tried < PLACES_PER_PROGRAM && places.length > 0; tried++) {
      const [{ target, fault, equation }] = places.splice(random.below(places.length), 1) as [(typeof places)[number]];
      const fused = random.chance(FUSED) && hasHiddenNeighbour(programOf(sample.jaxpr, target), target);
      const definition = backendWith(fault, lineOf(equation), fused);
      const backend = new Backend(definition, await definition.open({}));
      if (await shows(backend, fault, sample)) return { kind, sample, backend, equation, fused };
    }
  }
  return null;
}

async function find({ kind, sample: { jaxpr, inputs }, backend, equation, fused }: Planted): Promise<PlantedFault> {
  const began = performance.now();
  const { findings, equations } = await divergeProgram(jaxpr, inputs, {
    backends: ['reference', backend],
    folder: null,
  });
  const milliseconds = performance.now() - began;
  const [finding = null] = findings;
  const isRight = finding !== null && namesIt(finding, equation, fused);
  return { kind: fused ? `${kind}, fused` : kind, equation, equations, isRight, finding, milliseconds };
}

/** Of fused equations it is named together with one or two others. */
const namesIt = ({ numbers }: Finding, equation: number, fused: boolean): boolean =>
  numbers.includes(equation) && numbers.length <= (fused ? 3 : 1);

/** The program, of those nested in one, that the equation stands in. */
function programOf(jaxpr: Jaxpr, target: Equation): Jaxpr {
  if (jaxpr.equations.includes(target)) return jaxpr;
  const nested = jaxpr.equations.flatMap(({ primitive, params }) =>
    primitive.kind !== 'higher-order' ? [] : [...primitive.subJaxprs(params)],
  );
  return programOf(
    nested.find((inner) => [...allEquations(inner)].includes(target))!,
    target,
  );
}

/** Whether the results are not what they may be, and the equation is out of its budget. */
async function shows(backend: Backend, fault: Fault, { jaxpr, inputs }: Sample): Promise<boolean> {
  const bench = new Bench(backend);
  const { standing } = await outcomeOf({ bench, facts: factsOf(bench, 'faulty'), folder: null, jaxpr, inputs });
  return standing !== 'fine' && fault.isFault();
}
