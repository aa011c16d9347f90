/**
 * Markdown on a terminal: headings, emphasis, code and links get colours instead of their marks. Without colours the
 * text stays Markdown, which reads well as it is.
 */
import type { Paint } from '../report/terminal.ts';

/** Comments and anchors are for other readers. */
export const withoutMarkup = (markdown: string): string =>
  markdown.replace(/<!--[\s\S]*?-->/g, '').replace(/<a [^>]*>(.*?)<\/a>/g, '$1');

export function renderMarkdown(markdown: string, paint: Paint, colour: boolean): string {
  const clean = withoutMarkup(markdown);
  if (!colour) return clean;
  let inCode = false;
  const lines: string[] = [];
  for (const line of clean.split('\n')) {
    if (/^\s*(`{3,}|~{3,})/.test(line)) inCode = !inCode;
    else lines.push(inCode ? codeLine(line, paint) : textLine(line, paint));
  }
  return lines.join('\n');
}

function codeLine(line: string, paint: Paint): string {
  const [, code = '', comment = ''] = /^(.*?)(\/\/ (?:=>|throws|because).*)?$/.exec(line) ?? [];
  return `    ${paint('cyan', code)}${paint('green', comment)}`;
}

function textLine(line: string, paint: Paint): string {
  const heading = /^(#{1,6})\s+(.*)$/.exec(line);
  if (heading !== null)
    return paint(heading[1]!.length <= 2 ? ['bold', 'underline'] : 'bold', heading[2]!.replaceAll('`', ''));
  if (/^\s*\|[\s|:-]+\|\s*$/.test(line)) return paint('dim', line);
  return inline(line, paint);
}

/** Code first: nothing inside it is emphasis. */
const inline = (line: string, paint: Paint): string =>
  line
    .split(/(`[^`]+`)/)
    .map((part) => (part.startsWith('`') && part.length > 2 ? paint('cyan', part.slice(1, -1)) : emphasis(part, paint)))
    .join('');

const emphasis = (text: string, paint: Paint): string =>
  text
    .replace(/\*\*([^*]+)\*\*/g, (_, bold: string) => paint('bold', bold))
    .replace(/(?<![\w])_([^_]+)_(?![\w])/g, (_, italic: string) => paint('italic', italic))
    .replace(
      /\[([^\]]+)\]\(([^)]+)\)/g,
      (_, label: string, target: string) => `${label} (${paint('underline', target)})`,
    );
