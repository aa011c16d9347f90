/** Lines of a stream of bytes, as they become complete. */

/** A line may not be longer: whoever never ends a line must not fill the memory. */
export const LINE_LIMIT: number = 2 ** 29;

export class Lines {
  #parts: Buffer[] = [];
  #length = 0;

  /** The lines that the bytes complete, without their ends. @throws RangeError for a line beyond the limit */
  push(bytes: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      lines.push(Buffer.concat([...this.#parts, bytes.subarray(from, end)]).toString('utf8'));
      this.#parts = [];
      this.#length = 0;
      from = end + 1;
    }
    this.#parts.push(bytes.subarray(from));
    this.#length += bytes.length - from;
    if (this.#length > LINE_LIMIT) throw new RangeError(`a line of more than ${LINE_LIMIT} bytes`);
    return lines;
  }

  /** What has come after the last line's end. */
  get rest(): string {
    return Buffer.concat(this.#parts).toString('utf8');
  }
}
