import { classOf, LOOKS } from "./paths-look.ts";

const pathColours = (mode: "light" | "dark"): string =>
  Object.entries(LOOKS)
    .map(([path, look]) => `--${classOf(path)}:${look[mode]};`)
    .join("");

const pathRules = Object.entries(LOOKS)
  .map(([path, { width, dash }]) => {
    const name = classOf(path);
    return `.${name}{--c:var(--${name})}.line.${name} path{stroke-width:${width}${dash ? `;stroke-dasharray:${dash}` : ""}}rect.${name}{fill:var(--${name})}${dash ? `rect.${name}{fill-opacity:.55}` : ""}`;
  })
  .join("\n");

const LIGHT = `--bg:#fbfbfa;--card:#fff;--ink:#18202b;--soft:#5b6675;--edge:#e3e6ea;--grid:#e7eaee;--good:#15803d;--fair:#a16207;--bad:#c81e1e;
--r1:#0b5cd5;--r2:#5aa2f2;--r3:#e0a33b;--r4:#8f99a8;${pathColours("light")}`;
const DARK = `--bg:#0f1318;--card:#161c24;--ink:#e8edf4;--soft:#98a4b5;--edge:#27303b;--grid:#242c37;--good:#5fd38a;--fair:#e6bd5c;--bad:#ff8080;
--r1:#4a98ff;--r2:#9ccbff;--r3:#d9a441;--r4:#7d8898;${pathColours("dark")}`;

/** The page's style sheet; light or dark as the reader's system is. */
export const STYLE = `
:root{color-scheme:light dark;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{max-width:1480px;margin:0 auto;padding:40px 28px 80px}
h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.015em}
h2{font-size:20px;margin:52px 0 4px;letter-spacing:-.01em}
h3{font-size:15px;margin:26px 0 10px;color:var(--soft);font-weight:600}
p{margin:6px 0;max-width:80ch}
.soft,figcaption,footer{color:var(--soft)}
.machine{font-size:14px}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(380px,1fr));gap:16px}
figure{margin:0;padding:14px 14px 8px;background:var(--card);border:1px solid var(--edge);border-radius:10px}
figcaption{font-size:13px;font-weight:600;margin:0 0 6px 4px}
svg{display:block;width:100%;height:auto;font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
svg text{fill:var(--ink)}
svg .tick{fill:var(--soft);font-size:11.5px}
svg .value{fill:var(--soft);font-variant-numeric:tabular-nums}
.grid{stroke:var(--grid)}.faint{opacity:.55}.axis{stroke:var(--soft);opacity:.5}
.line path{fill:none;stroke:var(--c);stroke-linejoin:round;stroke-linecap:round}
.line circle{fill:var(--card);stroke:var(--c);stroke-width:1.6}
.label path{fill:none;stroke:var(--c);opacity:.45}
.label text{fill:var(--c);font-weight:600}
.whisker{fill:none;stroke:var(--ink);stroke-width:1.2;opacity:.75}
.r-outbound{fill:var(--r1);--s:var(--r1)}.r-inbound{fill:var(--r2);--s:var(--r2)}.r-broker{fill:var(--r3);--s:var(--r3)}.r-responder{fill:var(--r4);--s:var(--r4)}
${pathRules}
.legend{display:flex;flex-wrap:wrap;gap:6px 22px;margin:10px 0 14px;max-width:none;font-size:13.5px;color:var(--soft)}
.legend span{display:inline-flex;align-items:center;gap:8px}
.legend b{color:var(--ink)}
.swatch{width:13px;height:13px;border-radius:3px;background:var(--s)}
.key{width:34px;height:10px}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--edge);border-radius:10px}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{padding:7px 14px;text-align:right;white-space:nowrap;border-top:1px solid var(--edge)}
tr:first-child>*{border-top:0}
th{color:var(--soft);font-weight:600}
th:first-child,td:first-child,.left{text-align:left}
tr.group td{background:color-mix(in srgb,var(--soft) 9%,transparent);font-weight:600;text-align:left}
.reached{color:var(--good)}.within{color:var(--fair)}.missed{color:var(--bad)}.not{color:var(--soft)}
.verdict{font-weight:600}
footer{margin-top:48px;font-size:13px}
`;
