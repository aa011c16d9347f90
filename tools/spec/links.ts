/** Links between pages, and what code and pages name as `spec/page.md#anchor`: whether they lead anywhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { sectionsOf } from '../../conformance/cli/sections.ts';
import type { Page } from './pages.ts';

export interface Links {
  readonly links: number;
  readonly problems: string[];
}

/** Markdown links of the pages, relative ones. */
export function checkLinks(pages: readonly Page[], root: string): Links {
  const anchors = anchorsByPage(pages);
  const problems: string[] = [];
  let links = 0;
  for (const { path, text } of pages) {
    for (const [, target] of withoutCode(text).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      links++;
      const [file, anchor] = target!.split('#');
      const to = file === '' ? path : posix.join(posix.dirname(path), file!);
      if (!existsSync(join(root, to))) problems.push(`${path}: the link ${target} leads to no file`);
      else if (anchor !== undefined && anchors.get(to)?.has(anchor) !== true) {
        problems.push(`${path}: the link ${target} leads to no heading`);
      }
    }
  }
  return { links, problems };
}

const folders = ['reference', 'backends', 'conformance', 'spec'];

/** `spec/page.md` and `spec/page.md#anchor` in the text of sources and pages: comments, messages, prose. */
export function checkMentions(pages: readonly Page[], root: string): Links {
  const anchors = anchorsByPage(pages);
  const problems: string[] = [];
  let links = 0;
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(ts|md)$/.test(path) && !path.endsWith('.test.ts'))
      .map((path) => `${folder}/${path}`),
  );
  for (const file of files) {
    for (const [mention, page, anchor] of readFileSync(join(root, file), 'utf8').matchAll(
      /\b(spec\/[\w/-]+\.md)(?:#([\w-]+))?/g,
    )) {
      links++;
      const known = anchors.get(page!);
      if (known === undefined || (anchor !== undefined && !known.has(anchor)))
        problems.push(`${file}: there is no ${mention}`);
    }
  }
  return { links, problems };
}

const anchorsByPage = (pages: readonly Page[]): Map<string, Set<string>> =>
  new Map(pages.map((page) => [page.path, anchorsOf(page)]));

const withoutCode = (text: string): string => text.replace(/^(`{3,})[^]*?^\1$/gm, '').replace(/`[^`\n]*`/g, '');

const anchorsOf = ({ path, text }: Page): Set<string> =>
  new Set([
    ...sectionsOf(path, text).map((s) => s.anchor),
    ...[...text.matchAll(/<a id="([^"]+)">/g)].map((m) => m[1]!),
  ]);
