//! A timeline as one self-contained SVG picture: no script, no font, no link.

use std::fmt::Write as _;

use super::drawing::{Panel, WIDTH, text};
use super::style::PICTURE;
use super::wording::is_asleep;
use super::zones::by_zone;
use super::{Timeline, how_many_fit, range};
use crate::report::xml::escaped;
use crate::time::tzdb_version;

/// So many segments are drawn; a picture with more is no picture any more.
const MOST_SEGMENTS: usize = 50_000;
const TITLE: f64 = 44.0;
const LEGEND: f64 = 44.0;
const BETWEEN: f64 = 14.0;

/// A timeline as an SVG document.
pub fn svg(timeline: &Timeline) -> impl Iterator<Item = String> {
    let drawn = how_many_fit(timeline, MOST_SEGMENTS);
    let panels = panels(timeline, drawn);
    let mut top = TITLE;
    let mut placed = Vec::new();
    for panel in panels {
        let height = panel.height();
        placed.push((panel, top));
        top += height + BETWEEN;
    }
    let height = top + LEGEND;
    let left_out = timeline.rows.len() - drawn;
    let mut head = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         role=\"img\" aria-labelledby=\"title desc\">\n<title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n\
         <style>\n{PICTURE}</style>\n<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>\n",
        escaped(&format!("easyscale timeline: {}", range(timeline))),
        escaped(&description(timeline, drawn)),
    );
    text(&mut head, 12.0, 26.0, "title", &range(timeline));
    text(
        &mut head,
        WIDTH - 16.0,
        26.0,
        "muted end",
        &format!("zone rules {}", tzdb_version()),
    );
    let mut foot = legend(timeline, top + 12.0);
    if left_out > 0 {
        let says = format!("{left_out} more targets are not drawn");
        text(&mut foot, WIDTH - 16.0, top + 36.0, "end", &says);
    }
    foot.push_str("</svg>\n");
    std::iter::once(head)
        .chain(placed.into_iter().flat_map(|(panel, top)| panel.draw(top)))
        .chain(std::iter::once(foot))
}

/// A panel per zone of the first `drawn` targets.
pub(super) fn panels(timeline: &Timeline, drawn: usize) -> Vec<Panel<'_>> {
    let rows = timeline.rows.get(..drawn).unwrap_or_default();
    let groups = by_zone(rows).into_iter().enumerate();
    groups
        .map(|(number, (zone, rows))| Panel::new(timeline, zone, rows, number))
        .collect()
}

/// The picture in words, for those who do not see it.
pub(super) fn description(timeline: &Timeline, drawn: usize) -> String {
    let mut words = format!(
        "A row for each of {drawn} targets, the days as columns. The filled area is minReplicas (at least), the dashed \
         line maxReplicas (at most); hatched: asleep with 0 replicas; dotted: the rule asks nothing, the target has its \
         own bounds."
    );
    let names = timeline.rows.iter().take(drawn.min(20));
    let names: Vec<String> = names.map(|row| row.rule.target.to_string()).collect();
    let _ = write!(words, " Targets: {}", names.join(", "));
    words.push_str(if names.len() < drawn { ", and others." } else { "." });
    words
}

/// What the shapes mean: those that occur.
pub(super) fn legend(timeline: &Timeline, top: f64) -> String {
    let segments = || timeline.rows.iter().flat_map(|row| &row.segments);
    let zones = by_zone(&timeline.rows);
    let changes = zones
        .iter()
        .any(|(zone, _)| zone.clock_changes(timeline.from, timeline.until).next().is_some());
    let y = top;
    let entries = [
        (
            true,
            "minReplicas: at least",
            format!(
                "<path class=\"floor\" d=\"M0 {:.1}V{y:.1}H24V{:.1}Z\"/>",
                y + 12.0,
                y + 12.0
            ),
        ),
        (
            segments().any(|segment| segment.ceiling.is_some()),
            "maxReplicas: at most",
            format!(
                "<path class=\"between\" d=\"M0 {:.1}V{y:.1}H24V{:.1}Z\"/><path class=\"ceiling\" d=\"M0 {y:.1}H24\"/>",
                y + 12.0,
                y + 12.0
            ),
        ),
        (
            segments().any(is_asleep),
            "asleep, 0 replicas",
            format!(
                "<path fill=\"url(#asleep0)\" d=\"M0 {:.1}V{y:.1}H24V{:.1}Z\"/>",
                y + 12.0,
                y + 12.0
            ),
        ),
        (
            segments().any(|segment| segment.floor.is_none() && !is_asleep(segment)),
            "its own bounds",
            format!(
                "<path fill=\"url(#own0)\" d=\"M0 {:.1}V{y:.1}H24V{:.1}Z\"/>",
                y + 12.0,
                y + 12.0
            ),
        ),
        (
            changes,
            "clocks change",
            format!(
                "<path class=\"change\" d=\"M12 {:.1}V{:.1}\"/>",
                y - 2.0,
                y + 14.0
            ),
        ),
        (
            (timeline.from..timeline.until).contains(&timeline.at),
            "now",
            format!("<path class=\"now\" d=\"M12 {:.1}V{:.1}\"/>", y - 2.0, y + 14.0),
        ),
    ];
    let mut out = String::new();
    let mut x = 12.0;
    for (_, says, shape) in entries.iter().filter(|(occurs, _, _)| *occurs) {
        let _ = write!(out, "<g transform=\"translate({x:.1} 0)\">{shape}");
        text(&mut out, 31.0, y + 10.0, "", says);
        out.push_str("</g>\n");
        x += 31.0 + says.len() as f64 * 5.9 + 16.0;
    }
    out
}
