/** What a session keeps for later, on a device that only pretends: its bounds, and that nothing goes while it is used. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { pretendedDevice } from '../../../conformance/testing/wgsl.ts';
import type { KernelStep } from '../compile/plan.ts';
import { Batches } from './batches.ts';
import { Commands, MOST_BIND_GROUPS, MOST_UNIFORMS } from './commands.ts';
import { FOR_KERNELS, Memory } from './memory.ts';
import { MOST_PIPELINES, Pipelines } from './pipelines.ts';

const owner = { label: 'a test', source: null };
const checked = (): void => {};
const unwatched = { checked, destroying: (): void => {} };

test('buffers of a size class stay below the largest that kernels can use', () => {
  const limits = fc.record({
    maxBufferSize: fc.integer({ min: 2 ** 20, max: 2 ** 33 }),
    maxStorageBufferBindingSize: fc.integer({ min: 2 ** 20, max: 2 ** 32 }),
  });
  fc.assert(
    fc.property(limits, fc.double({ min: 0, max: 1, noNaN: true }), (own, share) => {
      const largest = Math.min(own.maxBufferSize, own.maxStorageBufferBindingSize);
      const bytes = Math.max(16, Math.floor((share * largest) / 16) * 16);
      const memory = new Memory(pretendedDevice({ limits: own }), FOR_KERNELS, unwatched);
      const { bytes: size } = memory.acquire(bytes, owner);
      expect(size).toBeGreaterThanOrEqual(bytes);
      expect(size).toBeLessThanOrEqual(largest);
      expect(size).toBeLessThanOrEqual(Math.max(bytes + 64, 1.25 * bytes));
    }),
  );
});

test('what memory counts is what is there', () => {
  const action = fc.record({ bytes: fc.integer({ min: 1, max: 2 ** 28 }), frees: fc.boolean() });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const memory = new Memory(pretendedDevice(), FOR_KERNELS, unwatched);
      const used: ReturnType<Memory['acquire']>[] = [];
      for (const { bytes, frees } of actions) {
        if (frees && used.length > 0) memory.release(used.shift()!);
        else used.push(memory.acquire(bytes, owner));
        expect(new Set(used).size).toBe(used.length);
        expect(memory.allocated - memory.kept).toBe(used.reduce((sum, storage) => sum + storage.bytes, 0));
        expect(memory.kept).toBeLessThanOrEqual(FOR_KERNELS.kept);
      }
      memory.trim();
      expect([memory.kept, memory.buffers]).toEqual([0, used.length]);
    }),
  );
});

test('of 1,000 kernels the last 512 are kept', () => {
  const pipelines = new Pipelines(pretendedDevice(), checked);
  const oldest = pipelines.of('0', owner);
  for (let i = 1; i < 1000; i++) {
    pipelines.of(String(i), owner);
    expect(pipelines.of('0', owner)).toBe(oldest); // used again and again, so it stays
    expect(pipelines.size).toBe(Math.min(i + 1, MOST_PIPELINES));
  }
  expect(MOST_PIPELINES).toBe(512);
  expect(pipelines.of('1', owner).id).toBe(1000);
});

test('bind groups and numbers for kernels are bounded, and given back after the commands that use them', () => {
  const done: string[] = [];
  const device = pretendedDevice({ done });
  const commands = new Commands(device, new Batches(device), new Memory(device, FOR_KERNELS, unwatched));
  const memory = new Memory(device, FOR_KERNELS, unwatched);
  const pipeline = new Pipelines(device, checked).of('', owner);
  const storage = memory.acquire(64, owner);
  const dispatch = (literals: readonly number[], storages = [storage]): void => {
    const step: KernelStep = { ...owner, kind: 'kernel', code: '', bindings: [], literals: Uint32Array.from(literals), workgroups: [1, 1, 1] }; // prettier-ignore
    commands.dispatch(pipeline, storages, step);
  };
  for (let n = 0; n <= MOST_UNIFORMS; n++) {
    if (n === MOST_UNIFORMS) expect(done).not.toContain('destroyed a buffer');
    dispatch([n]);
    expect(commands.size.uniforms).toBe((n % MOST_UNIFORMS) + 1);
  }
  expect(done.slice(done.indexOf('destroyed a buffer') - 1, done.indexOf('destroyed a buffer'))).toEqual(['submitted commands']); // prettier-ignore
  for (let n = 0; n < 5000; n++) {
    dispatch([], [memory.acquire(64, owner)]);
    expect(commands.size.groups).toBeLessThanOrEqual(MOST_BIND_GROUPS);
  }
});

test('a buffer ceases to exist after the commands that use it', () => {
  const done: string[] = [];
  const device = pretendedDevice({ done });
  const commands = new Commands(device, new Batches(device), new Memory(device, FOR_KERNELS, unwatched));
  const memory = new Memory(device, FOR_KERNELS, { checked, destroying: (storage) => commands.forget(storage) });
  const storage = memory.acquire(64, owner);
  const pipeline = new Pipelines(device, checked).of('', owner);
  const step: KernelStep = { ...owner, kind: 'kernel', code: '', bindings: [], literals: new Uint32Array(), workgroups: [1, 1, 1] }; // prettier-ignore
  commands.dispatch(pipeline, [storage], step);
  memory.release(storage);
  expect(done).toEqual([]);
  memory.trim();
  expect(done).toEqual(['submitted commands', 'destroyed a buffer']);
});
