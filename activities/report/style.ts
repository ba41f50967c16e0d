import type { Markup } from './html.js';

/** The page's style: system fonts, light and dark, tables that scroll inside their box. */
export const STYLE: Markup = {
  markup: `
:root { color-scheme: light dark; --line: #8884; --quiet: #767676; --accent: #2563eb; }
@media (prefers-color-scheme: dark) { :root { --quiet: #a3a3a3; --accent: #7aa2f7; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .8rem; }
.figures div { border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .8rem; }
dt { color: var(--quiet); font-size: .85rem; } dd { margin: 0 0 .3rem; overflow-wrap: anywhere; }
.figures dd { font-weight: 600; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
caption { text-align: left; color: var(--quiet); } small, .note { color: var(--quiet); }
details { border-bottom: 1px solid var(--line); padding: .4rem 0; } summary { cursor: pointer; }
a { color: var(--accent); }
svg text { font-size: 11px; fill: var(--quiet); } .grid { stroke: var(--line); } .error { stroke: var(--quiet); }
.best { fill: none; stroke: var(--accent); stroke-width: 1.5; } .feasible { fill: var(--accent); }
.infeasible { fill: none; stroke: var(--quiet); stroke-width: 1.5; }
.zero { stroke: var(--quiet); stroke-dasharray: 4 3; } .mark { fill: var(--quiet); } .strong .mark { fill: var(--accent); }
.interval { stroke: var(--quiet); stroke-width: 1.5; } .strong .interval { stroke: var(--accent); stroke-width: 2; }
.strong text { font-weight: 600; } h3 { font-size: 1rem; margin-top: 1.4rem; }
.warning { border-left: .25rem solid var(--accent); padding-left: .7rem; font-weight: 600; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1rem; }
figure { margin: 0; } figcaption { color: var(--quiet); }
@media print { details { break-inside: avoid; } main { padding: 0; max-width: none; } }
`,
};
