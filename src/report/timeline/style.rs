//! How pictures and pages look. Colours are Okabe and Ito's, some darker for contrast, so that people who see colours
//! differently tell them apart. Everything that has a colour also has a shape of its own: an area, a dashed line,
//! hatching, dots.
//!
//! Plain classes instead of CSS variables: programs that draw SVG outside of browsers know only those.

/// The shapes and texts of a picture, in light and dark.
pub(super) const PICTURE: &str = "\
.paper{fill:#ffffff}
.ground{fill:#56606a;fill-opacity:.08}
.grid{stroke:#c9d0d6;stroke-width:1;fill:none}
.hours{stroke:#c9d0d6;stroke-width:1;stroke-dasharray:1 4;fill:none}
.base{stroke:#5b6670;stroke-width:1;fill:none}
.floor{fill:#56b4e9;stroke:#0072b2;stroke-width:1.5;stroke-linejoin:round}
.between{fill:#e69f00;fill-opacity:.22}
.ceiling{fill:none;stroke:#d55e00;stroke-width:2;stroke-dasharray:6 3}
.dots{fill:#7d8790}
.hatch{stroke:#a3467f;stroke-width:2}
.change{stroke:#007a5a;stroke-width:1.5;stroke-dasharray:1 3;stroke-linecap:round;fill:none}
.now{stroke:#14171a;stroke-width:1.5;fill:none}
.hit{fill:#14171a;fill-opacity:0}
.hit:hover{fill-opacity:.12}
text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;font-size:11px;fill:#14171a;\
paint-order:stroke;stroke:#ffffff;stroke-width:3px;stroke-linejoin:round}
.title{font-size:16px;font-weight:600}
.strong{font-size:13px;font-weight:600}
.muted{fill:#56606a}
.end{text-anchor:end}
.change-label{fill:#006349}
@media (prefers-color-scheme:dark){
.paper{fill:#14171a}
.ground{fill:#a9b4be;fill-opacity:.1}
.grid,.hours{stroke:#3d464f}
.base{stroke:#93a0ac}
.floor{fill:#0072b2;stroke:#56b4e9}
.between{fill:#e69f00;fill-opacity:.25}
.ceiling{stroke:#e69f00}
.dots{fill:#93a0ac}
.hatch{stroke:#cc79a7}
.change{stroke:#2fc79b}
.now{stroke:#ffffff}
.hit{fill:#ffffff}
text{fill:#eef1f4;stroke:#14171a}
.muted{fill:#a9b4be}
.change-label{fill:#2fc79b}
}
";

/// The page around the pictures.
pub(super) const PAGE: &str = "\
:root{color-scheme:light dark}
body{margin:0 auto;padding:1.5rem 1rem 3rem;max-width:70rem;background:#fff;color:#14171a;\
font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
h1{font-size:1.5rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.15rem;margin:2.5rem 0 .5rem}
h3{font-size:1rem;margin:2rem 0 0;overflow-wrap:anywhere}
p{margin:.25rem 0 .75rem}
.aside{color:#56606a}
.cut{border-left:4px solid #d55e00;padding-left:.75rem}
.wide{overflow-x:auto;margin:.5rem 0 0}
.wide:focus-visible{outline:3px solid #0072b2;outline-offset:2px}
.wide svg{display:block;width:100%;min-width:46rem;height:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9rem}
th,td{padding:.25rem .9rem .25rem 0;text-align:left;vertical-align:top}
thead th{border-bottom:2px solid #5b6670}
tbody th{font-weight:600;white-space:nowrap}
tbody tr.day>*{border-top:1px solid #c9d0d6}
td.time,time{white-space:nowrap}
td.own{color:#56606a}
.note{display:block;font-weight:400;white-space:normal;max-width:16rem;color:#006349}
footer{margin-top:2.5rem;border-top:1px solid #c9d0d6;padding-top:.75rem;font-size:.9rem;max-width:46rem}
@media (prefers-color-scheme:dark){
body{background:#14171a;color:#eef1f4}
.aside,td.own{color:#a9b4be}
.cut{border-color:#e69f00}
.wide:focus-visible{outline-color:#56b4e9}
thead th{border-color:#93a0ac}
tbody tr.day>*,footer{border-color:#3d464f}
.note{color:#2fc79b}
}
@media (max-width:40rem){
table,thead,tbody{display:block}
tr{display:grid;grid-template-columns:8.2rem 4.1rem 4.1rem 1fr}
th,td{padding-right:.5rem}
tbody th{grid-column:1/-1;padding-top:.6rem}
tbody tr.day>td{border-top:0}
thead th:first-child{display:none}
td.both{grid-column:span 2}
.note{max-width:none}
}
@media print{
body{max-width:none;padding:0;font-size:11pt}
.wide{overflow:visible}
.wide svg{min-width:0}
figure,table,tr{break-inside:avoid}
h2,h3,.aside{break-after:avoid}
}
";
