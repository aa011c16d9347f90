/**
 * Option values: text to what the commands take, with a message that says what would have been right.
 */
import { randomInt } from 'node:crypto';
import { InvalidArgumentError } from 'commander';
import { UsageError } from '../types.ts';
import type { Io } from './io.ts';

/** `n` and above. */
export const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`It must be a whole number from ${least} on.`);
    return value;
  };

export function positiveSeconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('It must be a number of seconds above 0.');
  return value;
}

export function seed(text: string): number {
  if (text === 'random') return randomInt(2 ** 31);
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value < 2 ** 32)) throw new InvalidArgumentError("It must be a whole number below 2^32, or 'random'.");
  return value;
}

/** Options that may be given several times. */
export const collect = (text: string, before: readonly string[] | undefined): string[] => [...(before ?? []), text];

/** `--cases`, or ETALON_NUM_CASES. @throws UsageError */
export function casesFromEnvironment(io: Io): number | undefined {
  const text = io.env['ETALON_NUM_CASES'];
  if (text === undefined || text === '') return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new UsageError(`ETALON_NUM_CASES must be a whole number from 1 on, got '${text}'`);
  return Number(text);
}

/** What the user wrote, or ETALON_BACKEND. @throws UsageError */
export function backendOr(io: Io, asked: string | undefined): string {
  const name = asked ?? io.env['ETALON_BACKEND'];
  if (name === undefined || name === '') {
    throw new UsageError('which backend? name one, or set ETALON_BACKEND; etalon backends lists the built-in ones');
  }
  return name;
}

/** `2/5`: the second of five parts. */
export function shard(text: string): { readonly index: number; readonly of: number } {
  const [, index, of] = /^([1-9]\d{0,5})\/([1-9]\d{0,5})$/.exec(text)?.map(Number) ?? [];
  if (index === undefined || of === undefined || index > of)
    throw new InvalidArgumentError('It must be a part of the whole, such as 2/5.');
  return { index, of };
}
