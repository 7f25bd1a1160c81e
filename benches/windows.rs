//! How fast windows are made from what was read, and how fast their next edge is found.
#![expect(clippy::unwrap_used, reason = "a bench stops at the first surprise")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use easyscale::time::{Cron, Dates, Instant, Occurrences, StartDays, TimeOfDay, WeekTime, Weekdays, Zone};

const NOW: &str = "2026-11-24T12:34:56Z";

fn dates(texts: &[&str]) -> Dates {
    let mut dates = Dates::default();
    for text in texts {
        dates.add(text).unwrap();
    }
    dates
}

fn daily(days: &str, only: Option<&[&str]>, except: &[&str], start: &str, end: &str) -> Occurrences {
    let only = only.map(dates);
    let days = StartDays::new(
        Weekdays::parse(days).unwrap(),
        only.as_ref(),
        Weekdays::NONE,
        &dates(except),
    );
    Occurrences::daily(
        days,
        TimeOfDay::parse(start).unwrap(),
        TimeOfDay::parse(end).unwrap(),
    )
}

fn cron(pattern: &str, length: u32) -> Occurrences {
    let days = StartDays::weekly(Weekdays::DAILY);
    Occurrences::cron(&Cron::parse(pattern).unwrap(), &days, length)
}

fn once(from: &str, until: &str) -> Occurrences {
    Occurrences::once(Instant::parse(from).unwrap(), Instant::parse(until).unwrap())
}

/// Twenty windows of all forms, from text.
fn twenty() -> Vec<Occurrences> {
    let holidays = [
        "12-24..12-26",
        "01-01",
        "05-01",
        "2026-04-03",
        "2026-04-06",
        "2027-03-26",
    ];
    let mut windows = Vec::new();
    for hour in ["06:00", "07:30", "08:00", "09:15"] {
        windows.push(daily("weekdays", None, &[], hour, "18:00"));
        windows.push(daily("Mon-Thu", None, &holidays, hour, "22:00"));
        windows.push(daily(
            "daily",
            Some(&["2026-11-27..2026-11-30", "12-20..01-06"]),
            &[],
            hour,
            "24:00",
        ));
    }
    windows.push(daily("Fri", None, &[], "22:00", "06:00"));
    windows.push(daily("weekends", None, &[], "00:00", "24:00"));
    let time = |text: &str| WeekTime::parse(text).unwrap();
    windows.push(Occurrences::weekly(
        time("Fri 20:10"),
        time("Mon 10:10"),
        Weekdays::NONE,
        &dates(&holidays),
    ));
    windows.push(once("2026-11-27T00:00Z", "2026-11-30T00:00Z"));
    windows.push(cron("30 8 * * MON-FRI", 5400));
    windows.push(cron("*/15 9-17 * * *", 900));
    windows.push(cron("0 0 1 * *", 86_400));
    windows.push(cron("0 22 13 * FRI", 7200));
    windows
}

fn compile(bencher: &mut Criterion) {
    assert_eq!(twenty().len(), 20);
    bencher.bench_function("make 20 windows of all forms from text", |bencher| {
        bencher.iter(twenty);
    });
}

fn next_edge(bencher: &mut Criterion) {
    let at = Instant::parse(NOW).unwrap();
    let berlin = Zone::parse("Europe/Berlin").unwrap();
    let rarest = daily("Sun", Some(&["02-29"]), &[], "02:30", "04:00");
    let after_all = Instant::parse("9990-01-01T00:00Z").unwrap();
    let cases = [
        (
            "weekdays 16:00-18:00",
            daily("weekdays", None, &[], "16:00", "18:00"),
            at,
        ),
        ("weekly span with exceptions", twenty().swap_remove(14), at),
        (
            "every 15 minutes of the day, as one",
            cron("*/15 9-17 * * *", 900),
            at,
        ),
        ("29 February on a Sunday", rarest.clone(), at),
        ("29 February on a Sunday, none left", rarest, after_all),
        (
            "a range thousands of years ahead",
            daily("daily", Some(&["9999-12-24..9999-12-26"]), &[], "01:00", "02:00"),
            at,
        ),
        ("open for ever, minute by minute", cron("* * * * *", 60), at),
        ("touching each Monday", cron("0 8 * * MON-FRI", 3 * 86_400), at),
    ];
    for (name, window, at) in cases {
        bencher.bench_function(&format!("next edge: {name}"), |bencher| {
            bencher.iter(|| black_box(&window).phase(&berlin, black_box(at)));
        });
    }
}

criterion_group!(windows, compile, next_edge);
criterion_main!(windows);
