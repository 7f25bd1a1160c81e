//! One entry of `schedule`: when it is open and what it sets.

use super::bounds;
use super::check::{Checker, Field, Fields, Keys};
use super::codes;
use super::node::{Node, Value};
use super::problem::Problem;
use super::rule::Window;
use super::source::Span;
use super::words::{self, quoted};
use crate::time::{Date, Dates, Occurrences, StartDays, TimeOfDay, Weekdays, Zone};

const WINDOW: Keys = Keys {
    what: "a window",
    known: &[
        "name",
        "days",
        "dates",
        "timeStart",
        "timeEnd",
        "timezone",
        "replicas",
        "minReplicas",
        "maxReplicas",
        "priority",
        "description",
    ],
    ignored: &[],
    synonyms: &[
        ("day", "days"),
        ("weekday", "days"),
        ("weekdays", "days"),
        ("dayofweek", "days"),
        ("date", "dates"),
        ("start", "timeStart"),
        ("starttime", "timeStart"),
        ("starts", "timeStart"),
        ("begin", "timeStart"),
        ("end", "timeEnd"),
        ("endtime", "timeEnd"),
        ("ends", "timeEnd"),
        ("tz", "timezone"),
        ("zone", "timezone"),
        ("min", "minReplicas"),
        ("minimum", "minReplicas"),
        ("floor", "minReplicas"),
        ("max", "maxReplicas"),
        ("maximum", "maxReplicas"),
        ("ceiling", "maxReplicas"),
        ("count", "replicas"),
        ("pods", "replicas"),
        ("instances", "replicas"),
        ("prio", "priority"),
        ("comment", "description"),
    ],
};

/// A longer text is no weekday, date, time or zone; nobody should compare it with all of them.
const LONGEST_WORD: usize = 80;

/// One window as read, with the parts that are looked at side by side with others.
pub(super) struct Read {
    pub(super) name: Option<(String, Span)>,
    pub(super) sleep: Option<Span>,
    /// Only a window without a mistake.
    pub(super) window: Option<(Window, Days)>,
}

/// When a window opens, before it became [`Occurrences`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) weekdays: Weekdays,
    /// Sorted, each once.
    pub(super) dates: Option<Vec<Date>>,
    pub(super) start: TimeOfDay,
    pub(super) end: TimeOfDay,
}

impl Days {
    fn start_days(&self) -> StartDays {
        let dates = self.dates.as_ref().map(|dates| dates.iter().copied().collect());
        StartDays::new(self.weekdays, dates.as_ref(), Weekdays::NONE, &Dates::default())
    }
}

/// Reads one entry; `zone` is the rule's, for a window that has none.
pub(super) fn read(node: &Node, zone: &Zone, check: &mut Checker<'_>) -> Option<Read> {
    let errors = check.errors();
    let fields = Fields::read(node, &WINDOW, check)?;
    let name = fields
        .require(
            "name",
            "name the window, so that messages can say which one it is: `name: \"Peak hours\"`",
            check,
        )
        .and_then(|field| name(field, check));
    let days = days(&fields, check);
    let zone = fields
        .get("timezone", check)
        .map_or_else(|| Some(zone.clone()), |field| read_zone(field, check));
    let sets = bounds::setting(&fields, "the window", check);
    let priority = fields
        .get("priority", check)
        .map_or(Some(0), |field| priority(field, check));
    let description = fields
        .get("description", check)
        .and_then(|field| field.text(check));
    let window = match (&name, days, zone, priority) {
        (Some((name, span)), Some(days), Some(zone), Some(priority)) if check.errors() == errors => {
            let window = Window {
                name: name.clone(),
                place: check.place(*span),
                occurrences: Occurrences::daily(days.start_days(), days.start, days.end),
                zone,
                sets: sets.setting,
                priority,
                lead: 0,
                ramp: 0,
                suspended: false,
                description: description.map(str::to_owned),
            };
            Some((window, days))
        }
        _ => None,
    };
    Some(Read {
        name,
        sleep: sets.sleep,
        window,
    })
}

/// The zone under a key.
pub(super) fn read_zone(field: Field<'_>, check: &mut Checker<'_>) -> Option<Zone> {
    let text = field.text(check)?;
    let suggestions = if text.len() > LONGEST_WORD {
        Vec::new()
    } else {
        match Zone::parse(text) {
            Ok(zone) => return Some(zone),
            Err(unknown) => unknown.suggestions,
        }
    };
    let problem = Problem::error(
        codes::UNKNOWN_ZONE,
        format!("there is no time zone {}", quoted(text)),
    );
    let problem = if suggestions.is_empty() {
        problem.hint("write continent and city, for example `Europe/Berlin` or `America/New_York`; or `UTC`")
    } else {
        problem.hint(format!("did you mean {}?", words::choice(&suggestions)))
    };
    check.report(problem, field.node.span);
    None
}

fn name(field: Field<'_>, check: &mut Checker<'_>) -> Option<(String, Span)> {
    const LONGEST: usize = 200;
    let text = field.text(check)?;
    let span = field.node.span;
    let fault = if text.chars().any(char::is_control) {
        "has a line break or another invisible character"
    } else if text.chars().count() > LONGEST {
        "is longer than 200 characters"
    } else {
        return Some((text.to_owned(), span));
    };
    let problem = Problem::error(codes::UNUSABLE_TEXT, format!("the window's name {fault}"))
        .hint("a name is one short line; `description` has room for more");
    check.report(problem, span);
    None
}

fn priority(field: Field<'_>, check: &mut Checker<'_>) -> Option<i32> {
    let written = field.integer(codes::BAD_PRIORITY, check)?;
    let priority = i32::try_from(written.value).ok();
    if priority.is_none() {
        let problem = Problem::error(codes::BAD_PRIORITY, "`priority` is out of range")
            .hint("small numbers do: among windows that are open together, the highest one wins");
        check.report(problem, field.node.span);
    }
    priority
}

/// The days and times of the window. This is the place for further forms of windows.
fn days(fields: &Fields<'_>, check: &mut Checker<'_>) -> Option<Days> {
    let errors = check.errors();
    let weekdays = fields.get("days", check).and_then(|field| weekdays(field, check));
    let dates = fields.get("dates", check).and_then(|field| dates(field, check));
    let (start, end) = times(fields, check);
    if check.errors() > errors {
        return None;
    }
    let days = Days {
        weekdays: weekdays.unwrap_or(Weekdays::DAILY),
        dates,
        start,
        end,
    };
    if let Some(dates) = &days.dates
        && !dates.iter().any(|date| days.weekdays.contains(*date))
        && let (Some(days), Some(dates)) = (fields.get_quietly("days"), fields.get_quietly("dates"))
    {
        let problem = Problem::error(
            codes::NEVER_OPENS,
            "the window never opens: none of its `dates` is one of its `days`",
        )
        .also(check.mark(days.key), "the window opens only on these weekdays")
        .hint("remove `days` to open on every date listed, or correct the dates");
        check.report(problem, dates.key);
        return None;
    }
    Some(days)
}

fn weekdays(field: Field<'_>, check: &mut Checker<'_>) -> Option<Weekdays> {
    if is_empty_list(field, check) {
        return None;
    }
    let mut days: Option<Weekdays> = None;
    for (text, span) in field.texts(check) {
        let suggestions = if text.len() > LONGEST_WORD {
            Vec::new()
        } else {
            match Weekdays::parse(text) {
                Ok(more) => {
                    days = Some(days.map_or(more, |days| days.union(more)));
                    continue;
                }
                Err(suggestions) => suggestions,
            }
        };
        let problem = Problem::error(codes::BAD_WEEKDAY, format!("{} is not a weekday", quoted(text)));
        let problem = if text.contains([',', ';']) {
            problem.hint("write a list in brackets: `[Saturday, Sunday]`")
        } else if suggestions.is_empty() {
            problem.hint("write `Monday` or `Mon`, a range `Mon-Fri`, `weekdays`, `weekends` or `daily`")
        } else {
            problem.hint(format!("did you mean {}?", words::choice(&suggestions)))
        };
        check.report(problem, span);
    }
    days
}

fn dates(field: Field<'_>, check: &mut Checker<'_>) -> Option<Vec<Date>> {
    if is_empty_list(field, check) {
        return None;
    }
    let mut dates = Vec::new();
    for (text, span) in field.texts(check) {
        match parse_word(text, Date::parse) {
            Ok(date) => dates.push(date),
            Err(fault) => check.report(complaint(codes::BAD_DATE, &fault), span),
        }
    }
    dates.sort();
    dates.dedup();
    Some(dates)
}

fn is_empty_list(field: Field<'_>, check: &mut Checker<'_>) -> bool {
    let empty = matches!(&field.node.value, Value::Seq(items) if items.is_empty());
    if empty {
        let name = field.name;
        let problem = Problem::error(
            codes::NEVER_OPENS,
            format!("the window never opens: its list of `{name}` is empty"),
        )
        .hint(format!(
            "name at least one, or remove `{name}` to open on every day"
        ));
        check.report(problem, field.key);
    }
    empty
}

fn times(fields: &Fields<'_>, check: &mut Checker<'_>) -> (TimeOfDay, TimeOfDay) {
    let errors = check.errors();
    let start_field = fields.get("timeStart", check);
    let end_field = fields.get("timeEnd", check);
    let start = start_field
        .and_then(|field| time(field, check))
        .unwrap_or(TimeOfDay::MIDNIGHT);
    let end = end_field
        .and_then(|field| time(field, check))
        .unwrap_or(TimeOfDay::END_OF_DAY);
    if check.errors() > errors {
        return (start, end);
    }
    let whole_day =
        "for the whole day write `timeStart: \"00:00\"` and `timeEnd: \"24:00\"`, or leave both out";
    if let Some(field) = start_field
        && start == TimeOfDay::END_OF_DAY
    {
        let problem = Problem::error(
            codes::STARTS_AT_END,
            "a window cannot start at 24:00, the end of the day",
        )
        .hint("write `timeStart: \"00:00\"` and, in `days` or `dates`, the day after");
        check.report(problem, field.node.span);
    } else if start == end {
        let problem =
            Problem::error(codes::EMPTY_TIME, "the window starts and ends at the same time").hint(whole_day);
        match (start_field, end_field) {
            (Some(start), Some(end)) => {
                let problem = problem.also(check.mark(start.node.span), "it starts here");
                check.report(problem, end.node.span);
            }
            (_, Some(end)) => check.report(problem, end.node.span),
            _ => check.report(problem, fields.span),
        }
    }
    (start, end)
}

fn time(field: Field<'_>, check: &mut Checker<'_>) -> Option<TimeOfDay> {
    if let Value::Int(hour @ 0..=24) = field.node.value {
        let name = field.name;
        let problem = Problem::error(
            codes::BAD_TIME,
            format!("`{name}` must be hours and minutes, found the number {hour}"),
        )
        .hint(format!("write `{name}: \"{hour:02}:00\"`"));
        check.report(problem, field.node.span);
        return None;
    }
    let text = field.text(check)?;
    match parse_word(text, TimeOfDay::parse) {
        Ok(time) => Some(time),
        Err(fault) => {
            check.report(complaint(codes::BAD_TIME, &fault), field.node.span);
            None
        }
    }
}

fn parse_word<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<T, String> {
    if text.len() > LONGEST_WORD {
        return Err(format!("{} is too long", quoted(text)));
    }
    parse(text)
}

/// What is wrong; what would be right.
fn complaint(code: &'static str, fault: &str) -> Problem {
    match fault.rsplit_once("; ") {
        Some((message, hint)) => Problem::error(code, message).hint(hint),
        None => Problem::error(code, fault),
    }
}
