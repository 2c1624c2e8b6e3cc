/** The style of the page: light or dark as the reader's system is, and plain on paper. */
export const style = `
:root {
  color-scheme: light dark;
  --text: #16191f; --soft: #545b64; --page: #ffffff; --box: #f4f6f8; --line: #d5dbdb;
  --green: #1d6f02; --red: #b3260f; --orange: #a85508;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --text: #e6e8eb; --soft: #a3adb8; --page: #14181f; --box: #1d232c; --line: #3a434f;
    --green: #7ddb84; --red: #ff9384; --orange: #ffb066;
  }
  .graph .sheet { fill: #1d232c; stroke: #3a434f; }
  .graph rect.succeeded { fill: #173a20; stroke: #5fc466; }
  .graph rect.caught { fill: #47300f; stroke: #ffa347; }
  .graph rect.failed { fill: #4a1d17; stroke: #ff7d6b; }
  .graph rect.not-run { fill: #14181f; stroke: #66717d; }
  .graph .arrow.not-taken { stroke: #7b8794; }
  .graph .arrow.taken { stroke: #5fc466; }
  .graph .arrow.caught { stroke: #ffa347; }
  .graph marker.not-taken path { fill: #7b8794; }
  .graph marker.taken path { fill: #5fc466; }
  .graph marker.caught path { fill: #ffa347; }
  .graph text.name { fill: #e6e8eb; }
  .graph text.kind, .graph text.label { fill: #b4bdc7; }
  .graph text.label { stroke: #1d232c; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { margin: 0; font-size: 28px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 40px 0 12px; padding-bottom: 4px; border-bottom: 1px solid var(--line); font-size: 19px; }
h3 { margin: 20px 0 4px; font-size: 15px; }
p { margin: 4px 0 12px; }
ul { margin: 0; padding-left: 22px; }
li { margin: 4px 0; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.good { color: var(--green); }
.bad { color: var(--red); }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
th, td { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere; }
thead th { color: var(--soft); font-weight: 600; white-space: nowrap; }
thead th.before { width: 30%; }
tbody th { width: 1%; white-space: nowrap; font-weight: 600; }
.time, .number { white-space: nowrap; text-align: right; font-variant-numeric: tabular-nums; }
.time { width: 1%; }
.state { width: 46%; }
.mark { width: 1%; text-align: center; }
.lines { white-space: pre-wrap; }
pre { margin: 0; padding: 12px 14px; border: 1px solid var(--line); border-radius: 6px; background: var(--box); white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.added, .changed { color: var(--green); }
.removed { color: var(--red); }
.foreign, .caught { color: var(--orange); }
.unchanged { color: var(--soft); }
tr.unchanged { color: inherit; }
.graph { display: block; width: 100%; height: auto; }
@media screen and (max-width: 700px) {
  main { padding: 20px 14px 40px; }
  tbody th { width: 34%; white-space: normal; overflow-wrap: anywhere; }
  table { font-size: 12px; }
  th, td { padding-right: 8px; }
}
@page { margin: 14mm; }
@media print {
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  h2 { break-after: avoid; }
  tr, li { break-inside: avoid; }
  thead { display: table-header-group; }
  .graph { max-height: 235mm; break-inside: avoid; }
  table { font-size: 9pt; }
  pre { font-size: 8.5pt; }
}
`;
