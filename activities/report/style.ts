import type { Markup } from './html.js';
import { colourRules, colourVariables } from './kindColours.js';

/** The page's style: system fonts, light and dark, tables and drawings that scroll inside their box, print. */
export const STYLE: Markup = {
  markup: `
:root { color-scheme: light dark; --ground: #fff; --text: #1b1b1f; --line: #8884; --quiet: #666; --accent: #1d5bd6;
  --soft: #1d5bd618; --bad: #b3261e; ${colourVariables('light')} }
@media (prefers-color-scheme: dark) { :root { --ground: #16171b; --text: #e6e6ea; --line: #8886; --quiet: #a8a8b0;
  --accent: #8ab0ff; --soft: #8ab0ff22; --bad: #ff8a80; ${colourVariables('dark')} } }
* { box-sizing: border-box; }
html { scroll-padding-top: 4.5rem; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0; background: var(--ground); color: var(--text); }
main { max-width: 74rem; margin: 0 auto; padding: 1rem 1.5rem 3rem; }
h1 { font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; margin-top: 2.6rem; }
h3 { font-size: 1rem; margin-top: 1.4rem; }
nav { position: sticky; top: 0; z-index: 1; background: var(--ground); border-bottom: 1px solid var(--line); }
nav ul { display: flex; flex-wrap: wrap; gap: .1rem 1rem; max-width: 74rem; margin: 0 auto; padding: .5rem 1.5rem; list-style: none;
  white-space: nowrap; font-size: .85rem; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .3rem; z-index: 2; background: var(--ground); }
#live { margin: 0; padding: .3rem 1.5rem; background: var(--soft); font-size: .85rem; text-align: center; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .8rem; }
.figures div { border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .8rem; }
dt { color: var(--quiet); font-size: .85rem; overflow-wrap: anywhere; } dd { margin: 0 0 .3rem; overflow-wrap: anywhere; }
.figures dd { font-weight: 600; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; margin: .6rem 0; }
.wide:focus-visible, a:focus-visible, summary:focus-visible, button:focus-visible, input:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td { overflow-wrap: break-word; max-width: 26rem; }
thead th { vertical-align: bottom; } th button { all: unset; cursor: pointer; color: var(--accent); }
th button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
th[aria-sort=ascending] button::after { content: " ▲"; } th[aria-sort=descending] button::after { content: " ▼"; }
abbr { text-decoration: none; } #board td[data-v] { white-space: nowrap; } #board td:has(small):not([data-v]) { min-width: 11rem; }
caption { text-align: left; color: var(--quiet); } small, .note { color: var(--quiet); }
.tools { display: flex; flex-wrap: wrap; gap: .4rem 1.4rem; align-items: center; } .tools[hidden] { display: none; }
.tools p { margin: 0; color: var(--quiet); } .tools input[type=search] { font: inherit; padding: .15rem .4rem; }
details { border-bottom: 1px solid var(--line); padding: .4rem 0; overflow-wrap: anywhere; } summary { cursor: pointer; }
.trial { padding: 0 0 .6rem 1.1rem; scroll-margin-top: 6rem; }
.trial:target { border-left: .2rem solid var(--accent); padding-left: .9rem; }
pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); padding: .4rem .6rem; border-radius: .3rem; }
a { color: var(--accent); }
svg { max-width: none; height: auto; }
svg text { font-size: 11px; fill: var(--quiet); } .grid { stroke: var(--line); } .error { stroke: var(--quiet); }
.best { fill: none; stroke: var(--accent); stroke-width: 1.5; } .feasible { fill: var(--accent); }
.infeasible { fill: var(--ground); stroke: var(--quiet); stroke-width: 1.2; }
.many .error { stroke-opacity: .35; }
.zero { stroke: var(--quiet); stroke-dasharray: 4 3; } .mark { fill: var(--quiet); } .strong .mark { fill: var(--accent); }
.interval { stroke: var(--quiet); stroke-width: 1.5; } .strong .interval { stroke: var(--accent); stroke-width: 2; }
.strong text { font-weight: 600; } svg text.front { fill: var(--text); }
.edge { fill: none; stroke: var(--quiet); stroke-opacity: .55; } .edge.data { stroke-opacity: .22; } .edge.strong { stroke: var(--accent); stroke-width: 2; stroke-opacity: 1; }
.node rect { fill: var(--ground); stroke: var(--quiet); }
.node.dataset rect { stroke-dasharray: 4 2; }
${colourRules()}
.node.strong rect { fill: var(--soft); stroke-width: 2; }
.node.champion rect { stroke: var(--accent); stroke-width: 3.5; } .node text.name { fill: var(--text); }
a:hover .node rect, a:focus .node rect { stroke: var(--accent); } .lineage a:focus-visible { outline: none; }
.lineage a:focus-visible .node rect { stroke: var(--accent); stroke-width: 4; }
.bar { fill: var(--quiet); fill-opacity: .75; stroke: var(--ground); stroke-width: .5; }
.bar.evaluate { fill-opacity: .45; }
svg text.inside { fill: var(--ground); font-size: 10px; }
.event { fill: var(--bad); stroke: var(--ground); stroke-width: .8; } .event.resumed { fill: var(--accent); }
.event.lost { stroke: var(--bad); stroke-width: 2; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; font-size: .85rem; color: var(--quiet); }
.legend svg { vertical-align: -3px; }
.warning { border-left: .25rem solid var(--accent); padding-left: .7rem; font-weight: 600; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(28rem, 100%), 1fr)); gap: 1rem; }
.panels.small { grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr)); }
.panels.curves { grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr)); }
.panels svg { width: 100%; }
figure { margin: 0; } figcaption { color: var(--quiet); }
@media print {
  :root { color-scheme: light; --ground: #fff; --text: #000; --line: #8888; --quiet: #444; --accent: #1d5bd6; --soft: #eef;
    --bad: #b3261e; ${colourVariables('light')} }
  body { font-size: 10pt; } main { padding: 0; max-width: none; } nav, .tools, .skip, #live, pre { display: none; }
  .wide { overflow: visible; } svg { max-width: 100%; } table { font-size: 8pt; max-width: 100%; } td { max-width: none; }
  h2, h3, figcaption, caption { break-after: avoid; } tr, figure, svg { break-inside: avoid; } thead { display: table-header-group; }
  details:not([open]) { border: 0; padding: 0; } a { color: inherit; text-decoration: none; }
}
`,
};
