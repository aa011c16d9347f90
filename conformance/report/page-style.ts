/** The style sheet of the HTML report. */
export const pageStyle: string = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f7f7f5, #16181c);
  --card: light-dark(#ffffff, #1e2127);
  --line: light-dark(#e2e2dd, #31353d);
  --text: light-dark(#1c1e21, #e4e6ea);
  --soft: light-dark(#63676e, #9aa1ac);
  --link: light-dark(#0b5cad, #7cb7ff);
  --answered: light-dark(#cfe9d4, #1f4a2d);
  --answered-text: light-dark(#1a6b32, #7fdc9a);
  --partly: light-dark(#f3e6b3, #4d4113);
  --partly-text: light-dark(#7a5b00, #f0cf5a);
  --gap: light-dark(#e9e9e6, #2b2f36);
  --gap-text: light-dark(#82868c, #858c97);
  --wrong: light-dark(#d92d20, #c2261b);
  --wrong-text: #ffffff;
  --mono: ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace;
}
* { box-sizing: border-box; }
html { scroll-padding-top: 4rem; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif; }
main { max-width: 84rem; margin: 0 auto; padding: 0 1.5rem 4rem; }
header { max-width: 84rem; margin: 0 auto; padding: 2rem 1.5rem 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .4rem; display: flex; gap: .7rem; align-items: center; flex-wrap: wrap; }
h2 { font-size: 1.15rem; margin: 0 0 .8rem; }
h3 { font-size: 1rem; margin: 0 0 .3rem; }
p { margin: .3rem 0; }
a { color: var(--link); }
code, .mono { font-family: var(--mono); font-size: .88em; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.badge { font-size: .8rem; font-weight: 600; padding: .2rem .6rem; border-radius: 1rem; white-space: nowrap; }
.badge.conforms { background: var(--answered); color: var(--answered-text); }
.badge.fails { background: var(--wrong); color: var(--wrong-text); }
.badge.none { background: var(--partly); color: var(--partly-text); }
nav { position: sticky; top: 0; z-index: 5; background: var(--page); border-bottom: 1px solid var(--line); }
nav ul { max-width: 84rem; margin: 0 auto; padding: .55rem 1.5rem; display: flex; gap: 1.4rem; list-style: none; overflow-x: auto; }
nav a { text-decoration: none; white-space: nowrap; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1.1rem 1.3rem 1.3rem; margin-top: 1.2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.list { width: 100%; }
.list th, .list td { text-align: left; vertical-align: top; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); }
.list th { font-weight: 600; color: var(--soft); font-size: .85rem; white-space: nowrap; }
.list .number { text-align: right; white-space: nowrap; }
.list .text { min-width: 6rem; }
.list .mono { overflow-wrap: break-word; }
.list td.mono { white-space: nowrap; }
.scroll { overflow: auto; max-height: 78vh; }
.scroll thead { position: sticky; top: 0; background: var(--card); z-index: 2; }
.bar { width: min(14rem, 22vw); height: .7rem; display: block; margin-top: .45rem; border-radius: .35rem; background: var(--gap); }
.bar .ok { fill: light-dark(#3fa45b, #3f9a59); }
.bar .wrong { fill: var(--wrong); }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: 1rem 0 0; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; overflow-wrap: anywhere; }

.matrix { border-spacing: 0; border-collapse: separate; }
.matrix th { font-weight: 500; font-size: .82rem; text-align: left; }
.matrix tbody th { position: sticky; left: 0; z-index: 1; background: var(--card); font-family: var(--mono); padding: 0 1rem 0 0; white-space: nowrap; }
.matrix .dtype { text-align: center; border-bottom: 2px solid var(--line); padding: 0 .3rem .2rem; }
.matrix .how { writing-mode: vertical-rl; transform: rotate(180deg); padding: .3rem 0; color: var(--soft); white-space: nowrap; }
.matrix td { padding: 1px; }
.matrix .first { padding-left: .8rem; }
.matrix td > span { display: block; width: 1.55rem; height: 1.25rem; line-height: 1.25rem; text-align: center; font-size: .72rem; border-radius: .2rem; }
.scripted .matrix td > span { cursor: pointer; }
.matrix td > span:focus-visible, .matrix td > span.open { outline: 2px solid var(--link); outline-offset: 1px; }
.matrix .faded { opacity: .16; }
.answered { background: var(--answered); color: var(--answered-text); }
.partly { background: var(--partly); color: var(--partly-text); }
.gap { background: var(--gap); color: var(--gap-text); }
.wrong { background: var(--wrong); color: var(--wrong-text); font-weight: 700; }
.key { display: inline-block; min-width: 1.4rem; text-align: center; border-radius: .2rem; margin-right: .35rem; font-size: .8rem; }
.legend { display: flex; gap: 1.2rem; flex-wrap: wrap; align-items: center; margin-bottom: .8rem; font-size: .88rem; }
.filter { display: none; }
.scripted .filter { display: inline-flex; gap: .5rem; align-items: center; margin-left: auto; }
.filter input { font: inherit; color: inherit; background: var(--page); border: 1px solid var(--line); border-radius: .4rem; padding: .3rem .6rem; width: 19rem; max-width: 60vw; }

.failure { border-left: 4px solid var(--wrong); padding: .2rem 0 .2rem .9rem; margin: 1rem 0 0; }
.command { display: flex; gap: .6rem; align-items: center; margin: .4rem 0; }
.command code { background: var(--page); border: 1px solid var(--line); border-radius: .35rem; padding: .2rem .5rem; }
.command button { font: inherit; font-size: .8rem; cursor: pointer; color: var(--link); background: none; border: 1px solid var(--line); border-radius: .35rem; padding: .15rem .5rem; }
.panel { position: fixed; inset: 0 0 0 auto; width: min(30rem, 100vw); z-index: 10; overflow-y: auto; background: var(--card); border-left: 1px solid var(--line); box-shadow: -12px 0 40px rgb(0 0 0 / .18); padding: 1.2rem 1.4rem 2rem; }
.panel .close { position: absolute; top: .9rem; right: 1rem; font: inherit; cursor: pointer; color: inherit; background: none; border: 1px solid var(--line); border-radius: .35rem; padding: .1rem .55rem; }
.panel h2 { font-family: var(--mono); padding-right: 4rem; overflow-wrap: anywhere; }
.panel h3 { margin-top: 1.1rem; }
.panel ul { margin: .2rem 0; padding-left: 1.2rem; }
.clause { margin: .5rem 0; }
.clause pre { font: .8rem/1.5 var(--mono); white-space: pre-wrap; overflow-wrap: anywhere; margin: .4rem 0; }
details summary { cursor: pointer; color: var(--link); }
[hidden] { display: none !important; }
@media print { nav, .filter, .panel { display: none !important; } .scroll { max-height: none; overflow: visible; } }
`;
