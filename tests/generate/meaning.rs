//! What is carried over means what it meant: the other tools' own rules, minute by minute, against the written file.
//!
//! The models know nothing of windows. Each asks at one minute of a week (in UTC, where no clock changes) what the tool
//! would have set by then.

use std::fmt::Write as _;

use easyscale::draft::{Carried, Context, carry_over, file};
use easyscale::engine::{self, Segment};
use easyscale::policy::{self, Target};
use easyscale::time::{Instant, Zone};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

const DAY: i64 = 1440;
const WEEK: i64 = 7 * DAY;
/// Everything happens at whole or half hours.
const STEP: i64 = 30;
const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

fn monday() -> Instant {
    Instant::parse("2026-11-23T00:00Z").expect("an instant")
}

/// The segments of a week of the one rule that an export becomes; `None` if it is refused.
fn week(export: &str) -> Option<Vec<Segment>> {
    let context = Context {
        zone: Some(Zone::utc()),
        target: Some(Target {
            group: "apps".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "shop".to_owned(),
            name: "a".to_owned(),
        }),
        at: monday(),
    };
    let Carried { drafts, remarks } = carry_over(export, &context).expect("it is understood");
    if drafts.is_empty() {
        return None;
    }
    let loaded = policy::check(vec![("a.yaml".to_owned(), file(&drafts, &remarks, "export"))]);
    assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
    let until = Instant::from_unix(monday().unix() + WEEK * 60);
    Some(engine::timeline(&loaded.rules[0], monday(), until))
}

fn at(week: &[Segment], minute: i64) -> &Segment {
    let at = Instant::from_unix(monday().unix() + minute * 60);
    week.iter()
        .find(|segment| segment.from <= at && at < segment.until)
        .expect("a timeline has no gaps")
}

/// What holds at each minute, compared with a model.
fn compare<T: PartialEq + std::fmt::Debug>(
    export: &str,
    shown: impl Fn(&Segment) -> T,
    model: impl Fn(i64) -> T,
) -> Result<(), TestCaseError> {
    // A test of exports that are all refused would say nothing: too many of them fail it.
    let week = week(export).ok_or_else(|| TestCaseError::reject("it is left out"))?;
    for minute in (0..WEEK / STEP).map(|step| step * STEP) {
        for minute in [minute, minute + 1] {
            let (found, expected) = (shown(at(&week, minute)), model(minute));
            prop_assert_eq!(
                found,
                expected,
                "{} {:02}:{:02} of\n{}",
                NAMES[usize::try_from(minute / DAY).expect("a day")],
                minute % DAY / 60,
                minute % 60,
                export
            );
        }
    }
    Ok(())
}

/// Half hours of a day, as `HH:MM`.
fn clock(half: i64) -> String {
    format!("{:02}:{:02}", half / 2, half % 2 * 30)
}

/// A span of a downscaler: first and last weekday, start and end in half hours.
fn span() -> impl Strategy<Value = (usize, usize, i64, i64)> {
    (0..7_usize, 0..7_usize, 0..48_i64, 0..=48_i64).prop_filter("a span", |span| span.2 != span.3)
}

fn is_in((first, last, start, end): (usize, usize, i64, i64), minute: i64) -> bool {
    let day = usize::try_from(minute / DAY).expect("a day");
    let on_day = (day + 7 - first) % 7 <= (last + 7 - first) % 7;
    let time = minute % DAY;
    let (start, end) = (start * 30, end * 30);
    on_day
        && if start < end {
            start <= time && time < end
        } else {
            start <= time || time < end
        }
}

/// A pattern of cron: minutes, hours, weekdays from Monday 0.
type Pattern = (i64, Vec<i64>, Vec<i64>);

fn pattern() -> impl Strategy<Value = Pattern> {
    let some = |range: std::ops::Range<i64>, most| {
        btree_set(range, 1..most).prop_map(|set| set.into_iter().collect::<Vec<_>>())
    };
    (prop_oneof![Just(0_i64), Just(30)], some(0..24, 3), some(0..7, 8))
}

fn fires((at, hours, days): &Pattern, minute: i64) -> bool {
    let minute = minute.rem_euclid(WEEK);
    minute % 60 == *at && hours.contains(&(minute % DAY / 60)) && days.contains(&(minute / DAY))
}

fn list(numbers: impl IntoIterator<Item = i64>) -> String {
    let numbers: Vec<String> = numbers.into_iter().map(|number| number.to_string()).collect();
    numbers.join(",")
}

/// An action of AWS: when, and the bounds that it sets.
type Action = (Pattern, Option<u32>, Option<u32>);

/// Minute, hour, any day, any month, weekday with Sunday 0.
fn cron((minute, hours, days): &Pattern) -> String {
    let days = days.iter().map(|day| (day + 1) % 7);
    format!("{minute} {} * * {}", list(hours.iter().copied()), list(days))
}

/// The last of the minutes up to this one at which something happens.
fn last<T>(minute: i64, happens: impl Fn(i64) -> Option<T>) -> Option<T> {
    let whole = minute - minute % STEP;
    (0..WEEK / STEP).find_map(|back| happens(whole - back * STEP))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn uptime_and_downtime(spans in vec(span(), 1..4), up in any::<bool>(), copies in 0..4_u32) {
        let text: Vec<String> = spans
            .iter()
            .map(|(first, last, start, end)| {
                format!("{}-{} {}-{} UTC", NAMES[*first], NAMES[*last], clock(*start), clock(*end))
            })
            .collect();
        let key = if up { "uptime" } else { "downtime" };
        let export = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a, namespace: shop, annotations: \
             {{downscaler/{key}: \"{}\", downscaler/downtime-replicas: \"{copies}\"}}}}\n",
            text.join(", ")
        );
        let down = |minute| spans.iter().any(|span| is_in(*span, minute)) != up;
        compare(
            &export,
            |segment| segment.replicas.as_ref().map(|want| want.value),
            |minute| down(minute).then_some(copies),
        )?;
    }

    #[test]
    fn keda_is_active_where_the_next_end_comes_before_the_next_start(
        triggers in vec((pattern(), pattern(), 1..30_u32), 1..3),
        min in 0..5_u32,
    ) {
        let mut export = format!(
            "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {{name: a, namespace: shop}}\nspec:\n  \
             scaleTargetRef: {{name: a}}\n  minReplicaCount: {min}\n  triggers:\n"
        );
        for (start, end, copies) in &triggers {
            let _ = writeln!(
                export,
                "  - {{type: cron, metadata: {{timezone: UTC, start: \"{}\", end: \"{}\", desiredReplicas: \"{copies}\"}}}}",
                cron(start),
                cron(end)
            );
        }
        // What is left out of several triggers is told, but then the rule is another one.
        let next = |pattern: &Pattern, minute: i64| {
            let whole = minute - minute % STEP;
            (1..=WEEK / STEP).find(|ahead| fires(pattern, whole + ahead * STEP))
        };
        let is_active = |minute, start: &Pattern, end: &Pattern| next(end, minute) < next(start, minute);
        let constant = triggers.iter().any(|(start, end, _)| {
            let first = is_active(0, start, end);
            (0..WEEK / STEP).map(|step| step * STEP).all(|minute| is_active(minute, start, end) == first)
        });
        prop_assume!(!constant);
        compare(
            &export,
            |segment| segment.replicas.as_ref().map(|want| want.value),
            |minute| {
                let active = triggers.iter().filter(|(start, end, _)| is_active(minute, start, end));
                Some(active.map(|trigger| trigger.2).max().unwrap_or(min).max(min))
            },
        )?;
    }

    #[test]
    fn a_job_sets_what_holds_until_the_next_one(jobs in vec((pattern(), 0..20_u32), 1..4)) {
        let mut export = "apiVersion: autoscaling.alibabacloud.com/v1beta1\nkind: CronHorizontalPodAutoscaler\n\
                          metadata: {name: a, namespace: shop}\nspec:\n  scaleTargetRef: {kind: Deployment, name: a}\n  \
                          jobs:\n"
            .to_owned();
        for (number, (pattern, copies)) in jobs.iter().enumerate() {
            let _ = writeln!(
                export,
                "  - {{name: job-{number}, schedule: \"0 {}\", targetSize: {copies}}}",
                cron(pattern)
            );
        }
        compare(
            &export,
            |segment| segment.replicas.as_ref().map(|want| want.value),
            |minute| last(minute, |minute| jobs.iter().find(|job| fires(&job.0, minute)).map(|job| job.1)),
        )?;
    }

    #[test]
    fn each_bound_of_aws_holds_until_it_is_set_again(
        actions in vec((pattern(), proptest::option::of(1..5_u32), proptest::option::of(5..20_u32)), 1..4),
    ) {
        let actions: Vec<_> = actions.into_iter().filter(|action| action.1.or(action.2).is_some()).collect();
        prop_assume!(!actions.is_empty());
        let mut export = "ScheduledUpdateGroupActions:\n".to_owned();
        for (number, (pattern, min, max)) in actions.iter().enumerate() {
            let show = |bound: &Option<u32>| bound.map_or("null".to_owned(), |bound| bound.to_string());
            let _ = writeln!(
                export,
                "- {{AutoScalingGroupName: a, ScheduledActionName: n{number}, Recurrence: \"{}\", MinSize: {}, MaxSize: {}}}",
                cron(pattern),
                show(min),
                show(max)
            );
        }
        let set = |minute: i64, bound: fn(&Action) -> Option<u32>| {
            last(minute, |minute| actions.iter().filter(|action| fires(&action.0, minute)).find_map(bound))
        };
        compare(
            &export,
            |segment| {
                (
                    segment.floor.as_ref().map(|want| want.value),
                    segment.ceiling.as_ref().map(|want| want.value),
                )
            },
            |minute| (set(minute, |action| action.1), set(minute, |action| action.2)),
        )?;
    }
}
