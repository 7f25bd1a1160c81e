//! `easyscale generate`: a file of rules, from answers or from what another tool was told.
//!
//! Here is only asking (`ask`), looking for workloads to offer (`offer`), for rules that are there already (`neighbours`)
//! and for what the cluster would say (`foresee`), reading an export (`from`) and writing (`file`); what a rule then says is [`crate::draft`]'s.

mod ask;
mod file;
mod foresee;
mod from;
mod neighbours;
mod offer;

use std::sync::Arc;

use anyhow::Context as _;

use super::args::GenerateArgs;
use super::exit::Exit;
use super::load;
use super::printer::Printer;
use super::timeline;
use crate::draft::Answers;
use crate::engine::{self, Segment};
use crate::policy::{self, Rule};
use crate::report::{self, timeline::Timeline};
use crate::time::{Instant, Zone};
use ask::{Answer, Stopped};
use file::Place;

const EXAMPLE: &str = "for example: easyscale generate --target deployment/shop/checkout --weekdays 16:00-18:00=5..20 \
                       --timezone Europe/Berlin; on a terminal it asks for what is missing";

pub(super) async fn run(args: GenerateArgs, printer: Printer) -> anyhow::Result<Exit> {
    if args.from.is_some() {
        return from::run(args, printer);
    }
    let asks = is_incomplete(&args);
    if asks && !printer.can_ask() {
        printer.error(
            &format!(
                "there is no terminal to ask on, and these are missing: {}",
                missing(&args)
            ),
            Some(EXAMPLE),
        );
        return Ok(Exit::Failed);
    }
    match write(args, asks, printer).await {
        Ok(exit) => Ok(exit),
        Err(Stopped::ByPerson) => {
            printer.talk("Nothing was written.\n");
            Ok(Exit::Failed)
        }
        Err(Stopped::Failed(error)) => Err(error),
    }
}

fn has_windows(args: &GenerateArgs) -> bool {
    let GenerateArgs {
        weekdays,
        weekends,
        daily,
        days,
        dates,
        ..
    } = args;
    [weekdays, weekends, daily, days, dates]
        .iter()
        .any(|asked| !asked.is_empty())
}

fn is_incomplete(args: &GenerateArgs) -> bool {
    args.target.is_none() || lacks_zone(args) || !has_windows(args) && args.default.is_none()
}

/// A `default` alone holds at all times, whatever the clock says.
fn lacks_zone(args: &GenerateArgs) -> bool {
    args.timezone.is_none() && (has_windows(args) || args.default.is_none())
}

fn missing(args: &GenerateArgs) -> String {
    let mut missing = Vec::new();
    if args.target.is_none() {
        missing.push("--target");
    }
    if !has_windows(args) && args.default.is_none() {
        missing.push("--weekdays (or --weekends, --daily, --days, --dates, --default)");
    }
    if lacks_zone(args) {
        missing.push("--timezone");
    }
    missing.join(", ")
}

async fn write(args: GenerateArgs, asks: bool, printer: Printer) -> Answer<Exit> {
    let has_windows = has_windows(&args);
    let lacks_zone = lacks_zone(&args);
    let GenerateArgs {
        from: _,
        target,
        weekdays,
        weekends,
        daily,
        days,
        dates,
        default,
        timezone,
        name,
        file,
        cluster,
        context,
        at,
    } = args;
    let at = at.unwrap_or_else(load::now);
    let mut place = file.map(Place::new).transpose()?;
    if let Some(place) = &place {
        place.check_free()?;
    }
    let target = match target {
        Some(target) => target,
        None => ask::target(&offer::workloads(cluster.as_deref(), context, printer).await?)?,
    };
    let asked = [weekdays, weekends, daily, days, dates].concat();
    let mut answers = Answers {
        name: name.unwrap_or_else(|| target.name.clone()),
        target,
        zone: timezone.unwrap_or_else(Zone::utc),
        asked,
        default,
    };
    let ask_windows = !has_windows && answers.default.is_none();
    if ask_windows {
        answers.asked = ask::windows()?;
        answers.default = ask::default()?;
    }
    if lacks_zone {
        answers.zone = ask::zone(Zone::of_this_machine())?;
    }
    let draft = loop {
        match answers.draft() {
            Ok(draft) => break draft,
            Err(unusable) => {
                printer.error(&unusable.message, unusable.hint.as_deref());
                if !ask_windows {
                    return Ok(Exit::Failed);
                }
                printer.talk("Once more, please:\n");
                answers.asked = ask::windows()?;
                answers.default = ask::default()?;
            }
        }
    };
    let place = match place.take() {
        Some(place) => place,
        None => {
            let usual = Place::in_policies(&draft.name)?;
            if asks && usual.check_free().is_err() {
                ask::place(&usual)?
            } else {
                usual.check_free()?;
                usual
            }
        }
    };
    let text = crate::draft::text(&draft);
    let loaded = policy::check(vec![(place.to_string(), text.clone())]);
    show_week(loaded.rules.clone(), at, printer)?;
    foresee::tell(&draft, &loaded, cluster.as_deref(), at, printer).await?;
    neighbours::tell(std::slice::from_ref(&draft), &place, printer);
    if asks && !ask::confirm(&format!("Write it to {place}?"))? {
        return Err(Stopped::ByPerson);
    }
    place.write(&text, printer)?;
    place.tell_next(cluster.as_deref(), printer);
    Ok(Exit::Done)
}

/// Seconds that are looked ahead for the first window: a 29th of February comes within eight years.
const HORIZON: i64 = 3_660 * 86_400;

/// The week that the rule means, as its own reader understands it: this one, or the first in which a window is open.
fn show_week(rules: Vec<Arc<Rule>>, at: Instant, printer: Printer) -> anyhow::Result<()> {
    const WHY: &str = "cannot show the week";
    let mut week = timeline::week(rules.clone(), at).context(WHY)?;
    let is_open = |segment: &Segment| !segment.windows().is_empty();
    if !week.rows.iter().any(|row| row.segments.iter().any(is_open)) {
        let until = Instant::from_unix(at.unix() + HORIZON);
        let first = |rule: &Arc<Rule>| {
            let ahead = engine::timeline(rule, week.until, until);
            let open = ahead.into_iter().find(is_open)?;
            Some((open.from, report::timeline::display_zone(rule)))
        };
        if let Some((opens, zone)) = rules.iter().filter_map(first).min_by_key(|(opens, _)| *opens) {
            printer.talk(&format!(
                "No window is open in the next seven days. The first one opens on {}, so this is the week from then \
                 on:\n\n",
                zone.local(opens)
            ));
            week = Timeline {
                at,
                ..timeline::week(rules, opens).context(WHY)?
            };
        }
    }
    report::timeline::text(&week, printer.can_ask()).for_each(|piece| printer.talk(&piece));
    printer.talk("\n");
    Ok(())
}
