//! Where a problem is, for programs that mark text: lines and columns of both ends.

use crate::policy::{At, Mark, Problem, Sources, Span};

/// Lines and columns from 1; columns in characters (Unicode code points), the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) end_line: u32,
    pub(super) end_column: u32,
}

/// Where to point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot<'p> {
    Nowhere,
    /// A variable or a flag.
    Named(&'p str),
    File(&'p str),
    Region(&'p str, Region),
}

impl<'p> Spot<'p> {
    pub(super) fn of(problem: &'p Problem, sources: &Sources) -> Self {
        match &problem.at {
            At::Nowhere => Self::Nowhere,
            At::File(file) => Self::File(file),
            At::Mark(mark) => Self::of_mark(mark, sources),
        }
    }

    pub(super) fn of_mark(mark: &'p Mark, sources: &Sources) -> Self {
        let place = &mark.place;
        if place.line == 0 {
            return Self::Named(&place.file);
        }
        let end = sources
            .get(&place.file)
            .map_or((place.line, place.column), |source| {
                let end = source.mark(Span {
                    start: mark.span.end,
                    end: mark.span.end,
                });
                (end.place.line, end.place.column)
            });
        Self::Region(
            &place.file,
            Region {
                line: place.line,
                column: place.column,
                end_line: end.0,
                end_column: end.1,
            },
        )
    }
}
