//! The picture of the targets of one zone, as SVG elements: days as columns, a row per target.

use std::fmt::Write as _;

use super::axis::{LEFT, RIGHT, marks, x};
use super::days::{Day, days};
use super::labels::{CHARACTER, Label, labels, stretches, width};
use super::wording::is_asleep;
use super::{Row, Timeline};
use crate::engine::{Segment, Want};
use crate::report::printable;
use crate::report::xml::escaped;
use crate::time::{ClockChange, Instant, TimeOfDay, Zone};

/// The width of a picture, in user units (pixels at its natural size), like all lengths here.
pub(super) const WIDTH: f64 = 1000.0;
/// The zone and the days.
const HEAD: f64 = 42.0;
/// A line of labels of the vertical lines: one for clock changes, one for the present.
const FOOT: f64 = 13.0;
/// A line of labels above the plot of a row.
const LANE: f64 = 14.0;
/// Between the lanes and the plot.
const LEADER: f64 = 4.0;
const PLOT: f64 = 46.0;
/// Below the plot of a row.
const BELOW: f64 = 14.0;
/// How much of the plot the greatest value takes.
const REACH: f64 = 42.0;
/// How high the dots stand where a bound is not known.
const DOTS: f64 = 9.0;
/// A character of the larger text, roughly, rather too wide.
const STRONG_CHARACTER: f64 = 7.6;

/// The targets that share a zone.
pub(super) struct Panel<'a> {
    timeline: &'a Timeline,
    zone: &'a Zone,
    rows: Vec<Drawn<'a>>,
    /// Makes the names of its patterns unique in a page.
    number: usize,
    days: Vec<Day>,
}

impl<'a> Panel<'a> {
    pub(super) fn new(timeline: &'a Timeline, zone: &'a Zone, rows: Vec<&'a Row>, number: usize) -> Self {
        let days = days(zone, timeline.from, timeline.until);
        let rows = rows.into_iter().map(|row| Drawn::new(timeline, row)).collect();
        Self {
            timeline,
            zone,
            rows,
            number,
            days,
        }
    }

    pub(super) fn height(&self) -> f64 {
        let lines = if self.changes().next().is_some() { 2.0 } else { 1.0 };
        self.lower() + 11.0 + FOOT * lines
    }

    /// The elements, from top to bottom, a piece per row. The panel's upper edge is at `top`.
    pub(super) fn draw(self, top: f64) -> impl Iterator<Item = String> {
        let head = format!("<g transform=\"translate(0 {top:.1})\">\n{}", self.head());
        let foot = self.lines();
        let mut top = HEAD;
        let mut next = 0;
        let rows = std::iter::from_fn(move || {
            let drawn = self.rows.get(next)?;
            let out = self.row(drawn, top);
            top += drawn.height();
            next += 1;
            Some(out)
        });
        std::iter::once(head)
            .chain(rows)
            .chain(std::iter::once(format!("{foot}</g>\n")))
    }

    /// Where the last row ends.
    fn lower(&self) -> f64 {
        HEAD + self.rows.iter().map(Drawn::height).sum::<f64>()
    }

    fn x(&self, at: Instant) -> f64 {
        x(self.timeline, at)
    }

    /// Patterns, the zone, the days and their lines.
    fn head(&self) -> String {
        let number = self.number;
        let mut out = format!(
            "<defs>\n\
             <pattern id=\"own{number}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
             <circle class=\"dots\" cx=\"1.5\" cy=\"1.5\" r=\"1\"/><circle class=\"dots\" cx=\"4.5\" cy=\"4.5\" r=\"1\"/>\
             </pattern>\n\
             <pattern id=\"asleep{number}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><path class=\"hatch\" d=\"M1 0V8\"/></pattern>\n</defs>\n"
        );
        text(&mut out, 12.0, 14.0, "strong", self.zone.name());
        text(&mut out, 12.0, 28.0, "muted", "local time");
        let marks = marks(self.timeline, self.zone, &self.days);
        let (mut days, mut hours) = (String::new(), String::new());
        for (index, mark) in marks.iter().enumerate() {
            let x = self.x(mark.at);
            if mark.at > self.timeline.from {
                let (lines, top) = if mark.is_hour {
                    (&mut hours, 19.0)
                } else {
                    (&mut days, 2.0)
                };
                let _ = write!(lines, "M{x:.1} {top:.1}V{:.1}", self.lower());
            }
            let next = marks.get(index + 1).map_or(RIGHT, |next| self.x(next.at));
            if next - x > width(&mark.lower) {
                if !mark.upper.is_empty() {
                    text(&mut out, x + 5.0, 14.0, "strong", &mark.upper);
                }
                text(&mut out, x + 5.0, 28.0, "muted", &mark.lower);
            }
        }
        let _ = writeln!(
            out,
            "<path class=\"hours\" d=\"{hours}\"/>\n<path class=\"grid\" d=\"{days}\"/>"
        );
        out
    }

    fn row(&self, drawn: &Drawn<'_>, top: f64) -> String {
        let row = drawn.row;
        let mut out = String::new();
        let upper = top + drawn.above();
        let base = upper + PLOT;
        let _ = writeln!(
            out,
            "<rect class=\"ground\" x=\"{LEFT:.1}\" y=\"{upper:.1}\" width=\"{:.1}\" height=\"{PLOT:.1}\"/>",
            RIGHT - LEFT
        );
        names_of(&mut out, row, upper);
        let values = row
            .segments
            .iter()
            .flat_map(|segment| [segment.floor, segment.ceiling]);
        let most = values.flatten().map(|want| want.value).max().unwrap_or(0);
        let y = |value: u32| base - REACH * f64::from(value) / f64::from(most.max(1));
        if most > 0 {
            text(
                &mut out,
                LEFT - 6.0,
                y(most) + 4.0,
                "muted end",
                &most.to_string(),
            );
        }
        text(&mut out, LEFT - 6.0, base + 1.0, "muted end", "0");
        self.blanks(&mut out, row, upper, base);
        let (floor, ceiling) = (
            self.steps(row, |segment| segment.floor, y),
            self.steps(row, |segment| segment.ceiling, y),
        );
        let between = self.between(row, y);
        let areas: String = floor
            .iter()
            .map(|run| format!("M{:.1} {base:.1}V{}V{base:.1}Z", run.x, run.path))
            .collect();
        let steps: String = ceiling
            .iter()
            .map(|run| format!("M{:.1} {}", run.x, run.path))
            .collect();
        for (class, path) in [("between", between), ("floor", areas), ("ceiling", steps)] {
            if !path.is_empty() {
                let _ = writeln!(out, "<path class=\"{class}\" d=\"{path}\"/>");
            }
        }
        let _ = writeln!(
            out,
            "<path class=\"base\" d=\"M{LEFT:.1} {base:.1}H{RIGHT:.1}\"/>"
        );
        self.stretches(&mut out, drawn, top);
        out
    }

    /// Sleep, and what the rules do not know.
    fn blanks(&self, out: &mut String, row: &Row, upper: f64, base: f64) {
        let mut paths = [String::new(), String::new()];
        for segment in &row.segments {
            let (path, top) = if is_asleep(segment) {
                (&mut paths[0], upper)
            } else if segment.floor.is_none() {
                (&mut paths[1], base - DOTS)
            } else {
                continue;
            };
            let (from, until) = (self.x(segment.from), self.x(segment.until));
            let _ = write!(path, "M{from:.1} {base:.1}V{top:.1}H{until:.1}V{base:.1}Z");
        }
        for (pattern, path) in ["asleep", "own"].iter().zip(paths) {
            if !path.is_empty() {
                let _ = writeln!(
                    out,
                    "<path fill=\"url(#{pattern}{})\" d=\"{path}\"/>",
                    self.number
                );
            }
        }
    }

    /// The steps of a bound, a run for each time that it is known without a break.
    fn steps(&self, row: &Row, bound: fn(&Segment) -> Option<Want>, y: impl Fn(u32) -> f64) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut goes_on = false;
        for segment in &row.segments {
            let Some(want) = bound(segment) else {
                goes_on = false;
                continue;
            };
            let (y, until) = (y(want.value), self.x(segment.until));
            match runs.last_mut().filter(|_| goes_on) {
                Some(run) => {
                    let _ = write!(run.path, "V{y:.1}H{until:.1}");
                }
                None => runs.push(Run {
                    x: self.x(segment.from),
                    path: format!("{y:.1}H{until:.1}"),
                }),
            }
            goes_on = true;
        }
        runs
    }

    /// Where the autoscaler decides: up to the ceiling, from the floor if there is one.
    fn between(&self, row: &Row, y: impl Fn(u32) -> f64) -> String {
        let mut path = String::new();
        for segment in &row.segments {
            if let Some(ceiling) = segment.ceiling {
                let (from, until) = (self.x(segment.from), self.x(segment.until));
                let floor = segment.floor.map_or(0, |floor| floor.value);
                let (floor, ceiling) = (y(floor), y(ceiling.value));
                let _ = write!(path, "M{from:.1} {floor:.1}V{ceiling:.1}H{until:.1}V{floor:.1}Z");
            }
        }
        path
    }

    /// What is said about each stretch: above it where there is room, and to whoever points at it.
    fn stretches(&self, out: &mut String, drawn: &Drawn<'_>, top: f64) {
        let upper = top + drawn.above();
        for label in &drawn.labels {
            let y = top + LANE * (label.lane + 1) as f64 - 3.0;
            let class = if label.is_base { "muted" } else { "" };
            if !label.is_base {
                let x = label.from;
                let _ = writeln!(
                    out,
                    "<path class=\"grid\" d=\"M{x:.1} {:.1}V{upper:.1}\"/>",
                    y - 8.0
                );
            }
            text(out, label.x + 3.0, y, class, &label.says);
        }
        for stretch in stretches(drawn.row) {
            let (from, until) = (self.x(stretch.first.from), self.x(stretch.first.until));
            let _ = writeln!(
                out,
                "<rect class=\"hit\" x=\"{from:.1}\" y=\"{upper:.1}\" width=\"{:.1}\" height=\"{PLOT:.1}\"><title>{} until \
                 {}: {}</title></rect>",
                until - from,
                self.wall(stretch.first.from),
                self.wall(stretch.first.until),
                escaped(&stretch.line(&drawn.row.rule))
            );
        }
    }

    /// Clock changes and the present, over all rows.
    fn lines(&self) -> String {
        let mut out = String::new();
        let (upper, lower) = (HEAD, self.lower());
        let mut line = |at: Instant, class: &str, says: &str, also: &str, below: f64| {
            let x = self.x(at);
            let anchor = if x + width(says) > RIGHT { "end" } else { "" };
            let _ = writeln!(
                out,
                "<path class=\"{class}\" d=\"M{x:.1} {upper:.1}V{:.1}\"><title>{}</title></path>",
                lower + 6.0,
                escaped(also)
            );
            let class = format!("{class}-label {anchor}");
            text(&mut out, x, lower + below, class.trim_end(), says);
        };
        let count = self.changes().count();
        let below_changes = if count > 0 { 18.0 + FOOT } else { 18.0 };
        for change in self.changes() {
            // More would stand over each other.
            let says = if count <= 4 { moved(change) } else { String::new() };
            line(change.at, "change", &says, &super::days::moves(*change), 18.0);
        }
        let at = self.timeline.at;
        if (self.timeline.from..self.timeline.until).contains(&at) {
            let civil = self.zone.to_civil(at);
            line(
                at,
                "now",
                &format!("now, {} {}", civil.date.weekday(), minutes(civil.time)),
                &format!("now: {}", self.zone.local(at)),
                below_changes,
            );
        }
        out
    }

    fn changes(&self) -> impl Iterator<Item = &ClockChange> {
        self.days.iter().flat_map(|day| &day.changes)
    }

    fn wall(&self, at: Instant) -> String {
        let civil = self.zone.to_civil(at);
        format!("{} {civil}", civil.date.weekday())
    }
}

/// A row and where its labels stand.
struct Drawn<'a> {
    row: &'a Row,
    labels: Vec<Label>,
    lanes: usize,
}

impl<'a> Drawn<'a> {
    fn new(timeline: &Timeline, row: &'a Row) -> Self {
        let labels = labels(timeline, row);
        let lanes = labels.iter().map(|label| label.lane + 1).max().unwrap_or(1);
        Self { row, labels, lanes }
    }

    fn above(&self) -> f64 {
        LANE * self.lanes as f64 + LEADER
    }

    fn height(&self) -> f64 {
        self.above() + PLOT + BELOW
    }
}

/// Who is scaled, and by which rule.
fn names_of(out: &mut String, row: &Row, upper: f64) {
    let (rule, target) = (&row.rule, &row.rule.target);
    let room = LEFT - 48.0;
    let large = (room / STRONG_CHARACTER) as usize;
    let small = (room / CHARACTER) as usize;
    let kind = if target.is_autoscaler() {
        "autoscaler"
    } else {
        &target.kind
    };
    let lines = [
        (12.0, "strong", shortened(&target.name, large)),
        (
            27.0,
            "muted",
            shortened(&format!("{kind} in {}", target.namespace), small),
        ),
        (41.0, "muted", shortened(&format!("rule {}", rule.name), small)),
    ];
    for (below, class, says) in lines {
        text(out, 12.0, upper + below, class, &says);
    }
}

/// A part of a path that has no break; `path` starts with the height of its first step.
struct Run {
    x: f64,
    path: String,
}

/// `clocks +1 h`.
fn moved(change: &ClockChange) -> String {
    let minutes = (change.after - change.before) / 60;
    let sign = if minutes < 0 { '−' } else { '+' };
    match minutes.abs() {
        whole if whole % 60 == 0 => format!("clocks {sign}{} h", whole / 60),
        minutes => format!("clocks {sign}{minutes} min"),
    }
}

/// `16:30`, whatever the seconds.
fn minutes(time: TimeOfDay) -> String {
    let minutes = time.seconds() / 60;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A name that is too long keeps both its ends.
fn shortened(name: &str, room: usize) -> String {
    let characters: Vec<char> = printable(name).chars().collect();
    if characters.len() <= room {
        return characters.into_iter().collect();
    }
    let tail = room / 2;
    let head: String = characters.iter().take(room - tail - 1).collect();
    let tail: String = characters.iter().skip(characters.len() - tail).collect();
    format!("{head}…{tail}")
}

pub(super) fn text(out: &mut String, x: f64, y: f64, class: &str, says: &str) {
    let class = if class.is_empty() {
        String::new()
    } else {
        format!(" class=\"{class}\"")
    };
    let _ = writeln!(
        out,
        "<text{class} x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
        escaped(says)
    );
}
