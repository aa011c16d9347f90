import { describe, expect, it } from 'vitest';
import { capture } from '../testing/capture.ts';
import { errorClasses } from '../../tools/spec/index-page.ts';
import { main } from './main.ts';
import { renderMarkdown } from './markdown.ts';
import { allSections, constraintItems, explainable, find, sectionsOf, slug } from './sections.ts';

const page = `# Reductions

## reduce_sum

Sum of \`operand\`.

- <a id="reduce_sum-C1"></a>(C1) every axis is in range,
  whatever the rank.
- (C2) \`axes\` is strictly increasing.

\`\`\`ts
# not a heading
\`\`\`

### Accuracy

Exact.

## reduce_max

Largest.
`;

describe('sections of a page', () => {
  it('end where the next of the same or a higher level begins', () => {
    const sections = sectionsOf('spec/x.md', page);
    expect(sections.map((s) => [s.anchor, s.level])).toEqual([
      ['reductions', 1],
      ['reduce_sum', 2],
      ['accuracy', 3],
      ['reduce_max', 2],
    ]);
    expect(sections[1]!.text).toMatch(/^## reduce_sum[\s\S]*not a heading[\s\S]*Exact\.$/);
    expect(sections[3]!.text).toBe('## reduce_max\n\nLargest.');
  });

  it('hold constraints as list items', () => {
    const items = constraintItems(page);
    expect([...items.keys()]).toEqual(['C1', 'C2']);
    expect(items.get('C1')).toContain('whatever the rank.');
    expect(items.get('C2')).toBe('- (C2) `axes` is strictly increasing.');
  });

  it('have the anchors that GitHub gives', () => {
    expect(['reduce_sum', 'Error bounds', 'jit-is-eager', '`vmap`: in_axes'].map(slug)).toEqual([
      'reduce_sum',
      'error-bounds',
      'jit-is-eager',
      'vmap-in_axes',
    ]);
  });
});

describe('etalon explain', () => {
  it('answers for errors by class and by anchor, for laws and transformations', async () => {
    for (const [word, text] of [
      ['ConcretizationError', 'spec/errors.md#concretization'],
      ['concretization', 'spec/errors.md#concretization'],
      ['spec/errors.md#concretization', 'spec/errors.md#concretization'],
      ['adjoint', 'spec/conformance.md#adjoint'],
      ['vmap', 'spec/transformations/vmap.md#'],
    ] as const) {
      const { io, out } = capture();
      expect(await main(['explain', word], io)).toBe(0);
      expect(out()).toContain(text);
    }
  });

  it('answers for every error', async () => {
    for (const { anchor, name } of errorClasses()) {
      for (const word of [name, `spec/errors.md#${anchor}`]) {
        const { io, out } = capture();
        expect(await main(['explain', word], io)).toBe(0);
        expect(out()).toContain(name);
      }
    }
  });

  it('names what looks alike when there is no such section, and exits with 2', async () => {
    const { io, out, err } = capture();
    expect(await main(['explain', 'ajdoint'], io)).toBe(2);
    expect(out()).toBe('');
    expect(err()).toBe("error: the specification has no section on 'ajdoint'; did you mean adjoint?\n");
  });

  it('finds everything that it suggests', () => {
    expect(allSections().length).toBeGreaterThan(30);
    for (const word of explainable()) expect(find(word), word).not.toBeNull();
  });
});

describe('Markdown on a terminal', () => {
  const paint = (format: unknown, text: string): string => `<${String(format)}>${text}</>`;
  it('turns marks into colours', () => {
    expect(renderMarkdown('## A `b`\n\n**bold** _it_ `co**de` [l](x.md)\n<!-- no -->', paint, true)).toBe(
      '<bold,underline>A b</>\n\n<bold>bold</> <italic>it</> <cyan>co**de</> l (<underline>x.md</>)\n',
    );
    expect(renderMarkdown('```ts\nf(1);\n// => 2\n```', paint, true)).toBe(
      '    <cyan>f(1);</><green></>\n    <cyan></><green>// => 2</>',
    );
  });
  it('stays Markdown without colours', () => {
    expect(renderMarkdown('**bold** <a id="x"></a>`c`<!-- no -->', paint, false)).toBe('**bold** `c`');
  });
});
