/** Process-wide switches. */

const environment: Readonly<Record<string, string | undefined>> = typeof process === 'undefined' ? {} : process.env;
const truthy = (value: string | undefined): boolean =>
  value !== undefined && !['', '0', 'false'].includes(value.toLowerCase());

interface Config {
  /** 64-bit mode: JavaScript numbers become float64. Explicit dtypes are honoured in either mode. */
  x64: boolean;
}

const settings: Config = { x64: truthy(environment['ETALON_ENABLE_X64']) };

export const x64Enabled = (): boolean => settings.x64;

/**
 * Switches 64-bit mode on or off for arrays made from now on (ETALON_ENABLE_X64=1 does it for a process).
 * @example
 * enableX64(true);
 * np.array([1]).dtype; // 'float64'
 */
export function enableX64(on: boolean = true): void {
  settings.x64 = on;
}

/** A switch of the environment: `NAME=1`. */
export const environmentSwitch = (name: string): boolean => truthy(environment[name]);

/** An environment variable, where there is an environment. */
export const environmentVariable = (name: string): string | undefined => environment[name];
