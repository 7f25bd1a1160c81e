//! The text of each file that was read, and the way from a byte in it to a line and a column.
//!
//! While policies are read, all texts lie one behind the other, and a [`Span`] is a range in all of them: so a value
//! knows its file without naming it, wherever layers have taken it. A [`Mark`] is what is told to people.

use std::ops::Range;
use std::sync::Arc;

use super::rule::Place;

/// A range of bytes, half-open: of all texts while they are read, in a [`Mark`] of its file's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

/// A stretch of a file that a problem is about: where it starts, for people, and its bytes, for the caret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Where it starts.
    pub place: Place,
    /// Its bytes within the file's text.
    pub span: Span,
}

/// One file that was read, or a value from the environment or the command line.
#[derive(Debug, Clone)]
pub struct Source {
    name: Arc<str>,
    text: Arc<str>,
    /// A variable or a flag is one place: it has no lines to tell. Nor has an object, whose lines nobody has written.
    has_lines: bool,
    /// Of an object: which key each line is about, for lines begin to count at 0; empty: the object as a whole.
    keys: Vec<Arc<str>>,
    /// Where its text begins among all texts.
    base: usize,
    /// Byte offset at which each line starts.
    lines: Vec<usize>,
    /// How many characters come before every `STEP`th byte, so that a column in a very long line is cheap.
    characters: Vec<usize>,
}

/// All the files that were read, in the order in which they count.
#[derive(Debug, Clone, Default)]
pub struct Sources(Vec<Source>);

const STEP: usize = 4096;

/// Between the name of an object and that of a key in it.
const KEY: &str = ": ";

impl Source {
    pub(super) fn new(name: &str, text: &str) -> Self {
        let mut lines = vec![0];
        lines.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        let mut characters = vec![0];
        let mut count = 0;
        for chunk in text.as_bytes().chunks(STEP) {
            count += chunk.iter().filter(|byte| starts_character(**byte)).count();
            characters.push(count);
        }
        Self {
            name: name.into(),
            text: text.into(),
            has_lines: true,
            keys: Vec::new(),
            base: 0,
            lines,
            characters,
        }
    }

    /// A variable or a flag, by its name, with what it says.
    pub(super) fn without_lines(name: &str, text: &str) -> Self {
        Self {
            has_lines: false,
            ..Self::new(name, text)
        }
    }

    /// An object by its name, as a text of which each line is about one key.
    pub(super) fn of_object(name: &str, text: &str, keys: Vec<Arc<str>>) -> Self {
        Self {
            keys,
            ..Self::without_lines(name, text)
        }
    }

    /// Where its text begins among all texts.
    pub(super) fn base(&self) -> usize {
        self.base
    }

    /// The file's name as the user gave it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// The file's text, without a byte order mark; a character that was not UTF-8 is U+FFFD.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a line, counted from 1, without its line break; empty when there is no such line.
    #[must_use]
    pub fn line(&self, line: u32) -> &str {
        let range = self.line_range(line);
        self.text.get(range.start..range.end).unwrap_or_default()
    }

    /// The bytes of a line, counted from 1, without its line break.
    #[must_use]
    pub fn line_range(&self, line: u32) -> Span {
        let index = (line as usize).saturating_sub(1);
        let Some(&start) = self.lines.get(index) else {
            return Span {
                start: self.text.len(),
                end: self.text.len(),
            };
        };
        let end = self.lines.get(index + 1).map_or(self.text.len(), |next| next - 1);
        let line = &self.text[start..end];
        Span {
            start,
            end: start + line.strip_suffix('\r').unwrap_or(line).len(),
        }
    }

    /// The line that a byte of this text is in, counted from 1.
    #[must_use]
    pub fn line_at(&self, offset: usize) -> u32 {
        let line = self.lines.partition_point(|begin| *begin <= offset).max(1);
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// A span of all texts as one of this text.
    fn own(&self, span: Span) -> Span {
        Span {
            start: span.start.saturating_sub(self.base),
            end: span.end.saturating_sub(self.base),
        }
    }

    /// The text of a span.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// Where a span is. Offsets beyond the text, or inside a character, move back to a character's start.
    #[must_use]
    pub fn mark(&self, span: Span) -> Mark {
        let start = self.floor(span.start);
        let end = self.floor(span.end).max(start);
        let line = self.lines.partition_point(|begin| *begin <= start).max(1);
        let column = self.characters(self.lines[line - 1]..start) + 1;
        let told = |number: usize| match self.has_lines {
            true => u32::try_from(number).unwrap_or(u32::MAX),
            false => 0,
        };
        Mark {
            place: Place {
                file: self.place_name(line),
                line: told(line),
                column: told(column),
            },
            span: Span { start, end },
        }
    }

    /// What people call the place of a line, counted from 1.
    fn place_name(&self, line: usize) -> Arc<str> {
        match self.keys.get(line - 1) {
            Some(key) if !key.is_empty() => format!("{}{KEY}{key}", self.name).into(),
            _ => self.shared_name(),
        }
    }

    /// Whether a place of that name is in this text.
    fn has_place(&self, name: &str) -> bool {
        name == &*self.name
            || (!self.keys.is_empty()
                && name
                    .strip_prefix(&*self.name)
                    .is_some_and(|rest| rest.starts_with(KEY)))
    }

    fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    /// Most lines are short, and counted; in a long one the distance to its start is looked up.
    fn characters(&self, range: Range<usize>) -> usize {
        if range.len() > STEP {
            return self.characters_before(range.end) - self.characters_before(range.start);
        }
        let bytes = self.text.as_bytes().get(range).unwrap_or_default();
        bytes.iter().filter(|byte| starts_character(**byte)).count()
    }

    fn characters_before(&self, offset: usize) -> usize {
        let step = offset / STEP;
        let rest = &self.text.as_bytes()[step * STEP..offset];
        self.characters[step] + rest.iter().filter(|byte| starts_character(**byte)).count()
    }
}

impl From<Vec<Source>> for Sources {
    fn from(mut sources: Vec<Source>) -> Self {
        let mut base = 0;
        for source in &mut sources {
            source.base = base;
            // One byte between two texts: the end of one is not the begin of the next.
            base += source.text.len() + 1;
        }
        Self(sources)
    }
}

impl Sources {
    /// Which of the texts a span of all texts is in.
    pub(super) fn index(&self, span: Span) -> usize {
        self.0
            .partition_point(|source| source.base <= span.start)
            .saturating_sub(1)
    }

    /// Where a span of all texts is.
    pub(super) fn mark(&self, span: Span) -> Option<Mark> {
        let source = self.0.get(self.index(span))?;
        Some(source.mark(source.own(span)))
    }

    /// The text of a span of all texts.
    pub(super) fn slice(&self, span: Span) -> &str {
        let source = self.0.get(self.index(span));
        source.map_or("", |source| source.slice(source.own(span)))
    }

    /// The text that a place of this name is in, if it was read.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Source> {
        self.0.iter().find(|source| source.has_place(name))
    }

    /// All files, in the order in which they count.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }
}

/// Whether a byte of UTF-8 begins a character.
fn starts_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::{Source, Span};

    fn at(source: &Source, start: usize) -> (u32, u32) {
        let place = source.mark(Span { start, end: start }).place;
        (place.line, place.column)
    }

    #[test]
    fn columns_count_characters_not_bytes() {
        let source = Source::new("a", "é: x\r\nü\n");
        assert_eq!(at(&source, 0), (1, 1));
        assert_eq!(at(&source, 4), (1, 4));
        assert_eq!(at(&source, 7), (2, 1));
        assert_eq!(at(&source, 8), (2, 1), "inside a character is its start");
        assert_eq!(at(&source, 99), (3, 1));
        assert_eq!(source.line(1), "é: x");
        assert_eq!(source.line(9), "");
    }

    #[test]
    fn long_lines_keep_exact_columns() {
        let text = "é".repeat(10_000);
        let source = Source::new("a", &text);
        assert_eq!(at(&source, 2 * 7_777), (1, 7_778));
        assert_eq!(at(&source, text.len()), (1, 10_001));
    }
}
