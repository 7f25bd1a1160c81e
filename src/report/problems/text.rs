//! Problems as text with the line and a caret under it, and as one line each.
//!
//! Everything that comes from a file is made harmless first: no control character and nothing that reverses the
//! direction of text reaches the terminal, long lines are cut around the caret, and a flood of problems ends.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use crate::policy::{At, Mark, Problem, Severity, Source, Sources};
use crate::report::escape::{escaped, is_obeyed};

/// So many problems are shown in full; the rest is counted.
pub const SHOWN: usize = 100;
/// A longer line is cut around the caret.
const LONGEST_LINE: usize = 140;
/// The renderer cuts what comes before the caret itself, and counts columns right; too slow for huge lines.
const CUT_BY_RENDERER: usize = 2000;
/// How much of a cut line is kept before the caret.
const BEFORE_CARET: usize = 50;
/// Two places so close are shown in one picture.
const ONE_PICTURE: u32 = 12;

/// All problems, each with its source line, and a last line that counts them; empty when there are none.
#[must_use]
pub fn text(problems: &[Problem], sources: &Sources, color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for problem in problems.iter().take(SHOWN) {
        let shown = renderer.render(&[picture(problem, sources)]);
        out.push_str(&without_lines(shown, problem, sources));
        out.push_str("\n\n");
    }
    out.push_str(&rest(problems));
    out.push_str(&summary(problems));
    out.push_str(&more(problems));
    out
}

/// The renderer gives a line and a column to everything; a variable or a flag has none.
fn without_lines(shown: String, problem: &Problem, sources: &Sources) -> String {
    let also = problem.also.iter().map(|(mark, _)| mark);
    let mut shown = shown;
    for mark in problem
        .mark()
        .into_iter()
        .chain(also)
        .filter(|mark| mark.place.line == 0)
    {
        let Some(source) = sources.get(&mark.place.file) else {
            continue;
        };
        let name = escaped(&mark.place.file);
        let before = source.text().get(..mark.span.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before
            .chars()
            .rev()
            .take_while(|character| *character != '\n')
            .count()
            + 1;
        shown = shown.replace(&format!("{name}:{line}:{column}"), &name);
    }
    shown
}

/// One line per problem: `file:line:column: error[code]: message`.
#[must_use]
pub fn short(problems: &[Problem]) -> String {
    let mut out = String::new();
    for problem in problems.iter().take(SHOWN) {
        let source = problem
            .source()
            .map(|source| format!("{}: ", escaped(&source)))
            .unwrap_or_default();
        let (severity, code, message) = (problem.severity, problem.code, escaped(&problem.message));
        out.push_str(&format!("{source}{severity}[{code}]: {message}\n"));
    }
    out.push_str(&rest(problems));
    out
}

fn rest(problems: &[Problem]) -> String {
    match problems.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("and {more} more\n"),
    }
}

fn summary(problems: &[Problem]) -> String {
    let count = |severity| {
        problems
            .iter()
            .filter(|problem| problem.severity == severity)
            .count()
    };
    let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .filter(|severity| count(*severity) > 0)
        .map(|severity| match count(severity) {
            1 => format!("1 {severity}"),
            many => format!("{many} {severity}s"),
        })
        .collect();
    if counts.is_empty() {
        String::new()
    } else {
        format!("{}\n", counts.join(", "))
    }
}

/// Where the worst of them is explained.
fn more(problems: &[Problem]) -> String {
    let Some(worst) = problems.iter().min_by_key(|problem| problem.severity) else {
        return String::new();
    };
    let article = if worst.severity == Severity::Error {
        "an"
    } else {
        "a"
    };
    format!(
        "For more about {article} {}: easyscale explain-code {}\n",
        worst.severity, worst.code
    )
}

fn picture<'a>(problem: &'a Problem, sources: &Sources) -> Group<'a> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = Group::with_title(level.primary_title(escaped(&problem.message)).id(problem.code));
    match &problem.at {
        At::Nowhere => {}
        At::File(file) => group = group.element(Origin::path(escaped(file))),
        At::Mark(mark) => {
            let (near, far): (Vec<_>, Vec<_>) = problem
                .also
                .iter()
                .map(|(mark, label)| (mark, Some(label.as_str())))
                .partition(|(also, _)| fits_beside(also, mark, sources));
            group = group.elements(excerpt(mark, None, &near, sources));
            for (also, label) in far {
                group = group.elements(excerpt(also, label, &[], sources));
            }
        }
    }
    if let Some(hint) = &problem.hint {
        group = group.element(Level::HELP.with_name("hint").message(escaped(hint)));
    }
    group
}

/// Whether both places fit into one picture without cutting a line.
fn fits_beside(also: &Mark, mark: &Mark, sources: &Sources) -> bool {
    let lines = (
        also.place.line.min(mark.place.line),
        also.place.line.max(mark.place.line),
    );
    also.place.file == mark.place.file
        && lines.1 - lines.0 <= ONE_PICTURE
        && sources
            .get(&mark.place.file)
            .is_some_and(|source| (lines.0..=lines.1).all(|line| source.line(line).len() <= LONGEST_LINE))
}

/// The lines around a mark, with carets under it and under those near it.
fn excerpt<'a>(
    mark: &'a Mark,
    label: Option<&'a str>,
    near: &[(&Mark, Option<&'a str>)],
    sources: &Sources,
) -> Vec<Element<'a>> {
    let mut origin = Origin::path(escaped(&mark.place.file));
    if mark.place.line > 0 {
        origin = origin
            .line(mark.place.line as usize)
            .char_column(mark.place.column as usize);
    }
    let Some(source) = sources.get(&mark.place.file) else {
        return vec![origin.into()];
    };
    let lines = || {
        let near = near.iter().map(|(near, _)| line(near, source));
        near.chain([line(mark, source)])
    };
    let first = lines().min().unwrap_or(1);
    let last = lines().max().unwrap_or(1);
    let mut start = source.line_range(first).start;
    let mut end = source.line_range(last).end;
    let mut cut = (false, false);
    if end.saturating_sub(start) > LONGEST_LINE && first == last {
        if mark.span.start.saturating_sub(start) > CUT_BY_RENDERER {
            cut.0 = true;
            start = boundary(source, mark.span.start - BEFORE_CARET);
        }
        let wanted = mark.span.start + LONGEST_LINE - BEFORE_CARET;
        if end > wanted {
            cut.1 = true;
            end = boundary(source, wanted);
        }
    }
    let mut carets = vec![caret(mark, source)];
    carets.extend(near.iter().map(|(near, _)| caret(near, source)));
    let mut offsets: Vec<usize> = carets
        .iter()
        .flat_map(|(from, to)| [*from, *to])
        .map(|offset| offset.clamp(start, end) - start)
        .collect();
    let mut text = harmless(source.text().get(start..end).unwrap_or_default(), &mut offsets);
    if cut.0 {
        text.insert(0, '…');
        offsets.iter_mut().for_each(|offset| *offset += '…'.len_utf8());
    }
    if cut.1 {
        text.push('…');
    }
    let labels = std::iter::once((AnnotationKind::Primary, label))
        .chain(near.iter().map(|(_, label)| (AnnotationKind::Context, *label)));
    let annotations = offsets
        .chunks(2)
        .zip(labels)
        .map(|(range, (kind, label))| kind.span(range[0]..range[1]).label(label.map(escaped)));
    let path = escaped(&mark.place.file);
    let snippet = Snippet::source(text)
        .line_start(first as usize)
        .annotations(annotations);
    if cut.0 {
        // The renderer would count columns from the cut.
        vec![origin.into(), snippet.into()]
    } else {
        vec![snippet.path(path).into()]
    }
}

/// The line of a text that a mark begins in, told or not.
fn line(mark: &Mark, source: &Source) -> u32 {
    match mark.place.line {
        0 => source.line_at(mark.span.start),
        line => line,
    }
}

/// The bytes to underline: a mark up to the end of its first line.
fn caret(mark: &Mark, source: &Source) -> (usize, usize) {
    let end_of_line = source.line_range(line(mark, source)).end;
    let start = mark.span.start.min(end_of_line);
    (start, mark.span.end.clamp(start, end_of_line))
}

fn boundary(source: &Source, offset: usize) -> usize {
    let mut offset = offset.min(source.text().len());
    while !source.text().is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// The text with everything replaced that a terminal might obey; `offsets` into it move along.
fn harmless(text: &str, offsets: &mut [usize]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut moved = offsets.to_vec();
    for (at, character) in text.char_indices() {
        for (offset, moved) in offsets.iter().zip(&mut moved) {
            if *offset == at {
                *moved = out.len();
            }
        }
        match character {
            '\n' => out.push('\n'),
            // The renderer takes it for a line break only before a line feed.
            '\r' if text[at + 1..].starts_with('\n') => out.push('\r'),
            '\t' => out.push('\t'),
            _ if is_obeyed(character) => out.push(char::REPLACEMENT_CHARACTER),
            _ => out.push(character),
        }
    }
    for (offset, moved) in offsets.iter().zip(&mut moved) {
        if *offset == text.len() {
            *moved = out.len();
        }
    }
    offsets.copy_from_slice(&moved);
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{SHOWN, short, text};
    use crate::policy::{Ground, Loaded, Supply, check};
    use crate::report::problems::json;

    fn checked(yaml: &str) -> Loaded {
        check(vec![("a.yaml".to_owned(), yaml.to_owned())])
    }

    #[test]
    fn nothing_the_terminal_would_obey_gets_through() {
        let loaded = checked("kind: \"Sca\\e[31m\u{9b}31m\u{202e}\"\nspec\u{7f}: x\n");
        assert!(loaded.has_errors());
        for shown in [
            text(&loaded.problems, &loaded.sources, false),
            short(&loaded.problems),
        ] {
            assert!(
                !shown.contains(|c: char| c != '\n' && super::is_obeyed(c)),
                "{shown:?}"
            );
        }
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let padding = "x".repeat(3000);
        let loaded = checked(&format!("{{a: {padding}é, kind: Scaling, b: {padding}}}"));
        let shown = text(&loaded.problems, &loaded.sources, false);
        assert!(shown.contains("a.yaml:1:3014"), "{shown}");
        assert!(shown.contains("^^^^^^^"), "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() < 200), "{shown}");
    }

    #[test]
    fn a_flood_ends() {
        let keys: String = (0..500).map(|i| format!("qqq{i}: 1\n")).collect();
        let loaded = checked(&format!("kind: ScalingRule\n{keys}"));
        let shown = short(&loaded.problems);
        assert_eq!(shown.lines().count(), SHOWN + 1);
        assert!(
            shown.ends_with(&format!("and {} more\n", loaded.problems.len() - SHOWN)),
            "{shown}"
        );
    }

    #[test]
    fn an_object_is_shown_with_its_key_and_without_lines() {
        let spec = serde_json::json!({"target": {"kind": "Deployment", "name": "web"}, "schedule": [{"name": "x", "timeStart": "25:00", "replicas": 1}]});
        let loaded = Ground::default().read(&Supply::of_scaling_rule("shop", "web", &BTreeMap::new(), &spec));
        let shown = text(&loaded.problems, &loaded.sources, false);
        assert!(
            shown.contains("--> scalingrule shop/web: spec.schedule[0].timeStart\n"),
            "{shown}"
        );
        assert!(shown.contains("timeStart: \"25:00\"\n"), "{shown}");
    }

    #[test]
    fn colour_is_asked_for() {
        let loaded = checked("kind: Deployment\n");
        assert!(text(&loaded.problems, &loaded.sources, true).contains('\u{1b}'));
        assert!(!text(&loaded.problems, &loaded.sources, false).contains('\u{1b}'));
        assert_eq!(json(&loaded.problems)["problems"][0]["source"], "a.yaml:1:7");
    }
}
