//! `easyscale timeline`: the rules alone, over a range of time.

use std::sync::Arc;

use anyhow::bail;

use super::args::{TimelineArgs, TimelineOutput};
use super::exit::Exit;
use super::load;
use super::printer::Printer;
use super::values::End;
use crate::engine::{self, Segment};
use crate::policy::{Rule, Target, meant};
use crate::report::timeline::{self, Row, Timeline, display_zone, prevailing_zone};
use crate::time::{Civil, Date, Instant, TimeOfDay, Zone};

/// The range without `--until`: a week.
const DAYS: i32 = 7;
const DAY: i64 = 86_400;
/// The longest range: ten years.
const LONGEST: i64 = 3_660 * DAY;
/// Segments of all targets together; they take some 150 MB. 1,000 targets may change five times a day for a year.
const MOST_SEGMENTS: usize = 2_000_000;
/// How much of the range is looked at before the segments are counted, in seconds.
const PORTION: i64 = 7 * DAY;
/// Names told when the wanted one is not there.
const NAMES_TOLD: usize = 10;

pub(super) fn run(args: TimelineArgs, printer: Printer) -> anyhow::Result<Exit> {
    let TimelineArgs {
        policies,
        from,
        until,
        at,
        output,
        rules,
        target,
        timezone,
    } = args;
    let Some(loaded) = load::rules(&policies, printer, output == TimelineOutput::Json)? else {
        return Ok(Exit::Failed);
    };
    load::warn_of_old_zone_rules(at, printer);
    let chosen = choose(loaded.rules, &rules, target.as_ref())?;
    let zones: Vec<Zone> = chosen
        .iter()
        .map(|rule| timezone.clone().unwrap_or_else(|| display_zone(rule)))
        .collect();
    let at = at.unwrap_or_else(load::now);
    let (from, until) = range(
        from,
        until,
        at,
        &timezone.unwrap_or_else(|| prevailing_zone(&zones)),
    )?;
    let rows = rows(chosen, zones, from, until)?;
    let timeline = Timeline {
        from,
        until,
        at,
        rows,
    };
    match output {
        TimelineOutput::Text => printer.pieces(timeline::text(&timeline, printer.is_watched())),
        TimelineOutput::Json => printer.pieces(timeline::json(&timeline)),
        TimelineOutput::Markdown => printer.pieces(timeline::markdown(&timeline)),
        TimelineOutput::Svg => printer.pieces(timeline::svg(&timeline)),
        TimelineOutput::Html => printer.pieces(timeline::html(&timeline)),
        TimelineOutput::Chart => printer.pieces(timeline::chart(&timeline)),
    }?;
    Ok(Exit::Done)
}

/// The seven days from the midnight before `at` on, on the wall clock of most of the rules.
pub(super) fn week(rules: Vec<Arc<Rule>>, at: Instant) -> anyhow::Result<Timeline> {
    let zones: Vec<Zone> = rules.iter().map(|rule| display_zone(rule)).collect();
    let zone = prevailing_zone(&zones);
    let today = End::Midnight(zone.to_civil(at).date);
    let (from, until) = range(Some(today), None, at, &zone)?;
    let rows = rows(rules, zones, from, until)?;
    Ok(Timeline {
        from,
        until,
        at,
        rows,
    })
}

/// The rules that are asked for. Whoever names one that is not there has mistyped it.
fn choose(
    rules: Vec<Arc<Rule>>,
    names: &[String],
    target: Option<&Target>,
) -> anyhow::Result<Vec<Arc<Rule>>> {
    if let Some(missing) = names
        .iter()
        .find(|name| !rules.iter().any(|rule| rule.name == **name))
    {
        let known: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
        if let Some(meant) = meant(missing, &known) {
            bail!("no rule is named {missing}; did you mean {meant}?");
        }
        bail!("no rule is named {missing}; there is {}", some(&known));
    }
    if let Some(target) = target
        && !rules.iter().any(|rule| rule.target == *target)
    {
        let known: Vec<String> = rules.iter().map(|rule| rule.target.to_string()).collect();
        bail!("no rule is for {target}; there is one for {}", some(&known));
    }
    let is_chosen = |rule: &Arc<Rule>| {
        (names.is_empty() || names.contains(&rule.name)) && target.is_none_or(|target| rule.target == *target)
    };
    let chosen: Vec<Arc<Rule>> = rules.into_iter().filter(is_chosen).collect();
    match target.filter(|_| chosen.is_empty()) {
        Some(target) => bail!("the rule {} is not for {target}", names.join(", ")),
        None => Ok(chosen),
    }
}

fn some<T: AsRef<str>>(names: &[T]) -> String {
    let told: Vec<&str> = names.iter().map(AsRef::as_ref).take(NAMES_TOLD).collect();
    match names.len() - told.len() {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}

/// The range, with dates read in `zone`. A week from a date is seven days of that zone, from an instant 7 x 24 hours.
fn range(
    from: Option<End>,
    until: Option<End>,
    at: Instant,
    zone: &Zone,
) -> anyhow::Result<(Instant, Instant)> {
    let from = from.unwrap_or(End::At(at));
    let until = until.unwrap_or(match from {
        End::At(from) => End::At(Instant::from_unix(from.unix() + i64::from(DAYS) * DAY)),
        End::Midnight(date) => End::Midnight(Date::from_days_since_epoch(date.days_since_epoch() + DAYS)),
    });
    let (from, until) = (instant(from, zone), instant(until, zone));
    if until == from {
        bail!("the range is empty: it begins and ends at {}", zone.local(from));
    }
    if until < from {
        bail!(
            "the range ends before it begins: from {} until {}",
            zone.local(from),
            zone.local(until)
        );
    }
    if until.unix() - from.unix() > LONGEST {
        bail!("the range is longer than ten years (3660 days): from {from} until {until}");
    }
    Ok((from, until))
}

fn instant(end: End, zone: &Zone) -> Instant {
    match end {
        End::At(at) => at,
        End::Midnight(date) => zone.to_instant(Civil {
            date,
            time: TimeOfDay::MIDNIGHT,
        }),
    }
}

fn rows(rules: Vec<Arc<Rule>>, zones: Vec<Zone>, from: Instant, until: Instant) -> anyhow::Result<Vec<Row>> {
    let mut room = MOST_SEGMENTS;
    let mut rows = Vec::with_capacity(rules.len());
    for (rule, zone) in rules.into_iter().zip(zones) {
        let Some(segments) = segments(&rule, from, until, room) else {
            bail!(
                "the bounds change more than {MOST_SEGMENTS} times in this range; choose a shorter one, or some of the \
                 rules with --rule"
            );
        };
        room -= segments.len();
        rows.push(Row { rule, zone, segments });
    }
    Ok(rows)
}

/// What a rule asks, looked at in portions, so that what is too much ends early.
fn segments(rule: &Rule, from: Instant, until: Instant, most: usize) -> Option<Vec<Segment>> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut at = from;
    while at < until {
        let end = Instant::from_unix(at.unix() + PORTION).min(until);
        for next in engine::timeline(rule, at, end) {
            match segments.last_mut() {
                Some(last) if asks_the_same(last, &next) => last.until = next.until,
                _ => segments.push(next),
            }
        }
        if segments.len() > most {
            return None;
        }
        at = end;
    }
    Some(segments)
}

fn asks_the_same(one: &Segment, other: &Segment) -> bool {
    (one.replicas, one.floor, one.ceiling) == (other.replicas, other.floor, other.ceiling)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn date(text: &str) -> End {
        End::Midnight(Date::parse(text).unwrap())
    }

    fn rule() -> Arc<Rule> {
        let text = "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {name: a}\nspec:\n  target: {kind: \
                    Deployment, name: a, namespace: b}\n  schedule:\n    - {name: all, minReplicas: 1}\n    - {name: \
                    peak, timeStart: \"22:00\", timeEnd: \"02:00\", ramp: 1h, minReplicas: 5}\n";
        let loaded = crate::policy::check(vec![("a.yaml".to_owned(), text.to_owned())]);
        assert!(!loaded.has_errors(), "{:?}", loaded.problems);
        loaded.rules[0].clone()
    }

    #[test]
    fn portions_leave_no_trace() {
        let (rule, from, until) = (rule(), at("2026-03-27T12:00Z"), at("2026-05-01T23:00Z"));
        let whole = engine::timeline(&rule, from, until);
        assert_eq!(segments(&rule, from, until, usize::MAX), Some(whole.clone()));
        assert!(whole.len() > 300 && segments(&rule, from, until, whole.len()).is_some());
        assert_eq!(segments(&rule, from, until, whole.len() - 1), None);
    }

    #[test]
    fn a_week_of_hours_or_of_days() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        let now = at("2026-03-27T12:00Z");
        let range = |from, until| range(from, until, now, &berlin).map_err(|error| error.to_string());
        assert_eq!(range(None, None), Ok((now, at("2026-04-03T12:00Z"))));
        assert_eq!(
            range(Some(date("2026-03-27")), None),
            Ok((at("2026-03-26T23:00Z"), at("2026-04-02T22:00Z"))),
            "seven days, one of which has 23 hours"
        );
        assert_eq!(
            range(None, Some(date("2026-03-28"))),
            Ok((now, at("2026-03-27T23:00Z")))
        );
        assert_eq!(
            range(None, Some(date("2026-03-27"))).unwrap_err(),
            "the range ends before it begins: from Fri 2026-03-27 13:00 Europe/Berlin until Fri 2026-03-27 00:00 \
             Europe/Berlin"
        );
        assert!(range(Some(End::At(now)), Some(End::At(now))).is_err());
        assert!(range(Some(date("2026-01-01")), Some(date("2036-01-01"))).is_ok());
        assert!(range(Some(date("2026-01-01")), Some(date("2126-01-01"))).is_err());
        assert!(
            range(Some(date("9999-12-31")), None).is_err(),
            "the calendar ends"
        );
    }
}
