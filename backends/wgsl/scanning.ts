/**
 * Kernels for everything up to a place: by one invocation per row, or, on GPUs, by a workgroup that goes along it. A few
 * long rows are split: the states of the parts are scanned first, and each part begins with that of those before it.
 */
import type { Builder } from './compile/builder.ts';
import type { Code } from './compile/statements.ts';
import { Index } from './compile/index-space.ts';
import type { Making } from './compile/making.ts';
import type { Input } from './compile/node.ts';
import { registerOf } from './compile/types.ts';
import {
  accumulate,
  byOne,
  byTree,
  LONGEST_CHAIN,
  partsFor,
  type Source,
  variables,
  WORTHWHILE,
  partOf,
} from './folding.ts';
import type { Monoid, State } from './monoids.ts';

/** Invocations of a workgroup that goes along a row. */
const SIZE = 256;

/** Takes the state of row r up to place j, that one included. */
type Write = (k: Builder, r: Code, j: Code, state: State) => void;

/** Scans rows, of which each state is one number, not four. */
export function scan(making: Making, monoid: Monoid, source: Source, write: Write): void {
  const { count, length } = source;
  const { cpu } = making.target;
  const byWorkgroup = !cpu && source.isContiguous && length > WORTHWHILE;
  const invocations = byWorkgroup ? SIZE : 1;
  const parts = partsFor(making, source, invocations);
  const scanParts = byWorkgroup ? scanByWorkgroup : scanByOne;
  if (parts === 1) {
    scanParts(making, monoid, source, 1, null, write);
    return;
  }
  const states = (): Input[] => monoid.state.map((dtype) => making.temporary({ shape: [parts, count], dtype }));
  const at = (k: Builder, r: Code, part: Code): Code => k.let('u32', `${part} * ${count}u + ${r}`);
  const store = (k: Builder, to: readonly Input[], place: Code, state: State): void =>
    to.forEach((node, i) => k.store(node, place, state[i]!));
  const [own, before] = [states(), states()];
  const combine = byWorkgroup ? byTree(SIZE) : byOne;
  combine(making, monoid, source, parts, (k, r, part, state) => store(k, own, at(k, r, part), state));
  const totals: Source = {
    count,
    length: parts,
    lanes: 1,
    isContiguous: count === 1,
    state: (k, r, j) => own.map((node) => k.element(node, Index.flat(node.type.shape, at(k, r, j)))),
  };
  scan(making, monoid, totals, (k, r, part, state) => store(k, before, at(k, r, part), state));
  scanParts(making, monoid, source, parts, before, write);
}

type ScanParts = (
  making: Making,
  monoid: Monoid,
  source: Source,
  parts: number,
  /** The states of all parts up to each. */
  before: readonly Input[] | null,
  write: Write,
) => void;

/** The state that a part begins with, in variables. */
function begun(k: Builder, monoid: Monoid, count: number, r: Code, part: Code, before: readonly Input[] | null): State {
  const state = variables(k, monoid);
  if (before === null) return state;
  k.block(`if (${part} > 0u)`, () => {
    const at = k.let('u32', `(${part} - 1u) * ${count}u + ${r}`);
    before.forEach((node, i) => k.line(`${state[i]} = ${k.element(node, Index.flat(node.type.shape, at))};`));
  });
  return state;
}

/** One invocation per part, which it goes along in blocks, as a long chain of roundings would be beyond the bound of sums. */
const scanByOne: ScanParts = (making, monoid, source, parts, before, write) => {
  const { count, length } = source;
  const each = Math.ceil(length / parts);
  making.each(count * parts, (k, i) => {
    const { r, part, from, to } = partOf(k, i, parts, source);
    const state = begun(k, monoid, count, r, part, before);
    if (each <= LONGEST_CHAIN) {
      k.loop(from, to, '1u', (j) => {
        accumulate(k, monoid, state, source.state(k, r, j));
        write(
          k,
          r,
          j,
          state.map((code) => k.read(code)),
        );
      });
      return;
    }
    const block = Math.ceil(Math.sqrt(each));
    k.loop(from, to, `${block}u`, (start) => {
      const own = variables(k, monoid);
      const earlier = state.map((code) => k.read(code));
      const both = (): State =>
        named(
          k,
          monoid,
          monoid.combine(
            k,
            earlier,
            own.map((code) => k.read(code)),
          ),
        );
      k.loop(start, k.let('u32', `min(${start} + ${block}u, ${to})`), '1u', (j) => {
        accumulate(k, monoid, own, source.state(k, r, j));
        write(k, r, j, both());
      });
      both().forEach((code, s) => k.line(`${state[s]} = ${code};`));
    });
  });
};

const named = (k: Builder, monoid: Monoid, state: State): State =>
  state.map((code, i) => k.let(registerOf(monoid.state[i]!), code));

/** One workgroup per part: the states of as many elements as it has invocations in log₂ steps (Hillis and Steele, 1986). */
const scanByWorkgroup: ScanParts = (making, monoid, source, parts, before, write) => {
  const { count, length } = source;
  const each = Math.ceil(length / parts);
  making.workgroups(count * parts, SIZE, (k) =>
    k.block(`if (workgroup < ${count * parts}u)`, () => {
      const [r, part] = [k.let('u32', `workgroup % ${count}u`), k.let('u32', `workgroup / ${count}u`)];
      const from = k.let('u32', `${part} * ${each}u`);
      const to = k.let('u32', `min(${from} + ${each}u, ${length}u)`);
      const state = begun(k, monoid, count, r, part, before);
      const shared = monoid.state.map((dtype) => k.shared(registerOf(dtype), SIZE));
      const at = (i: Code): State => shared.map((name) => k.read(`${name}[${i}]`));
      k.loop(from, to, `${SIZE}u`, (start) => {
        const j = k.let('u32', `${start} + local`);
        const own = variables(k, monoid);
        k.block(`if (${j} < ${to})`, () => source.state(k, r, j).forEach((code, s) => k.line(`${own[s]} = ${code};`)));
        const put = (): void => own.forEach((code, s) => k.line(`${shared[s]}[local] = ${code};`));
        put();
        k.line('workgroupBarrier();');
        k.block(`for (var apart = 1u; apart < ${SIZE}u; apart = apart << 1u)`, () => {
          k.block('if (local >= apart)', () => {
            const now = own.map((code) => k.read(code));
            monoid.combine(k, at('local - apart'), now).forEach((code, s) => k.line(`${own[s]} = ${code};`));
          });
          k.line('workgroupBarrier();');
          put();
          k.line('workgroupBarrier();');
        });
        const earlier = state.map((code) => k.read(code));
        k.block(`if (${j} < ${to})`, () =>
          write(
            k,
            r,
            j,
            named(
              k,
              monoid,
              monoid.combine(
                k,
                earlier,
                own.map((code) => k.read(code)),
              ),
            ),
          ),
        );
        accumulate(k, monoid, state, at(`${SIZE - 1}u`));
        k.line('workgroupBarrier();');
      });
    }),
  );
};
