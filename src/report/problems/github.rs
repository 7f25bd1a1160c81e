//! Problems as commands that GitHub Actions turns into notes beside the lines of a pull request.

use std::fmt::Write as _;

use super::region::{Region, Spot};
use super::title;
use crate::policy::{Problem, Severity, Sources};
use crate::report::escape::escaped;

/// One line per problem: `::error file=…,line=…,col=…,endLine=…,endColumn=…,title=…::message`.
///
/// All of them; GitHub itself shows ten of a kind per step, and all in the log.
#[must_use]
pub fn github(problems: &[Problem], sources: &Sources) -> String {
    let mut out = String::new();
    for problem in problems {
        let command = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let mut message = String::new();
        let mut place = String::new();
        match Spot::of(problem, sources) {
            Spot::Nowhere => {}
            Spot::Named(name) => message = format!("{}: ", escaped(name)),
            Spot::File(file) => place = format!("file={},", path(file)),
            Spot::Region(file, region) => {
                let Region {
                    line,
                    column,
                    end_line,
                    end_column,
                } = region;
                place = format!(
                    "file={},line={line},endLine={end_line},col={column},endColumn={end_column},",
                    path(file)
                );
            }
        }
        message.push_str(&escaped(&problem.message));
        if let Some(hint) = &problem.hint {
            message.push_str("\nhint: ");
            message.push_str(&escaped(hint));
        }
        let title = format!("{}: {}", problem.code, title(problem.code));
        let (title, message) = (property(&title), data(&message));
        let _ = writeln!(out, "::{command} {place}title={title}::{message}");
    }
    out
}

/// A file as GitHub knows it: from the root of the repository, where the command is thought to run.
fn path(file: &str) -> String {
    property(&escaped(file.strip_prefix("./").unwrap_or(file)))
}

/// A message: a line break would end the command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value: it ends with a comma or a colon too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::github;
    use crate::policy::check;

    #[test]
    fn nothing_from_a_file_ends_the_command() {
        let loaded = check(vec![(
            "./a,b:c%\n::error::d.yaml".to_owned(),
            "kind: \"100%\\n::error file=evil::\\e%0A\"\n".to_owned(),
        )]);
        let shown = github(&loaded.problems, &loaded.sources);
        assert_eq!(shown.lines().count(), loaded.problems.len(), "{shown}");
        assert!(
            shown.starts_with("::error file=a%2Cb%3Ac%25\\n%3A%3Aerror%3A%3Ad.yaml,line=1,endLine=1,col=7,"),
            "{shown}"
        );
        assert!(
            shown.contains("`100%25\\n::error file=evil::\\u{1b}%250A`"),
            "{shown}"
        );
    }
}
