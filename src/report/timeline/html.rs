//! A timeline as one self-contained page: a picture per zone, then a table per target for those who read.

use std::fmt::Write as _;

use super::days::Day;
use super::drawing::WIDTH;
use super::style::{PAGE, PICTURE};
use super::svg::{description, legend, panels};
use super::table::{Block, blocks};
use super::wording::{ASLEEP, Asked, OWN_BOUNDS, Stretch, footnotes};
use super::{Row, Timeline, how_many_fit, range};
use crate::report::xml::escaped;
use crate::time::{Zone, tzdb_version};

/// A page with more segments than this is cut: browsers hold no more with ease.
const MOST_SEGMENTS: usize = 50_000;
/// The legend under the pictures.
const LEGEND: f64 = 36.0;

/// A timeline as an HTML page.
pub fn html(timeline: &Timeline) -> impl Iterator<Item = String> {
    let shown = how_many_fit(timeline, MOST_SEGMENTS);
    let rows = timeline.rows.get(..shown).unwrap_or_default();
    std::iter::once_with(move || head(timeline, shown))
        .chain(pictures(timeline, shown))
        .chain(std::iter::once("<h2>Day by day</h2>\n".to_owned()))
        .chain(rows.iter().map(|row| section(timeline, row)))
        .chain(std::iter::once_with(|| foot(timeline)))
}

fn head(timeline: &Timeline, shown: usize) -> String {
    let range = escaped(&range(timeline));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>easyscale timeline: {range}</title>\n<style>\n{PAGE}{PICTURE}</style>\n</head>\n<body>\n<main>\n\
         <h1>What the rules ask for</h1>\n<p class=\"aside\">{range}, zone rules {}. Seen at {}.</p>\n",
        escaped(tzdb_version()),
        Zone::utc().local(timeline.at),
    );
    let all = timeline.rows.len();
    if shown < all {
        let _ = writeln!(
            out,
            "<p class=\"cut\">This page shows the first {shown} of {all} targets. Choose some with <code>--rule</code> or \
             <code>--target</code>, or take everything as <code>-o json</code>.</p>"
        );
    }
    out
}

fn pictures(timeline: &Timeline, shown: usize) -> impl Iterator<Item = String> {
    let panels = panels(timeline, shown);
    let count = panels.len();
    panels.into_iter().enumerate().flat_map(move |(number, panel)| {
        let is_last = number + 1 == count;
        let top = panel.height();
        let height = if is_last { top + LEGEND } else { top };
        let begin = format!(
            "<div class=\"wide\" role=\"region\" aria-label=\"Picture {}\" tabindex=\"0\">\n<svg \
             viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"title{number} desc{number}\">\n\
             <title id=\"title{number}\">{}</title>\n<desc id=\"desc{number}\">{}</desc>\n",
            number + 1,
            escaped(&range(timeline)),
            escaped(&description(timeline, shown)),
        );
        let legend = if is_last {
            legend(timeline, top + 12.0)
        } else {
            String::new()
        };
        std::iter::once(begin)
            .chain(panel.draw(0.0))
            .chain(std::iter::once(format!("{legend}</svg>\n</div>\n")))
    })
}

fn section(timeline: &Timeline, row: &Row) -> String {
    let rule = &row.rule;
    let mut out = format!(
        "<h3>{}</h3>\n<p class=\"aside\">Rule {}, times in {}</p>\n<div class=\"wide\"><table>\n<thead><tr>\
         <th scope=\"col\">Day</th><th scope=\"col\">Time</th><th scope=\"col\">Min</th><th scope=\"col\">Max</th>\
         <th scope=\"col\">Why</th></tr></thead>\n<tbody>\n",
        escaped(&rule.target.to_string()),
        escaped(&rule.name),
        escaped(row.zone.name())
    );
    for block in blocks(row, timeline.from, timeline.until) {
        for (index, stretch) in block.lines.iter().enumerate() {
            if index == 0 {
                let notes: String = block
                    .day
                    .change_notes()
                    .map(|note| format!("<span class=\"note\">{}</span>", escaped(&note)))
                    .collect();
                let _ = write!(
                    out,
                    "<tr class=\"day\"><th scope=\"rowgroup\" rowspan=\"{}\">{}{notes}</th>",
                    block.lines.len(),
                    label(&block)
                );
            } else {
                out.push_str("<tr>");
            }
            let span = block.day.span(&row.zone, stretch.first.from, stretch.first.until);
            let _ = writeln!(
                out,
                "<td class=\"time\">{}</td>{}<td>{}</td></tr>",
                span.replace(" - ", " – "),
                bounds(stretch),
                escaped(&stretch.why(rule))
            );
        }
    }
    out.push_str("</tbody>\n</table></div>\n");
    out
}

fn label(block: &Block) -> String {
    let time = |day: &Day| format!("<time datetime=\"{}\">{}</time>", day.date, day.label());
    match &block.last {
        None => time(&block.day),
        Some(last) => format!("{} to {}", time(&block.day), time(last)),
    }
}

fn bounds(stretch: &Stretch) -> String {
    match stretch.asked() {
        Asked::Nothing => format!("<td colspan=\"2\" class=\"own both\">{OWN_BOUNDS}</td>"),
        Asked::Sleep => format!("<td colspan=\"2\" class=\"both\">{ASLEEP}</td>"),
        Asked::Bounds { min, max } => {
            let [min, max] = [min, max].map(|bound| escaped(&bound.replace("->", "→")));
            format!("<td>{min}</td><td>{max}</td>")
        }
    }
}

fn foot(timeline: &Timeline) -> String {
    let mut out = "<footer>\n".to_owned();
    for note in footnotes(timeline) {
        let note = escaped(note).replace("`easyscale plan`", "<code>easyscale plan</code>");
        let _ = writeln!(out, "<p>{note}</p>");
    }
    out.push_str("</footer>\n</main>\n</body>\n</html>\n");
    out
}
