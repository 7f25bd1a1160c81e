//! How the page looks. Colours are those of timelines; nothing is told by colour alone.

/// The page's only style sheet. A narrow screen gets a block per target instead of a row.
pub(super) const PAGE: &str = "\
:root{color-scheme:light dark}
body{margin:0 auto;padding:1.5rem 1rem 3rem;max-width:70rem;background:#fff;color:#14171a;\
font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
h1{font-size:1.5rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.15rem;margin:2rem 0 .5rem}
p{margin:.25rem 0 .75rem;max-width:46rem;overflow-wrap:anywhere}
ul{margin:.5rem 0;padding:0;list-style:none}
li{margin:0 0 .75rem;overflow-wrap:anywhere;max-width:46rem}
.aside,small{color:#56606a}
small{display:block;font-size:.85rem;font-weight:400;overflow-wrap:anywhere}
.bad,.odd{border-left:4px solid #d55e00;padding-left:.75rem}
.odd{border-color:#e69f00}
.tag{color:#8f3c00;font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:1rem 0}
dt{color:#56606a}
dd{margin:0;overflow-wrap:anywhere}
form{display:flex;gap:.5rem;flex-wrap:wrap;margin:.5rem 0 1rem}
input,button{font:inherit;padding:.2rem .6rem;border:1px solid #7d8790;border-radius:4px;background:transparent;color:inherit}
input{flex:1 1 12rem;max-width:24rem;min-width:0}
:focus-visible{outline:3px solid #0072b2;outline-offset:2px}
a{color:#005a8c}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.95rem}
th,td{padding:.45rem .9rem .45rem 0;text-align:left;vertical-align:top;overflow-wrap:anywhere}
thead th{border-bottom:2px solid #5b6670;white-space:nowrap;overflow-wrap:normal}
tbody tr{border-top:1px solid #c9d0d6}
tbody th{font-weight:600;min-width:14rem}
td.number{white-space:nowrap}
footer{margin-top:2.5rem;border-top:1px solid #c9d0d6;padding-top:.75rem;font-size:.9rem}
@media (prefers-color-scheme:dark){
body{background:#14171a;color:#eef1f4}
.aside,small,dt{color:#a9b4be}
.tag{color:#ffb37a}
a{color:#7cc4ee}
:focus-visible{outline-color:#56b4e9}
thead th{border-color:#93a0ac}
tbody tr,footer{border-color:#3d464f}
}
@media (max-width:45rem){
table,tbody{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tbody tr{display:grid;grid-template-columns:repeat(3,1fr);padding:.6rem 0}
tbody th,td{padding:0 .5rem .25rem 0;min-width:0}
tbody th,td.why,td.next{grid-column:1/-1}
td[data-label]::before{content:attr(data-label);display:block;font-size:.8rem;color:#56606a}
td.empty{display:none}
dl{grid-template-columns:1fr;gap:0}
dd{margin:0 0 .5rem}
}
@media (max-width:45rem) and (prefers-color-scheme:dark){
td[data-label]::before{color:#a9b4be}
}
";
