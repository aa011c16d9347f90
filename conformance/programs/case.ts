/** Cases: a program, inputs and a law, with an id that is stable as long as their content is. */
import { createHash } from 'node:crypto';
import { type DType, shortName } from '../../reference/core/dtypes.ts';
import { toDocument } from '../../reference/core/program.ts';
import { printDocument } from '../../reference/core/text.ts';
import type { Bench } from '../bench.ts';
import { type Evidence, type Judgement, type Law, unjudged } from '../laws/law.ts';
import type { CaseId, Drawn, Group, LawName, Transformation } from '../types.ts';
import { RandomStream } from './random-stream.ts';
import { NotApplicable, type Sample } from './sample.ts';

/** What all cases of a unit share. A unit's cases are made, and run, in order. */
export interface Unit {
  /** `reduce_sum/f32/vmap`: how the ids of its cases begin. */
  readonly key: string;
  readonly group: Group;
  readonly law: LawName;
  readonly subject: string;
  readonly dtype: DType;
  readonly transformation: Transformation;
  /** At most how many cases it makes. */
  readonly planned: number;
  /** The cases of a seed, made one after the other. */
  cases(seed: number): Iterable<Case>;
}

export interface Case {
  readonly id: CaseId;
  /** Hash of everything that is run and demanded: two cases with the same are the same. */
  readonly content: string;
  readonly variant: string;
  /** What runs on the backend, for gaps and for saving what hangs; null: nothing does, or the law decides. */
  readonly sample: Sample | null;
  /** Of a random program: what of the table it has in it, and how many were drawn in vain before it. */
  readonly drawn?: Drawn;
  /** The error in a rule of the reference that kept the case from being made: no other backend has a part in it. */
  readonly unmade?: Error;
  check(bench: Bench): Promise<Judgement>;
  /** Looks for smaller evidence of the same kind until the deadline (a `Date.now()`). */
  shrink?(bench: Bench, evidence: Evidence, deadline: number): Promise<Evidence>;
}

export const unitKey = (subject: string, dtype: DType, how: string): string => `${subject}/${shortName(dtype)}/${how}`;

/** A hash of what is given: text, programs with their inputs. */
export function contentHash(...parts: readonly (string | Sample)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    if (typeof part === 'string') hash.update(part);
    else {
      hash.update(printDocument(toDocument(part.jaxpr, { constants: true })));
      for (const { data } of part.inputs) hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    hash.update('\n');
  }
  return hash.digest('hex');
}

/** A case with its number in its unit. Not new: its content has been there before. */
export interface NumberedCase {
  readonly one: Case;
  readonly index: number;
  readonly isNew: boolean;
}

/** The cases of a unit, each id standing for one content. */
export function* casesOf(unit: Unit, seed: number): Generator<NumberedCase> {
  const contents = new Map<CaseId, string>();
  const seen = new Set<string>();
  let index = 0;
  for (const made of unit.cases(seed)) {
    const { content } = made;
    const taken = (contents.get(made.id) ?? content) !== content; // two contents, one short hash
    const one = taken ? { ...made, id: `${made.id}${content.slice(4, 12)}` } : made;
    contents.set(one.id, content);
    yield { one, index: index++, isNew: !seen.has(content) };
    seen.add(content);
  }
}

/** `reduce_sum/f32/vmap.vjp/odd/3f9c`. */
export const caseId = (key: string, variant: string, content: string): CaseId =>
  `${key}/${variant}/${content.slice(0, 4)}`;

/** A case of a law on a program. `name` seeds what the law draws. */
export function lawCase(
  key: string,
  variant: string,
  law: Law,
  sample: Sample,
  seed: readonly (string | number)[],
): Case {
  const random = (): RandomStream => new RandomStream(...seed, law.name);
  const program = law.program(sample, random());
  const content = contentHash(key, law.name, program);
  return {
    id: caseId(key, variant, content),
    content,
    variant,
    sample: program,
    check: (bench) => law.check(bench, sample, random()),
  };
}

/** The case that `make` gives; null where a transformation has nothing to do. What a rule throws is the case's failure. */
export function attempted(
  key: string,
  variant: string,
  seed: readonly (string | number)[],
  make: () => Case,
): Case | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof NotApplicable) return null;
    const unmade = error instanceof Error ? error : new Error(String(error));
    const content = contentHash(key, variant, ...seed.map(String));
    const check = async (): Promise<Judgement> => unjudged(unmade, null);
    return { id: caseId(key, variant, content), content, variant, sample: null, unmade, check };
  }
}
