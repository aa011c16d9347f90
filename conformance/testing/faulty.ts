/** Backend files that wrap the reference and get one thing wrong, as a user would write them outside of the project. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What each fault does instead of the reference: the body of `(primitive, operands, params) => results`. */
export const FAULTS = {
  'max-drops-nan': `
    const results = evaluate();
    if (primitive.name !== 'max') return results;
    const [x, y] = operands.map((operand) => operand.data);
    const data = results[0].data.map((v, i) => (Number.isNaN(x[i]) ? y[i] : Number.isNaN(y[i]) ? x[i] : v));
    return [{ ...results[0], data }];`,
  'reduce_sum-forgets-the-last': `
    const [x] = operands;
    const axis = params.axes?.[0];
    if (primitive.name !== 'reduce_sum' || axis === undefined || x.shape[axis] % 2 === 0 || x.shape[axis] === 1) return evaluate();
    const limit_indices = x.shape.map((n, d) => (d === axis ? n - 1 : n));
    const slice = { start_indices: x.shape.map(() => 0), limit_indices, strides: x.shape.map(() => 1) };
    return primitive.evaluate(primitives.slice.evaluate([x], slice), params);`,
  'dot_general-swaps-batch-dimensions': `
    if (primitive.name !== 'dot_general') return evaluate();
    const [contracting, [left, right]] = params.dimension_numbers;
    const swapped = right.toReversed();
    const fits = right.length > 1 && right.every((d, i) => operands[1].shape[d] === operands[1].shape[swapped[i]]);
    if (!fits) return evaluate();
    return primitive.evaluate(operands, { ...params, dimension_numbers: [contracting, [left, swapped]] });`,
  'integer-mul-through-doubles': `
    const results = evaluate();
    if (primitive.name !== 'mul' || !/int/.test(results[0].dtype)) return results;
    return [{ ...results[0], data: results[0].data.map((_, i) => operands[0].data[i] * operands[1].data[i]) }];`,
  'crashes-in-sin': `
    if (primitive.name === 'sin') process.kill(process.pid, 'SIGKILL');
    return evaluate();`,
} as const;

const source = (
  name: string,
  fault: string,
): string => `import { defineBackend, interpret, primitiveNamed, primitives } from 'etalon';

function apply(primitive, operands, params) {
  const evaluate = () => primitive.evaluate(operands, params);${fault}
}

const kernels = {
  apply,
  primitiveNamed,
  put: (value) => ({ ...value }),
  read: (value) => value,
  clone: (value) => ({ ...value }),
  free: () => {},
  avalOf: ({ shape, dtype }) => ({ shape, dtype, weak: false }),
};

export default defineBackend({
  name: '${name}',
  profile: 'strict',
  capabilities: { syncRead: true },
  supports: () => true,
  open: async () => ({
    devices: [{ id: 0, description: 'the reference with a fault' }],
    compile: interpret(kernels),
    put: kernels.put,
    read: async (value) => value,
    readSync: (value) => value,
    free: () => {},
    live: () => ({ buffers: 0, bytes: 0 }),
    close: () => {},
  }),
});
`;

/** A new folder with the backend's file `backend.mjs` in it. */
export function faultyBackend(name: keyof typeof FAULTS): { readonly folder: string; readonly file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'etalon-faulty-'));
  writeFileSync(join(folder, 'backend.mjs'), source(name, FAULTS[name]));
  return { folder, file: './backend.mjs' };
}
