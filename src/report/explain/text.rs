//! An explanation for people, to be read from top to bottom.

use anstyle::Style;

use super::super::printable;
use super::{Explained, bounds, clocks, edges, headline, is_asleep, phrase, windows};
use crate::engine::Segment;

const TITLE: Style = Style::new().bold();

/// Lines are broken here, between words.
const WIDTH: usize = 100;

/// Why the bounds are what they are, in sentences. Styled; the printer takes the styles out where nobody sees them.
#[must_use]
pub fn text(explained: &Explained<'_>) -> String {
    let mut out = String::new();
    paragraph(&mut out, 0, "", &headline::headline(explained));
    let rule = explained.rule;
    let source = format!(
        "The rule is \"{}\", at {}.",
        printable(&rule.name),
        phrase::place(&rule.place)
    );
    paragraph(&mut out, 0, "", &source);
    section(&mut out, "Why", &bounds::lines(explained));
    section(&mut out, "The windows", &windows::lines(explained));
    changes(&mut out, explained);
    clock_changes(&mut out, explained);
    if let Some(own) = own_bounds(explained) {
        title(&mut out, "Its own bounds");
        paragraph(&mut out, 2, "", own);
    }
    out
}

fn changes(out: &mut String, explained: &Explained<'_>) {
    title(out, "What changes next");
    let edges = edges::lines(explained);
    if edges.is_empty() {
        let nothing = match explained.explanation.decision.until {
            None => "Nothing: this rule asks the same for good.",
            Some(_) => "Nothing in the next 40 years.",
        };
        paragraph(out, 2, "", nothing);
    }
    for (when, what) in edges {
        paragraph(out, 2, "- ", &when);
        paragraph(out, 4, "", &what);
    }
}

fn clock_changes(out: &mut String, explained: &Explained<'_>) {
    let told = clocks::told(explained);
    if told.is_empty() {
        if let Some(none) = clocks::none(explained) {
            title(out, "Clock changes");
            paragraph(out, 2, "", &none);
        }
        return;
    }
    title(out, "Clock changes");
    for told in told {
        paragraph(out, 2, "- ", &told.change);
        for effect in told.effects {
            paragraph(out, 4, "- ", &effect);
        }
    }
}

/// What is meant where the rule leaves a bound to the target, now or at one of the edges.
fn own_bounds(explained: &Explained<'_>) -> Option<&'static str> {
    let leaves =
        |segment: &Segment| !is_asleep(segment) && (segment.floor.is_none() || segment.ceiling.is_none());
    let is_told = leaves(&explained.now) || explained.edges.iter().any(|edge| leaves(&edge.to));
    is_told.then_some(
        "Where neither an open window nor a `default` sets a bound, the target has its own: the one it had \
         before easyscale first wrote it. Rules do not know it; `easyscale plan` shows it, from the cluster.",
    )
}

fn section(out: &mut String, name: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    title(out, name);
    for item in items {
        paragraph(out, 2, "- ", item);
    }
}

fn title(out: &mut String, name: &str) {
    out.push_str(&format!("\n{TITLE}{name}{TITLE:#}\n"));
}

/// Appends `text`, broken between words, with `bullet` before its first line.
fn paragraph(out: &mut String, indent: usize, bullet: &str, text: &str) {
    let margin = indent + bullet.len();
    let mut column = margin;
    out.push_str(&" ".repeat(indent));
    out.push_str(bullet);
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > margin && column + 1 + length > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(margin));
            column = margin;
        } else if column > margin {
            out.push(' ');
            column += 1;
        }
        out.push_str(&word.replace(phrase::TIED, " "));
        column += length;
    }
    out.push('\n');
}
