"""The style sheet of pages: light and dark, wide and narrow."""

STYLE = (
    """
:root { color-scheme: light dark; --back: #ffffff; --panel: #f5f6f8; --text: #1b1f24; --quiet: #56606b;
  --line: #c9cfd6; --c0: #2563c9; --c1: #b3541e; --c2: #1f7a4d; --c3: #8a3fa0; --c4: #a33a4a; --c5: #1d7683;
  --c6: #7a6a12; --c7: #5b5f97; }
@media (prefers-color-scheme: dark) { :root { --back: #14171b; --panel: #1e2329; --text: #e8ebee; --quiet: #a3adb8;
  --line: #414a54; --c0: #6ea8ff; --c1: #f0915a; --c2: #5ccb92; --c3: #d08be6; --c4: #f08a98; --c5: #5cc3d1;
  --c6: #d3bf4e; --c7: #a6aaf0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); line-height: 1.5; overflow-wrap: anywhere;
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC",
  sans-serif; }
main { max-width: 1140px; margin: 0 auto; padding: 24px 20px 48px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 19px; margin: 32px 0 12px; }
h3 { font-size: 16px; margin: 0 0 4px; font-weight: 600; }
p { margin: 4px 0; }
.quiet, .metapath, footer { color: var(--quiet); font-size: 14px; }
.score { font-size: 18px; font-weight: 600; }
.notice { border-left: 3px solid var(--c1); padding-left: 10px; }
.bar { display: flex; height: 30px; border-radius: 6px; overflow: hidden; background: var(--line); }
.bar span { flex: 0 1 0; min-width: 2px; border-right: 1px solid var(--back); }
.keys, article ul { list-style: none; margin: 12px 0 0; padding: 0; }
.keys li, article li { display: flex; gap: 10px; align-items: baseline; padding: 4px 0; }
.keys li + li { border-top: 1px solid var(--line); }
summary { cursor: pointer; font-size: 17px; font-weight: 600; margin: 32px 0 12px; }
.swatch { flex: none; width: 12px; height: 12px; border-radius: 3px; align-self: flex-start;
  margin-top: 6px; }
.number { flex: none; min-width: 62px; text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; }
h3 { display: flex; gap: 10px; align-items: baseline; }
article { background: var(--panel); border-radius: 8px; padding: 12px 14px; margin: 10px 0; }
.metapath { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 13px; }
svg { display: block; font-family: inherit; }
svg text { fill: var(--text); }
svg .label { font-weight: 600; }
svg .caption { fill: var(--quiet); }
.graph { width: 100%; max-width: 1100px; height: auto; }
.tree { display: none; width: 100%; max-width: 420px; height: auto; }
.node rect { fill: var(--panel); stroke: var(--line); }
.node circle { fill: var(--back); stroke: var(--quiet); stroke-width: 2; }
.step { fill: none; stroke-opacity: 0.75; }
.against { stroke-dasharray: 5 4; }
@media (max-width: 1099px) { .graph { display: none; } .tree { display: block; } }
@media (max-width: 560px) { main { padding: 16px 16px 32px; } h1 { font-size: 22px; } }
@media print { .node rect { stroke: #888; } }
"""
    + "".join(f".c{n} {{ background: var(--c{n}); }}\nsvg .c{n} {{ stroke: var(--c{n}); }}\n" for n in range(8))
    + ".tree .step { stroke: var(--line); }\n"
)
