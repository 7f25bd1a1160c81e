//! The downscalers of the annotation family: kube-downscaler, py-kube-downscaler, GoKubeDownscaler.
//!
//! They know one thing, "down": `downtime` says when, `uptime` when not. So the windows of a rule are the times of
//! being down, and what the object has by itself holds otherwise.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::objects::Object;
use super::{Refusal, Work, itself};
use crate::draft::copies::Copies;
use crate::draft::quoted;
use crate::draft::rule::{Draft, DraftWindow, Names, When};
use crate::draft::week::{DAY, WEEK, Week};
use crate::policy::{Replicas, meant};
use crate::time::{Instant, TimeOfDay, Weekdays, Zone};

const PREFIX: &str = "downscaler/";
/// The keys that say when.
const TIMES: [&str; 4] = ["uptime", "downtime", "upscale-period", "downscale-period"];
/// All keys that the downscalers know.
const KEYS: [&str; 11] = [
    "uptime",
    "downtime",
    "upscale-period",
    "downscale-period",
    "force-uptime",
    "force-downtime",
    "exclude",
    "exclude-until",
    "downtime-replicas",
    "grace-period",
    "original-replicas",
];
/// A list of more spans than this is not looked at.
const MOST_SPANS: usize = 200;

/// The annotations of an object or a namespace, without their prefix.
type Notes = BTreeMap<String, String>;

/// One span of a list.
enum Span {
    Weekly(Week, Zone),
    Dated(Instant, Instant),
    Always,
    Never,
}

/// When an object is down.
#[derive(Default)]
struct Down {
    weekly: Vec<(Zone, Week)>,
    dated: Vec<(Instant, Instant)>,
}

pub(super) fn carry(objects: &[Object], work: &mut Work<'_>) -> bool {
    let mut namespaces: HashMap<&str, Notes> = HashMap::new();
    for object in objects
        .iter()
        .filter(|object| object.kind() == "Namespace" && object.group().is_empty())
    {
        let notes = notes(object);
        if !notes.is_empty() {
            namespaces.insert(object.name(), notes);
        }
    }
    let mut found = !namespaces.is_empty();
    let mut used: HashSet<&str> = HashSet::new();
    let mut took_zero = false;
    let none = Notes::new();
    for object in objects {
        let own = notes(object);
        let namespace = object.namespace().unwrap_or_default();
        let of_namespace = namespaces.get(namespace).unwrap_or(&none);
        // By default a downscaler looks at these kinds only; others have to be annotated or asked for.
        let inherits = object.group() == "apps" && matches!(object.kind(), "Deployment" | "StatefulSet");
        if object.kind() == "Namespace" || own.is_empty() && (of_namespace.is_empty() || !inherits) {
            continue;
        }
        found = true;
        if !of_namespace.is_empty() {
            used.insert(namespace);
        }
        took_zero |= one(object, &own, of_namespace, work);
    }
    let mut unused: Vec<&&str> = namespaces.keys().filter(|name| !used.contains(**name)).collect();
    unused.sort_unstable();
    for name in unused {
        work.leave_out(
            format!("Namespace {name}"),
            "its annotations are for the workloads in it, of which none is in this file",
            "export them together: kubectl get ns,deploy,sts,hpa -A -o yaml",
        );
    }
    if took_zero {
        work.look_at(
            "objects without downscaler/downtime-replicas",
            "they are written with 0 copies, which is what a downscaler does without it",
            "if yours was started with another --downtime-replicas, write that number instead of 0",
        );
    }
    found
}

fn notes(object: &Object) -> Notes {
    let ours =
        |(key, value): (&str, &str)| Some((key.strip_prefix(PREFIX)?.to_owned(), value.trim().to_owned()));
    object.annotations().filter_map(ours).collect()
}

/// Carries one object over; true if 0 was taken for a number that is not said.
fn one(object: &Object, own: &Notes, of_namespace: &Notes, work: &mut Work<'_>) -> bool {
    let title = object.title();
    let target = match itself(object) {
        Ok(target) => target,
        Err((why, hint)) => {
            work.leave_out(title, why, hint);
            return false;
        }
    };
    let down = match down(own, of_namespace, work.context.zone.as_ref()) {
        Ok(down) => down,
        Err((why, hint)) => {
            work.leave_out(title, why, hint);
            return false;
        }
    };
    let said = own
        .get("downtime-replicas")
        .or(of_namespace.get("downtime-replicas"));
    let is_autoscaler = target.is_autoscaler();
    let copies = match said.map(|text| text.parse::<Replicas>()) {
        None => Some(0),
        Some(number) => number.ok(),
    };
    let copies = match copies {
        None => {
            let text = quoted(said.map_or("", String::as_str));
            work.leave_out(
                title,
                format!("its downtime-replicas {text} is not a number"),
                "write a whole number",
            );
            return false;
        }
        Some(0) if is_autoscaler => {
            work.leave_out(
                title,
                "an HPA cannot have a floor of 0, and its downtime-replicas is 0 or not said",
                "annotate the workload behind it instead, or write downtime-replicas from 1 up",
            );
            return false;
        }
        Some(copies) if is_autoscaler => Copies::Bounds {
            min: Some(copies),
            max: None,
        },
        Some(copies) => Copies::AtLeast(copies),
    };
    let windows = windows(&down, copies, work.context.at);
    if windows.is_empty() {
        work.leave_out(title, "all its times are over", "there is nothing to do");
        return false;
    }
    let zone = down.weekly.first().map(|(zone, _)| zone.clone());
    let draft = Draft {
        name: String::new(),
        target,
        zone,
        windows,
        default: None,
    };
    if !work.take(&title, draft) {
        return false;
    }
    tell_rest(&title, own, of_namespace, work);
    said.is_none()
}

/// Tells of annotations that a rule has no place for.
fn tell_rest(title: &str, own: &Notes, of_namespace: &Notes, work: &mut Work<'_>) {
    for (key, value) in of_namespace
        .iter()
        .filter(|(key, _)| !own.contains_key(*key))
        .chain(own)
    {
        let what = format!("{title}, {}", shown(key));
        match key.as_str() {
            "exclude-until" => work.leave_out(
                what,
                format!("{} delays the beginning, the rule counts at once", quoted(value)),
                "to hold it back, annotate the object with easyscale.io/pause=INSTANT, such as 2026-11-27T18:00:00Z",
            ),
            "original-replicas" => work.look_at(
                what,
                format!("the object is scaled down right now, from {}", quoted(value)),
                "let the downscaler scale it up before you apply, else easyscale takes the small number for the original",
            ),
            "grace-period" => work.leave_out(
                what,
                "new objects are not spared for a while",
                "none is needed: a window opens for all objects alike",
            ),
            "exclude" | "downtime-replicas" => {}
            key if TIMES.contains(&key) => {
                if value.split(',').any(has_no_days) {
                    work.look_at(
                        what,
                        format!("{} names no weekdays, which is every day", quoted(value)),
                        "if your downscaler has a frame of weekdays of its own (DEFAULT_WEEKFRAME), add `days` to the windows",
                    );
                }
            }
            _ => work.leave_out(what, "that annotation is not known here", advice(key)),
        }
    }
}

/// An annotation's name, in quotes if it is not one that the downscalers know.
fn shown(key: &str) -> String {
    let name = format!("{PREFIX}{key}");
    if KEYS.contains(&key) { name } else { quoted(&name) }
}

/// What to do about a key that is not known.
fn advice(key: &str) -> String {
    match meant(key, &KEYS) {
        Some(known) => format!("did you mean {PREFIX}{known}? Then it has had no effect so far"),
        None => "see whether you still need it".to_owned(),
    }
}

/// Whether a span starts with its hours.
fn has_no_days(span: &str) -> bool {
    let first = span.split_whitespace().next().unwrap_or_default();
    first.contains(':') && instants(span.trim()).is_none()
}

fn down(own: &Notes, of_namespace: &Notes, zone: Option<&Zone>) -> Result<Down, Refusal> {
    let refuse = |why: &str, hint: &str| Err((why.to_owned(), hint.to_owned()));
    for notes in [own, of_namespace] {
        match notes.get("exclude").map(String::as_str) {
            None | Some("false") => {}
            Some("true") => return refuse("it is excluded", "there is nothing to do"),
            Some(_) => {
                return refuse(
                    "it is excluded at times",
                    "write its windows by hand: docs/schedules.md",
                );
            }
        }
        for key in ["force-uptime", "force-downtime"] {
            if notes.get(key).is_some_and(|value| value != "false") {
                return Err((
                    format!("{PREFIX}{key} holds it in one state"),
                    "remove that annotation and run this again, or write `default` in a rule by hand"
                        .to_owned(),
                ));
            }
        }
    }
    let says = |notes: &Notes| TIMES.iter().any(|key| notes.contains_key(*key));
    let notes = match (says(own), says(of_namespace)) {
        (true, true)
            if TIMES
                .iter()
                .any(|key| of_namespace.contains_key(*key) && !own.contains_key(*key)) =>
        {
            return refuse(
                "the object and its namespace say different things about time, which the downscalers read differently",
                "put everything that is meant into the annotations of the object",
            );
        }
        (true, _) => own,
        (false, true) => of_namespace,
        (false, false) => {
            if let Some(key) = [own, of_namespace]
                .iter()
                .flat_map(|notes| notes.keys())
                .find(|key| !KEYS.contains(&key.as_str()))
            {
                return Err((
                    format!(
                        "no annotation says when, and {} is not known here",
                        quoted(&format!("{PREFIX}{key}"))
                    ),
                    advice(key),
                ));
            }
            return refuse(
                "no annotation says when; the times are in the settings of the downscaler itself",
                "write them as an annotation, or run: easyscale generate --target",
            );
        }
    };
    let read = |key: &str| notes.get(key).map(|text| spans(key, text, zone)).transpose();
    match (
        read("downtime")?,
        read("uptime")?,
        read("downscale-period")?,
        read("upscale-period")?,
    ) {
        (Some(downtime), None, None, None) => downtime_of(downtime),
        (None, Some(uptime), None, None) => rest_of(uptime),
        (None, None, Some(downscale), Some(upscale)) => between(downscale, upscale),
        (None, None, ..) => refuse(
            "only one of downscale-period and upscale-period is there, so it would stay as it is for ever",
            "write the other one as well, or `downtime` instead of both",
        ),
        _ => refuse(
            "uptime, downtime and periods stand side by side, which the downscalers read differently",
            "write `downtime` alone, with all times of being down",
        ),
    }
}

fn downtime_of(spans: Vec<Span>) -> Result<Down, Refusal> {
    let mut down = Down::default();
    for span in spans {
        match span {
            Span::Always => return Err(always_down()),
            Span::Never => {}
            Span::Dated(from, until) => down.dated.push((from, until)),
            Span::Weekly(week, zone) => match down.weekly.iter_mut().find(|(known, _)| *known == zone) {
                Some((_, known)) => known.extend(&week),
                None => down.weekly.push((zone, week)),
            },
        }
    }
    sound(down)
}

/// What is left of the week.
fn rest_of(spans: Vec<Span>) -> Result<Down, Refusal> {
    if spans.iter().any(|span| matches!(span, Span::Always)) {
        return Err(never_down());
    }
    match one_week(spans, "uptime")? {
        Some((zone, up)) => sound(Down {
            weekly: vec![(zone, up.rest())],
            dated: Vec::new(),
        }),
        None => Err(always_down()),
    }
}

/// From each beginning of a downscale period to the next beginning of an upscale period.
fn between(downscale: Vec<Span>, upscale: Vec<Span>) -> Result<Down, Refusal> {
    let constant = |spans: &[Span]| {
        spans
            .iter()
            .any(|span| matches!(span, Span::Always | Span::Never))
    };
    if constant(&downscale) || constant(&upscale) {
        return Err((
            "a period that is always or never is no timetable".to_owned(),
            "write `downtime` instead of the periods".to_owned(),
        ));
    }
    let (Some((zone, down)), Some((up_zone, up))) = (
        one_week(downscale, "downscale-period")?,
        one_week(upscale, "upscale-period")?,
    ) else {
        return Err(never_down());
    };
    if zone != up_zone || down.meets(&up) {
        return Err((
            "its periods overlap or are in different zones".to_owned(),
            "write `downtime` instead of the periods".to_owned(),
        ));
    }
    let ups: Vec<u32> = up.starts().collect();
    let mut week = Week::default();
    for start in down.starts() {
        let wait = ups.iter().map(|up| (up + WEEK - start - 1) % WEEK + 1).min();
        week.add(start, wait.unwrap_or(WEEK));
    }
    sound(Down {
        weekly: vec![(zone, week)],
        dated: Vec::new(),
    })
}

/// All spans as one week of one zone.
fn one_week(spans: Vec<Span>, key: &str) -> Result<Option<(Zone, Week)>, Refusal> {
    let mut found: Option<(Zone, Week)> = None;
    for span in spans {
        let (week, zone) = match span {
            Span::Weekly(week, zone) => (week, zone),
            Span::Dated(..) => {
                return Err((
                    format!("its {key} has dates, and being down outside them is no timetable"),
                    "write the times of being down as `downtime`".to_owned(),
                ));
            }
            Span::Always | Span::Never => continue,
        };
        match &mut found {
            None => found = Some((zone, week)),
            Some((known, sum)) if *known == zone => sum.extend(&week),
            Some(_) => {
                return Err((
                    format!("its {key} is in several time zones"),
                    "write it in one zone".to_owned(),
                ));
            }
        }
    }
    Ok(found)
}

fn sound(down: Down) -> Result<Down, Refusal> {
    if down.weekly.iter().any(|(_, week)| week.is_all()) {
        return Err(always_down());
    }
    if down.dated.is_empty() && down.weekly.iter().all(|(_, week)| week.is_empty()) {
        return Err(never_down());
    }
    Ok(down)
}

fn always_down() -> Refusal {
    (
        "it is down at all times".to_owned(),
        "scale it by hand, or write a rule with `default`".to_owned(),
    )
}

fn never_down() -> Refusal {
    ("it is never down".to_owned(), "no rule is needed".to_owned())
}

fn windows(down: &Down, copies: Copies, at: Instant) -> Vec<DraftWindow> {
    let first = down.weekly.first().map(|(zone, _)| zone);
    let mut names = Names::default();
    let mut windows: Vec<DraftWindow> = Vec::new();
    let mut push = |when: When, zone: Option<Zone>| {
        windows.push(DraftWindow {
            name: names.free(&format!("Down {when}")),
            when,
            zone,
            copies,
            priority: 0,
        });
    };
    for (zone, week) in &down.weekly {
        let own = (Some(zone) != first).then(|| zone.clone());
        week.windows()
            .into_iter()
            .for_each(|when| push(when, own.clone()));
    }
    for (from, until) in down.dated.iter().filter(|(_, until)| *until > at) {
        let when = When::Span {
            from: from.to_string(),
            until: until.to_string(),
        };
        push(when, None);
    }
    windows
}

/// Reads a list of spans.
fn spans(key: &str, text: &str, zone: Option<&Zone>) -> Result<Vec<Span>, Refusal> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    if parts.len() > MOST_SPANS {
        return Err((
            format!("its {key} has more than {MOST_SPANS} spans"),
            "write fewer".to_owned(),
        ));
    }
    parts
        .into_iter()
        .map(|part| {
            span(part, zone).map_err(|(why, hint)| (format!("its {key} {} {why}", quoted(part)), hint))
        })
        .collect()
}

/// Reads `Mon-Fri 08:00-20:00 Europe/Berlin`, days and zone optional; two instants; or a constant.
fn span(text: &str, zone: Option<&Zone>) -> Result<Span, Refusal> {
    match text.to_ascii_lowercase().as_str() {
        "always" | "true" => return Ok(Span::Always),
        "never" | "false" => return Ok(Span::Never),
        _ => {}
    }
    if let Some((from, until)) = instants(text) {
        if from >= until {
            return Err((
                "ends before it begins".to_owned(),
                "swap the two instants".to_owned(),
            ));
        }
        return Ok(Span::Dated(from, until));
    }
    let shape = || {
        (
            "is not understood".to_owned(),
            "the form is Mon-Fri 08:00-20:00 Europe/Berlin, or two instants with a `-` between them"
                .to_owned(),
        )
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let hours_at = words
        .iter()
        .position(|word| word.contains(':'))
        .ok_or_else(shape)?;
    let (days, hours, named) = match (hours_at, words.as_slice()) {
        (0, [hours]) => (None, *hours, None),
        (0, [hours, zone]) => (None, *hours, Some(*zone)),
        (1, [days, hours]) => (Some(*days), *hours, None),
        (1, [days, hours, zone]) => (Some(*days), *hours, Some(*zone)),
        _ => return Err(shape()),
    };
    let days = match days {
        // A frame of days of its own can be set for the whole downscaler; without one it is every day.
        None => Weekdays::DAILY,
        Some(days) => Weekdays::parse(days).map_err(|_| shape())?,
    };
    let (start, end) = hours.split_once('-').ok_or_else(shape)?;
    let time = |text: &str| TimeOfDay::parse(text).map_err(|_| shape());
    let (start, end) = (time(start)?.seconds(), time(end)?.seconds());
    if start == end {
        return Err((
            "starts and ends at the same time, so it never counts".to_owned(),
            "the whole day is 00:00-24:00".to_owned(),
        ));
    }
    let zone = match (named, zone) {
        (Some(name), _) => Zone::parse(name).map_err(|_| {
            (
                "has an unknown time zone".to_owned(),
                "write a name such as Europe/Berlin".to_owned(),
            )
        })?,
        (None, Some(zone)) => zone.clone(),
        (None, None) => {
            return Err((
                "names no zone".to_owned(),
                "say with --timezone which one the downscaler takes (its DEFAULT_TIMEZONE)".to_owned(),
            ));
        }
    };
    let week = if start < end {
        Week::on_days(days, start, end)
    } else {
        // The day is that of the moment: Friday 22:00 to 06:00 is Friday before 06:00 and Friday after 22:00.
        let mut week = Week::on_days(days, start, DAY);
        if end > 0 {
            week.extend(&Week::on_days(days, 0, end));
        }
        week
    };
    Ok(Span::Weekly(week, zone))
}

/// Two instants with a `-` between them, which instants have inside as well.
fn instants(text: &str) -> Option<(Instant, Instant)> {
    text.match_indices('-').take(16).find_map(|(at, _)| {
        let (from, until) = (text.get(..at)?, text.get(at + 1..)?);
        Some((
            Instant::parse(from.trim()).ok()?,
            Instant::parse(until.trim()).ok()?,
        ))
    })
}
