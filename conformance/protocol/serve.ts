/** Answering programs by the protocol (spec/protocol.md): what `etalon serve` does. */
import type { Bench } from '../bench.ts';
import { answered, readyOf } from './answer.ts';
import { Lines } from './lines.ts';
import { type Answer, messageProblem, type Request } from './messages.ts';

/** Reads requests until there are no more, or one says stop. Whatever comes is answered: nothing ends it but the end. */
export async function serve(
  bench: Bench,
  requests: AsyncIterable<Buffer>,
  write: (line: string) => void,
): Promise<void> {
  const say = (answer: Answer): void => write(`${JSON.stringify(answer)}\n`);
  const lines = new Lines();
  for await (const bytes of requests) {
    for (const line of lines.push(bytes)) {
      if (line.trim() === '') continue;
      const request = requestOf(line);
      if (typeof request === 'string') say({ type: 'error', id: null, message: request });
      else if (request.type === 'stop') return;
      else say(request.type === 'start' ? readyOf(bench) : await answered(bench, request));
    }
  }
}

/** The request on a line, or what is wrong with the line. */
function requestOf(line: string): Request | string {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch (error) {
    return `a line is not JSON: ${(error as Error).message}`;
  }
  return messageProblem(message, 'request') ?? (message as Request);
}
