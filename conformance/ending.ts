/** How a process in which a backend runs has ended, in words. */

/** Loading a backend may take this long, however short the limit for what it does then is. */
export const START_SECONDS = 60;

/** How much of what a process wrote to stderr is kept. */
const STDERR_CHARACTERS = 2000;

/** The end of what a process writes to stderr. */
export class LastWords {
  text = '';

  add(bytes: Buffer): void {
    this.text = (this.text + bytes.toString()).slice(-STDERR_CHARACTERS);
  }

  /** `the process ended with exit code 1: Error: no memory`, in one line: a trace of calls is left out. */
  ending(code: number | null, signal: NodeJS.Signals | null, where: string = ''): string {
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    const lines = this.text.split('\n').filter((line) => line.trim() !== '');
    const said = (lines.findLast((line) => /^[\w.]*(?:Error|Exception)\b/.test(line)) ?? lines.at(-1) ?? '').trim();
    return `the process ended${where} with ${how}${said === '' ? '' : `: ${said}`}`;
  }

  /** A message of one line with everything below it, for whoever has to find out why nothing starts. */
  after(message: string): string {
    const all = this.text.trim();
    return all.includes('\n') ? `${message}\n${all}` : message;
  }
}
