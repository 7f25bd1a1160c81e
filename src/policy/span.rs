//! One continuous span, `from` .. `until`: of every week, or dated.

use super::check::{Checker, Field, Fields};
use super::codes;
use super::extent::Extent;
use super::problem::Problem;
use super::start_days::Except;
use super::when::When;
use super::words::{LONGEST_WORD, quoted};
use crate::time::{Civil, Date, Instant, Occurrences, TimeOfDay, WeekTime, Zone};

/// Both ends as written.
pub(super) struct Ends<'n> {
    from: Option<(Field<'n>, Moment)>,
    until: Option<(Field<'n>, Moment)>,
}

#[derive(Debug, Clone, Copy)]
enum Moment {
    OfWeek(WeekTime),
    /// In the window's zone.
    Local(Civil),
    /// Written with its offset from UTC.
    Exact(Instant),
}

impl Moment {
    fn is_weekly(self) -> bool {
        matches!(self, Self::OfWeek(_))
    }

    /// `None` for a time of the week.
    fn instant(self, zone: &Zone) -> Option<Instant> {
        match self {
            Self::OfWeek(_) => None,
            Self::Local(civil) => Some(zone.to_instant(civil)),
            Self::Exact(instant) => Some(instant),
        }
    }
}

impl<'n> Ends<'n> {
    pub(super) fn read(fields: &Fields<'n>, check: &mut Checker<'_>) -> Self {
        let mut end = |name| {
            let field = fields.get(name, check)?;
            Some((field, moment(field, check)?))
        };
        Self {
            from: end("from"),
            until: end("until"),
        }
    }

    /// Whether it is a span of every week, as far as is written.
    pub(super) fn is_weekly(&self) -> bool {
        self.from
            .or(self.until)
            .is_some_and(|(_, moment)| moment.is_weekly())
    }

    /// When the span holds; `None` if there is a mistake in it, which is told.
    pub(super) fn when(
        &self,
        fields: &Fields<'_>,
        except: &Except,
        zone: Option<&Zone>,
        check: &mut Checker<'_>,
    ) -> Option<When> {
        if !(fields.has("from") && fields.has("until")) {
            self.tell_missing_end(fields, check);
            return None;
        }
        let (from, start) = self.from?;
        let (until, end) = self.until?;
        match (start, end) {
            (Moment::OfWeek(start), Moment::OfWeek(end)) => {
                if start == end {
                    let problem = Problem::error(
                        codes::EMPTY_TIME,
                        "the span starts and ends at the same time of the week",
                    )
                    .also(check.mark(from.node.span), "it starts here")
                    .hint("for what holds all week, put the values into `default` and remove the window");
                    check.report(problem, until.node.span);
                    return None;
                }
                let when = of_week(start, end, except);
                if when.occurrences.never() {
                    except.tell_nothing_left(fields, check);
                    return None;
                }
                Some(when)
            }
            (Moment::OfWeek(_), _) | (_, Moment::OfWeek(_)) => {
                let (of_from, of_until) = if start.is_weekly() {
                    ("a time of the week", "a date")
                } else {
                    ("a date", "a time of the week")
                };
                let problem = Problem::error(
                    codes::BAD_MOMENT,
                    format!("`from` is {of_from} and `until` is {of_until}"),
                )
                .also(check.mark(from.node.span), "it starts here")
                .hint("write both as weekday and time, which comes every week, or both as date and time");
                check.report(problem, until.node.span);
                None
            }
            _ => dated((from, start), (until, end), zone?, check),
        }
    }

    fn tell_missing_end(&self, fields: &Fields<'_>, check: &mut Checker<'_>) {
        let weekly = self.is_weekly();
        let (written, missing, example) = if fields.has("from") {
            let example = if weekly { "Mon 08:00" } else { "2026-11-30T00:00" };
            ("from", "until", example)
        } else {
            let example = if weekly { "Fri 20:00" } else { "2026-11-27T00:00" };
            ("until", "from", example)
        };
        let Some(field) = fields.get_quietly(written) else {
            return;
        };
        let problem = Problem::error(
            codes::MISSING_KEY,
            format!("a window with `{written}` needs `{missing}`"),
        )
        .hint(format!("for example `{missing}: \"{example}\"`"));
        check.report(problem, field.key);
    }
}

fn of_week(from: WeekTime, until: WeekTime, except: &Except) -> When {
    When {
        occurrences: Occurrences::weekly(from, until, except.days, &except.dates),
        extent: Extent::of_week(from, until, except.days, except.dates.is_empty()),
    }
}

fn dated(
    (from, start): (Field<'_>, Moment),
    (until, end): (Field<'_>, Moment),
    zone: &Zone,
    check: &mut Checker<'_>,
) -> Option<When> {
    let (first, last) = (start.instant(zone)?, end.instant(zone)?);
    if first < last {
        return Some(When {
            occurrences: Occurrences::once(first, last),
            extent: Extent::once(first, last),
        });
    }
    let in_order = matches!((start, end), (Moment::Local(start), Moment::Local(end)) if start < end);
    let problem = if in_order {
        Problem::error(
            codes::NEVER_OPENS,
            format!(
                "the window never opens: clocks in {} skip the time from its start to its end",
                zone.name()
            ),
        )
        .hint(format!("both mean {}; move one of them", zone.local(first)))
    } else if first == last {
        Problem::error(codes::EMPTY_TIME, "the span starts and ends at the same time")
            .hint("`until` is the first moment at which it is over: write a later one")
    } else {
        Problem::error(codes::BACKWARDS, "the span ends before it starts").hint("exchange `from` and `until`")
    };
    let problem = problem.also(check.mark(from.node.span), "it starts here");
    check.report(problem, until.node.span);
    None
}

fn moment(field: Field<'_>, check: &mut Checker<'_>) -> Option<Moment> {
    let text = field.text(check)?;
    let read = if text.len() > LONGEST_WORD {
        Err(format!("{} is too long for a point in time", quoted(text)))
    } else {
        parse(text.trim(), field.name)
    };
    match read {
        Ok(moment) => Some(moment),
        Err(fault) => {
            let mut problem = Problem::of_fault(codes::BAD_MOMENT, &fault);
            if problem.hint.is_none() {
                problem = problem.hint(format!("for example `{}: \"2026-11-27T20:00\"`", field.name));
            }
            check.report(problem, field.node.span);
            None
        }
    }
}

/// Reads `Fri 20:10`, `2026-11-27T00:00` or `2026-11-27T00:00+01:00`; `name` is the key, for examples.
fn parse(text: &str, name: &str) -> Result<Moment, String> {
    if text.starts_with(|c: char| c.is_alphabetic()) {
        return WeekTime::parse(text).map(Moment::OfWeek);
    }
    let neither = || {
        format!(
            "\"{text}\" is neither a date with a time nor a weekday with a time; write `{name}: \"2026-11-27T20:00\"`, or `{name}: \"Fri 20:00\"` for every week"
        )
    };
    if TimeOfDay::parse(text).is_ok() {
        let key = if name == "from" { "timeStart" } else { "timeEnd" };
        return Err(format!(
            "\"{text}\" is a time without a day; write `{key}: \"{text}\"` for every day, or a weekday before it: `{name}: \"Fri {text}\"`"
        ));
    }
    let Some(day) = text.get(..10).filter(|day| has_shape_of_date(day)) else {
        return Err(neither());
    };
    let date = Date::parse(day)?;
    let rest = &text[10..];
    if rest.is_empty() {
        return Err(date_alone(date, name));
    }
    let clock = rest.strip_prefix(['T', 't', ' ']).ok_or_else(neither)?;
    let is_local = clock.chars().all(|c| c.is_ascii_digit() || c == ':');
    if !is_local {
        return Instant::parse(text)
            .map(Moment::Exact)
            .map_err(|invalid| invalid.message);
    }
    let time = TimeOfDay::parse(clock)?;
    if time == TimeOfDay::END_OF_DAY {
        return Err(format!(
            "\"{text}\" is 00:00 of the next day; write `{name}: \"{}T00:00\"`",
            day_after(date)
        ));
    }
    Ok(Moment::Local(Civil { date, time }))
}

fn has_shape_of_date(text: &str) -> bool {
    text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    })
}

fn date_alone(date: Date, name: &str) -> String {
    if name == "from" {
        format!(
            "the time is missing after the date; for the start of that day write `from: \"{date}T00:00\"`"
        )
    } else {
        format!(
            "the time is missing after the date; for a span with that day write `until: \"{}T00:00\"`, for one without it `until: \"{date}T00:00\"`",
            day_after(date)
        )
    }
}

fn day_after(date: Date) -> Date {
    Date::from_days_since_epoch(date.days_since_epoch() + 1)
}
