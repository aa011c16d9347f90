/**
 * The script of the HTML report, as a function that is written into the page. It runs in the browser: it stands alone,
 * and puts data into the page as text only.
 */

/** What the page knows beyond what it shows at first. */
export interface PageData {
  readonly cells: readonly PageCell[];
  /** By the names of primitives, and of laws. */
  readonly primitives: Readonly<Record<string, Clause>>;
  readonly laws: Readonly<Record<string, Clause>>;
}

/** A section of the specification: where it is, relative to the page, and its words, in Markdown. */
export interface Clause {
  readonly place: string;
  readonly href: string;
  readonly words: string;
}

export interface PageCell {
  /** `add/f32/vmap`. */
  readonly name: string;
  readonly primitive: string;
  readonly status: string;
  /** `12 ok, 1 wrong, 3 gaps`. */
  readonly counts: string;
  /** What ran: `scalar 4, odd 4` of a law. */
  readonly cases: readonly { readonly law: string; readonly classes: string }[];
  /** The command that runs them again. */
  readonly check: string;
  readonly reasons: readonly string[];
  readonly accuracy: readonly string[];
  readonly failures: readonly PageFailure[];
}

export interface PageFailure {
  readonly id: string;
  readonly law: string;
  readonly message: string;
  readonly compared: string;
  readonly command: string;
}

export function pageScript(): void {
  const { cells, primitives, laws } = JSON.parse(document.getElementById('data')!.textContent) as PageData;
  const panel = document.getElementById('panel')!;
  const content = document.getElementById('panel-content')!;
  const squares = [...document.querySelectorAll<HTMLElement>('.matrix [data-cell]')];
  const cellOf = (square: HTMLElement): PageCell => cells[Number(square.dataset['cell'])]!;
  document.documentElement.classList.add('scripted');

  function make(tag: string, text: string, className: string = ''): HTMLElement {
    const element = document.createElement(tag);
    element.textContent = text;
    element.className = className;
    return element;
  }

  function addCopyButton(line: HTMLElement): void {
    const button = make('button', 'copy');
    button.addEventListener('click', () => {
      const text = line.querySelector('code')!.textContent;
      void navigator.clipboard?.writeText(text).then(() => (button.textContent = 'copied'));
    });
    line.append(button);
  }

  function command(text: string): HTMLElement {
    const line = make('div', '', 'command');
    line.append(make('code', text));
    addCopyButton(line);
    return line;
  }

  function section(title: string, texts: readonly string[]): HTMLElement[] {
    if (texts.length === 0) return [];
    const list = make('ul', '');
    list.append(...texts.map((text) => make('li', text)));
    return [make('h3', title), list];
  }

  function failure(f: PageFailure): HTMLElement {
    const block = make('div', '', 'failure');
    block.append(
      make('div', f.id, 'mono'),
      make('div', f.message),
      make('div', f.compared, 'mono'),
      make('div', `law ${f.law}`, 'soft'),
      command(f.command),
    );
    return block;
  }

  /** The smallest proof, and the others folded. */
  function failures([first, ...others]: readonly PageFailure[]): HTMLElement[] {
    if (first === undefined) return [];
    const more = make('details', '');
    more.append(make('summary', `${others.length} more`), ...others.map(failure));
    return [make('h3', 'Failures'), failure(first), ...(others.length > 0 ? [more] : [])];
  }

  function cases(cell: PageCell): HTMLElement[] {
    const texts = cell.cases.map(({ law, classes }) => `${law}: ${classes}`);
    return [...section('Cases, by law and shape class', texts), command(cell.check)];
  }

  /** Folded unless it is what the cell is about. */
  function clause(title: string, { place, href, words }: Clause, isOpen: boolean): HTMLElement {
    const details = make('details', '', 'clause') as HTMLDetailsElement;
    details.open = isOpen;
    const link = make('a', place) as HTMLAnchorElement;
    link.href = href;
    details.append(make('summary', title), link, make('pre', words));
    return details;
  }

  function specification({ primitive, cases: ran, failures: all }: PageCell): HTMLElement[] {
    const own = primitives[primitive];
    const broken = new Set(all.map((f) => f.law));
    const asked = ran.flatMap(({ law }) => (laws[law] === undefined ? [] : [{ law, quoted: laws[law] }]));
    return [
      make('h3', 'Specification'),
      ...(own === undefined ? [] : [clause(primitive, own, true)]),
      ...asked.map(({ law, quoted }) => clause(`law ${law}`, quoted, broken.has(law))),
      command(`npx etalon explain ${primitive}`),
    ];
  }

  function show(square: HTMLElement): void {
    const cell = cellOf(square);
    for (const other of squares) other.classList.toggle('open', other === square);
    const state = make('p', '');
    state.append(make('span', cell.status, `badge ${cell.status}`), ` ${cell.counts}`);
    content.replaceChildren(
      make('h2', cell.name),
      state,
      ...failures(cell.failures),
      ...section('Why cases are gaps', cell.reasons),
      ...cases(cell),
      ...section('Measured, over the primitive in this dtype', cell.accuracy),
      ...specification(cell),
    );
    panel.hidden = false;
    panel.scrollTop = 0;
    history.replaceState(null, '', `#cell=${encodeURIComponent(cell.name)}`);
  }

  function hide(): void {
    panel.hidden = true;
    for (const square of squares) square.classList.remove('open');
    history.replaceState(null, '', '#matrix');
  }

  /** Cells that match every word stay; rows without one are hidden. */
  function filter(text: string): void {
    const words = text
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    let matching = 0;
    const alive = new Set<Element | null>();
    for (const square of squares) {
      const cell = cellOf(square);
      const known = `${cell.name} ${cell.status} ${cell.reasons.join(' ')}`.toLowerCase();
      const matches = words.every((word) => known.includes(word));
      square.classList.toggle('faded', !matches);
      if (!matches) continue;
      matching++;
      alive.add(square.closest('tr'));
    }
    for (const row of document.querySelectorAll<HTMLElement>('.matrix tbody tr')) row.hidden = !alive.has(row);
    document.getElementById('matching')!.textContent =
      `${matching.toLocaleString('en-US')} of ${squares.length.toLocaleString('en-US')} cells`;
  }

  /** One square is in the tab order; the arrow keys move it. */
  function move(from: HTMLElement, key: string): void {
    const row = from.closest('tr')!;
    const place = [...row.children].indexOf(from.parentElement!);
    const visible = squares.filter((s) => !s.closest('tr')!.hidden);
    const inLine =
      key === 'ArrowLeft' || key === 'ArrowRight'
        ? visible.filter((s) => s.closest('tr') === row)
        : visible.filter((s) => s.closest('tr')!.children[place] === s.parentElement);
    const next = inLine[inLine.indexOf(from) + (key === 'ArrowLeft' || key === 'ArrowUp' ? -1 : 1)];
    if (next === undefined) return;
    from.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  for (const square of squares) {
    square.tabIndex = -1;
    square.addEventListener('click', () => show(square));
    square.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' || event.key === ' ') show(square);
      else if (event.key.startsWith('Arrow')) move(square, event.key);
      else return;
      event.preventDefault();
    });
  }
  if (squares[0] !== undefined) squares[0].tabIndex = 0;
  for (const line of document.querySelectorAll<HTMLElement>('main .command')) addCopyButton(line);
  document.getElementById('close')!.addEventListener('click', hide);
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !panel.hidden) hide();
  });
  const box = document.getElementById('filter') as HTMLInputElement;
  box.addEventListener('input', () => filter(box.value));
  filter(box.value);
  /** What the address asks for: `#cell=add%2Ff32%2Feval`. */
  function follow(): void {
    const asked = /^#cell=(.*)$/.exec(location.hash)?.[1];
    const square = squares.find((s) => encodeURIComponent(cellOf(s).name) === asked);
    if (square === undefined) return;
    show(square);
    square.scrollIntoView({ block: 'center' });
  }
  addEventListener('hashchange', follow);
  follow();
}
