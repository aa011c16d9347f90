import { expect, test } from 'vitest';
import { located, type PlantedFault } from './located.ts';

test('faults in long programs are found where they were planted, by small proofs', async () => {
  const found: PlantedFault[] = [];
  const proof = await located({ faults: 8, seed: 1, onFault: (one) => found.push(one) });
  expect(found.filter((one) => !one.isRight)).toEqual([]);
  expect(proof).toMatchObject({ right: 8, total: 8 });
  expect(proof.medianEquations).toBeLessThanOrEqual(3);
  expect(new Set(found.map((one) => one.kind)).size).toBeGreaterThan(5);
});

test('the same seed plants the same faults', async () => {
  const places = async (): Promise<unknown[]> => {
    const found: unknown[] = [];
    await located({ faults: 3, seed: 2, equations: 40, onFault: ({ kind, equation, finding }) => found.push([kind, equation, finding]) }); // prettier-ignore
    return found;
  };
  expect(await places()).toEqual(await places());
});
