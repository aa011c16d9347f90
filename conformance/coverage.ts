/** What of the table the random programs of a run have met, where they were answered. */
import { dtypeOfShort } from '../reference/core/dtypes.ts';
import { cellsToMeet } from './programs/random.ts';
import type { CaseResult, Coverage, MetCell } from './types.ts';

export class CoverageCount {
  #programs = 0;
  #rejected = 0;
  readonly #cells = new Cells();

  add({ drawn, transformation }: CaseResult): void {
    if (drawn === undefined) return;
    this.#programs++;
    this.#rejected += drawn.rejected;
    for (const name of drawn.met) {
      const [primitive, dtype, shapeClass] = name.split('/') as [string, string, string];
      this.#cells.add({ primitive, dtype: dtypeOfShort(dtype)!, transformation, classes: [[shapeClass, 1]] });
    }
  }

  result(): Coverage {
    return { programs: this.#programs, rejected: this.#rejected, ...this.#cells.result() };
  }
}

/** The coverage of all shards together. */
export function mergedCoverage(parts: readonly Coverage[]): Coverage {
  const cells = new Cells();
  for (const cell of parts.flatMap((part) => part.met)) cells.add(cell);
  const sum = (of: (part: Coverage) => number): number => parts.reduce((n, part) => n + of(part), 0);
  return { programs: sum((p) => p.programs), rejected: sum((p) => p.rejected), ...cells.result() };
}

/** How often every shape class of every cell was met. */
class Cells {
  readonly #met = new Map<string, { readonly cell: MetCell; readonly classes: Map<string, number> }>();

  add(cell: MetCell): void {
    const key = `${cell.primitive}/${cell.dtype}/${cell.transformation}`;
    const known = this.#met.get(key) ?? { cell, classes: new Map<string, number>() };
    this.#met.set(key, known);
    for (const [name, times] of cell.classes) known.classes.set(name, (known.classes.get(name) ?? 0) + times);
  }

  result(): Pick<Coverage, 'cells' | 'met'> {
    const met = [...this.#met]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { cell, classes }]) => ({ ...cell, classes: [...classes].sort(([a], [b]) => (a < b ? -1 : 1)) }));
    return { cells: { met: met.reduce((n, { classes }) => n + classes.length, 0), of: cellsToMeet() }, met };
  }
}
