//! What is done with an input of each fuzz target. `tests/corpus.rs` does the same with the checked-in ones.
#![allow(dead_code, reason = "each target uses one of these")]

use easyscale::policy::{self, At, Config, Inputs, Loaded};
use easyscale::report::{config, problems};
use easyscale::time::{
    Cron, Date, Dates, Instant, Occurrences, StartDays, TimeOfDay, WeekTime, Weekdays, Zone, elapsed,
};

/// Documents in YAML.
pub(crate) fn documents(data: &[u8]) {
    policies("rules.yaml", data);
}

/// Layers, with a byte 1 between them: in TOML, in YAML above it, and a `--set` above both. What they say together,
/// printed as one file, says the same.
pub(crate) fn layers(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let mut parts = text.split('\u{1}');
    let mut file = |name: &str| parts.next().map(|text| (name.to_owned(), text.to_owned()));
    let files = [file("10.toml"), file("20.yaml")].into_iter().flatten().collect();
    let inputs = Inputs {
        profile: text.contains("profile").then(|| "prod".to_owned()),
        set: parts.map(str::to_owned).collect(),
        ..Inputs::default()
    };
    let (loaded, config) = inputs.config_of(files);
    show(&loaded);
    if loaded.has_errors() {
        return;
    }
    let printed = config::text(&config);
    let (again, merged) = Inputs::default().config_of(vec![("merged.yaml".to_owned(), printed.clone())]);
    assert!(!again.has_errors(), "{printed}");
    let leaves = |config: &Config| -> Vec<String> {
        let leaves = config.leaves().into_iter();
        let mut leaves: Vec<String> = leaves
            .map(|leaf| format!("{:?} {:?}", leaf.path, leaf.content))
            .collect();
        leaves.sort();
        leaves
    };
    assert_eq!(leaves(&config), leaves(&merged), "{printed}");
}

/// Checks a text.
fn policies(name: &str, data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    show(&policy::check(vec![(name.to_owned(), text)]));
}

/// Shows what is wrong in every form.
fn show(loaded: &Loaded) {
    places_are_in_the_text(loaded);
    let text = problems::text(&loaded.problems, &loaded.sources, false);
    assert_eq!(text.is_empty(), loaded.problems.is_empty());
    for shown in [
        text,
        problems::short(&loaded.problems),
        problems::github(&loaded.problems, &loaded.sources),
        problems::sarif(&loaded.problems, &loaded.sources),
    ] {
        let obeyed = |character: char| character.is_control() && !matches!(character, '\n' | '\r' | '\t');
        assert!(!shown.contains(obeyed), "a terminal would obey: {shown:?}");
    }
    let _ = policy::notes(loaded, Instant::from_unix(1_800_000_000));
}

fn places_are_in_the_text(loaded: &Loaded) {
    for problem in &loaded.problems {
        let At::Mark(mark) = &problem.at else { continue };
        for mark in std::iter::once(mark).chain(problem.also.iter().map(|(mark, _)| mark)) {
            let source = loaded.sources.get(&mark.place.file);
            let source = source.expect("a problem is in a text that was given");
            assert!(source.text().get(mark.span.start..mark.span.end).is_some());
        }
    }
}

/// A cron pattern, and when a window by it opens.
pub(crate) fn cron(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(pattern) = Cron::parse(&text) else {
        return;
    };
    let days = StartDays::weekly(Weekdays::DAILY);
    let occurrences = Occurrences::cron(&pattern, &days, 5400);
    let zone = Zone::parse("Europe/Berlin").expect("a zone that there is");
    goes_forward(&occurrences, &zone);
}

/// Walks a few edges on.
fn goes_forward(occurrences: &Occurrences, zone: &Zone) {
    for start in [
        "2026-03-29T00:00:00Z",
        "2026-10-25T00:30:00Z",
        "2028-02-28T23:59:59Z",
    ] {
        let mut at = Instant::parse(start).expect("an instant");
        for _ in 0..20 {
            let phase = occurrences.phase(zone, at);
            let Some(next) = phase.next else { break };
            assert!(next > at, "time goes on");
            at = next;
        }
    }
}

/// Everything that is read from a short text and says when: each part of a line, separated by `|`, may be any of them.
pub(crate) fn times(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let berlin = Zone::parse("Europe/Berlin").expect("a zone that there is");
    let mut dates = Dates::default();
    let mut weekdays = Weekdays::NONE;
    let mut hours = Vec::new();
    let mut moments = Vec::new();
    let mut instants = Vec::new();
    let mut zone = berlin;
    // Policies compare no longer words with all that there is.
    const LONGEST: usize = 80;
    for part in text.split('|').filter(|part| part.len() <= LONGEST).take(8) {
        let _ = dates.add(part);
        weekdays = Weekdays::parse(part).map_or(weekdays, |more| weekdays.union(more));
        hours.extend(TimeOfDay::parse(part));
        moments.extend(WeekTime::parse(part));
        instants.extend(Instant::parse(part));
        zone = Zone::parse(part).unwrap_or(zone);
        if let Ok(date) = Date::parse(part) {
            let (year, month, day) = date.ymd();
            assert_eq!(Date::from_ymd(year, month, day), Some(date));
        }
        if let Ok(seconds) = elapsed::parse(part) {
            assert_eq!(elapsed::parse(&elapsed::text(seconds)), Ok(seconds));
        }
    }
    for instant in &instants {
        let _ = zone.local(*instant);
        assert_eq!(Instant::parse(&instant.to_string()), Ok(*instant));
    }
    if let [start, end, ..] = hours[..]
        && start != end
        && start != TimeOfDay::END_OF_DAY
    {
        let chosen = (!dates.is_empty()).then_some(&dates);
        let days = StartDays::new(Weekdays::DAILY, chosen, weekdays, &Dates::default());
        goes_forward(&Occurrences::daily(days, start, end), &zone);
    }
    if let [from, until, ..] = moments[..]
        && from != until
    {
        goes_forward(&Occurrences::weekly(from, until, Weekdays::NONE, &dates), &zone);
    }
    if let [from, until, ..] = instants[..]
        && from < until
    {
        goes_forward(&Occurrences::once(from, until), &zone);
    }
}
