/** For light and dark. */
export const STYLE = `
:root { color-scheme: light dark; --text: #1f2328; --back: #fff; --soft: #f3f4f6; --line: #d0d7de;
  --good: #1a7f37; --warn: #9a6700; --bad: #cf222e; --none: #6e7781 }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --back: #0d1117; --soft: #161b22; --line: #30363d;
  --good: #3fb950; --warn: #d29922; --bad: #f85149; --none: #8b949e } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 1100px;
  margin: 0 auto; padding: 24px }
h1 { font-size: 22px } h2 { font-size: 18px; margin: 32px 0 0 } p { margin: 4px 0 12px; color: var(--none) }
.Succeeded { color: var(--good) } .SucceededWithIssues, .Canceled { color: var(--warn) } .Failed { color: var(--bad) }
.Skipped, .undefined { color: var(--none) } .error { color: var(--bad) } .warning { color: var(--warn) }
.graph { overflow-x: auto } .graph text { fill: var(--text); font-size: 14px } .graph .small { font-size: 12px }
.graph text.Succeeded { fill: var(--good) } .graph text.Failed { fill: var(--bad) } .graph text.Skipped { fill: var(--none) }
.graph text.SucceededWithIssues, .graph text.Canceled { fill: var(--warn) }
.graph rect { fill: var(--soft); stroke: currentColor; stroke-width: 1.5 }
.graph path { fill: none; stroke: var(--none); stroke-width: 1.5 } .graph marker path { fill: var(--none) }
.facts { padding-left: 18px; margin: 8px 0 16px }
table { width: 100%; border-collapse: collapse; table-layout: fixed } th { text-align: left; font-weight: 500 }
th, td { padding: 4px 8px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top }
th:nth-child(2), .time { width: 90px; white-space: nowrap } .wide { width: 38% } .job td { padding-top: 14px; font-weight: 600 }
small { font-weight: 400; color: var(--none) } .track { position: relative; height: 12px; margin-top: 6px }
.bar { position: absolute; height: 100%; background: currentColor; border-radius: 3px; min-width: 2px }
pre { background: var(--soft); padding: 10px; border-radius: 6px; overflow: auto; max-height: 480px; font-size: 12px }
summary { cursor: pointer } code { font-size: 13px }
`
