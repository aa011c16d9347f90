/**
 * HTML by template: whatever is put into one is text and gets escaped, unless it is markup itself.
 */
export interface Markup {
  readonly markup: string;
}

type Part = Markup | string | number | readonly (Markup | string)[];

/** `` html`<p>${text}</p>` `` */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return { markup: strings.map((s, i) => (i === 0 ? s : written(parts[i - 1]!) + s)).join('') };
}

function written(part: Part): string {
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  return 'markup' in part ? part.markup : part.map(written).join('');
}

/** For elements and for quoted attributes. */
export const escapeHtml = (text: string): string =>
  text.toWellFormed().replace(/[&<>"'`\0]/g, (c) => (c === '\0' ? '\ufffd' : `&#${c.charCodeAt(0)};`));

/** JSON for a `<script type="application/json">`: no text in it can end the element or open a comment. */
export const jsonMarkup = (value: unknown): Markup => ({
  markup: JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  ),
});
