# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the page of a report looks: light or dark as the reader has it, and tables that fold on a phone."""

from __future__ import annotations

__all__ = ["CSS"]

CSS = """
:root { color-scheme: light dark;
  --ground: #f5f6f8; --card: #fff; --ink: #1b2430; --soft: #5a6675; --line: #dde2e8;
  --good: #1a7f4b; --warn: #9a6200; --bad: #c0272d; --good-wash: #e6f4ec; --warn-wash: #fdf3e0; --bad-wash: #fdeaea;
  --bar: #3b76c4; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #12161c; --card: #1b2129; --ink: #e6eaf0; --soft: #9aa7b6; --line: #303a46;
  --good: #5cc98d; --warn: #e3ad4d; --bad: #ff7b7b; --good-wash: #173425; --warn-wash: #37290f; --bad-wash: #3f1d20;
  --bar: #6ea3e8; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; }
h2 { margin: 2rem 0 .75rem; font-size: 1.15rem; }
h3 { margin: 0; font-size: 1.05rem; overflow-wrap: anywhere; }
p { margin: .25rem 0; }
.soft { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem; margin: 0 0 1rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 1.25rem 0; }
.tiles div { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .6rem .9rem; }
.tiles dt { color: var(--soft); font-size: .85rem; }
.tiles dd { margin: 0; font-size: 1.4rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.list { margin: 0; padding: .75rem 1rem .75rem 2.2rem; border-radius: .6rem; border-left: .3rem solid; }
.list li { overflow-wrap: anywhere; }
.list.bad { background: var(--bad-wash); border-color: var(--bad); }
.list.warn { background: var(--warn-wash); border-color: var(--warn); }
.well { margin: 0; padding: .75rem 1rem; border-radius: .6rem; border-left: .3rem solid var(--good);
  background: var(--good-wash); }
figure { margin: 0; overflow-x: auto; }
figure svg { display: block; max-width: 100%; min-width: 42rem; height: auto; margin: 0 auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); font-size: .85rem; padding: .15rem 0 .5rem; }
th, td { padding: .45rem .6rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-size: .8rem; font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; }
tbody th .more { font-weight: 400; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; }
.scroll { overflow-x: auto; }
.state { display: inline-block; padding: 0 .55rem; border-radius: 1rem; font-size: .85rem; font-weight: 600; }
.state.good { color: var(--good); background: var(--good-wash); }
.state.warn { color: var(--warn); background: var(--warn-wash); }
.state.bad { color: var(--bad); background: var(--bad-wash); }
.more { display: block; color: var(--soft); font-size: .85rem; }
.share { height: .3rem; margin-top: .25rem; border-radius: .2rem; background: var(--line); }
.share i { display: block; height: 100%; border-radius: .2rem; background: var(--bar); }
@media (max-width: 44rem) {
  thead { position: absolute; clip-path: inset(50%); height: 1px; width: 1px; overflow: hidden; white-space: nowrap; }
  table, caption, tbody { display: block; }
  tr { display: grid; grid-template-columns: 1fr 1fr; gap: .1rem .9rem; padding: .6rem 0;
    border-top: 1px solid var(--line); }
  tbody th { grid-column: 1 / -1; overflow-wrap: anywhere; }
  tbody th .more { white-space: normal; }
  th, td, .number { display: block; padding: .05rem 0; border: 0; text-align: left; white-space: normal; }
  td::before { content: attr(data-label); display: block; color: var(--soft); font-size: .75rem; }
}
@media print { body { background: none; } .card, .tiles div { break-inside: avoid; } }
"""
