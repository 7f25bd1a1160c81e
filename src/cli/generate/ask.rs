//! The questions. The only place that names `inquire`.
//!
//! Questions are in plain words, have an answer that Enter gives where there is a sensible one, and say what is wrong
//! with an answer while it can still be mended. Esc and Ctrl-C end them.

use inquire::list_option::ListOption;
use inquire::validator::{StringValidator, Validation};
use inquire::{Confirm, InquireError, MultiSelect, Select, Text};

use super::file::Place;
use super::offer::Offer;
use crate::cli::values;
use crate::draft::{Asked, Copies, Hours};
use crate::policy::Target;
use crate::report::printable;
use crate::time::{WEEKDAY_NAMES, Weekdays, Zone};

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The person does not want to go on.
    ByPerson,
    Failed(anyhow::Error),
}

pub(super) type Answer<T> = Result<T, Stopped>;

impl From<InquireError> for Stopped {
    fn from(error: InquireError) -> Self {
        match error {
            InquireError::OperationCanceled | InquireError::OperationInterrupted => Self::ByPerson,
            error => Self::Failed(anyhow::anyhow!("cannot ask: {error}")),
        }
    }
}

impl From<anyhow::Error> for Stopped {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

const TARGET: &str =
    "deployment/shop/checkout, statefulset/… or hpa/…, as `kubectl get deployments -A` shows it";
const ANOTHER: &str = "another one: type its name";

/// Which workload it is.
pub(super) fn target(offers: &[Offer]) -> Answer<Target> {
    const QUESTION: &str = "What do you want to scale?";
    if !offers.is_empty() {
        let mut lines: Vec<String> = offers
            .iter()
            .map(|offer| printable(&offer.line).into_owned())
            .collect();
        lines.push(ANOTHER.to_owned());
        let chosen = Select::new(QUESTION, lines)
            .with_help_message("arrow keys and Enter; type to search; Esc to leave")
            .raw_prompt()?;
        if let Some(offer) = offers.get(chosen.index) {
            return Ok(offer.target.clone());
        }
    }
    let text = Text::new("Kind, namespace and name of what you want to scale:")
        .with_help_message(TARGET)
        .with_validator(valid(values::target))
        .prompt()?;
    again(values::target(&text))
}

/// When how many copies are needed: one window or more.
pub(super) fn windows() -> Answer<Vec<Asked>> {
    let mut windows = vec![window()?];
    while Confirm::new("Another time with another number?")
        .with_default(false)
        .prompt()?
    {
        windows.push(window()?);
    }
    Ok(windows)
}

fn window() -> Answer<Asked> {
    const WEEKDAYS: &str = "weekdays, Monday to Friday";
    const WEEKENDS: &str = "weekends, Saturday and Sunday";
    const DAILY: &str = "every day";
    const SOME_DAYS: &str = "other weekdays: choose them";
    const DATES: &str = "certain dates: type them";
    let answer = Select::new(
        "On which days do you want another number of copies?",
        vec![WEEKDAYS, WEEKENDS, DAILY, SOME_DAYS, DATES],
    )
    // Whoever types hours here would search the list for them, and see it empty.
    .without_filtering()
    .with_help_message("arrow keys and Enter; hours come next; Esc to leave")
    .prompt()?;
    let mut dates = Vec::new();
    let days = match answer {
        WEEKDAYS => Weekdays::WORKING,
        WEEKENDS => Weekdays::WEEKEND,
        SOME_DAYS => some_days()?,
        DATES => {
            let text = Text::new("Which dates?")
                .with_help_message(
                    "2026-12-24, 12-24 (every year), 2026-11-27..2026-11-30; several with commas",
                )
                .with_validator(valid(Asked::dates))
                .prompt()?;
            dates = again(Asked::dates(&text))?;
            Weekdays::DAILY
        }
        _ => Weekdays::DAILY,
    };
    let needs_hours = answer == DAILY;
    let hours = hours(needs_hours)?;
    let text = Text::new("How many copies do you need then?")
        .with_help_message("5: at least 5; 5..20: between 5 and 20, as the load asks; 0: asleep")
        .with_validator(valid(Copies::parse))
        .prompt()?;
    Ok(Asked::new(days, dates, hours, again(Copies::parse(&text))?))
}

fn some_days() -> Answer<Weekdays> {
    let names = WEEKDAY_NAMES.to_vec();
    let chosen = MultiSelect::new("Which weekdays?", names)
        .without_filtering()
        .with_help_message("arrow keys move, space picks, Enter goes on")
        .with_validator(|chosen: &[ListOption<&&str>]| {
            Ok(if chosen.is_empty() {
                Validation::Invalid("choose one at least, with the space bar".into())
            } else {
                Validation::Valid
            })
        })
        .prompt()?;
    again(Asked::days(&chosen.join(",")))
}

fn hours(required: bool) -> Answer<Option<Hours>> {
    let read = move |text: &str| match text.trim() {
        "" if required => {
            Err("every day and all day is no special time: write hours, such as 16:00-18:00".to_owned())
        }
        "" => Ok(None),
        text => match Asked::hours(text)? {
            None if required => Err("every day and all day is no special time: write other hours".to_owned()),
            hours => Ok(hours),
        },
    };
    let help = if required {
        "16:00-18:00; 22:00-06:00 ends on the next morning"
    } else {
        "16:00-18:00; 22:00-06:00 ends on the next morning; only Enter: the whole day"
    };
    let text = Text::new("From when until when?")
        .with_help_message(help)
        .with_validator(valid(read))
        .prompt()?;
    again(read(&text))
}

/// How many copies at all other times; `None`: whatever it is without the rule.
pub(super) fn default() -> Answer<Option<Copies>> {
    let read = |text: &str| match text.trim() {
        "" => Ok(None),
        text => Copies::parse(text).map(Some),
    };
    let text = Text::new("And how many at all other times?")
        .with_help_message("only Enter: as many as without this rule; or a number, such as 2 or 2..10")
        .with_validator(valid(read))
        .prompt()?;
    again(read(&text))
}

/// Whose clock it is. A part of a name that can only mean one zone is asked about.
pub(super) fn zone(machine: Option<Zone>) -> Answer<Zone> {
    let machine = machine.unwrap_or_else(Zone::utc);
    let known_or_meant = |text: &str| match (values::zone(text), meant(text)) {
        (Err(why), None) => Err(why),
        _ => Ok(()),
    };
    loop {
        let text = Text::new("In which time zone?")
            .with_default(machine.name())
            .with_help_message("continent and city, such as Europe/Berlin; Enter: the one in brackets")
            .with_validator(valid(known_or_meant))
            .prompt()?;
        let Some(zone) = meant(&text) else {
            return again(values::zone(&text));
        };
        if confirm(&format!("Do you mean {}?", zone.name()))? {
            return Ok(zone);
        }
    }
}

/// The one zone that a text that is none can mean.
fn meant(text: &str) -> Option<Zone> {
    let unknown = Zone::parse(text).err().filter(|unknown| !unknown.is_ambiguous)?;
    match unknown.suggestions.as_slice() {
        [name] => Zone::parse(name).ok(),
        _ => None,
    }
}

/// Another file than the usual one.
pub(super) fn place(usual: &Place) -> Answer<Place> {
    let read = |text: &str| {
        let place = Place::new(text.trim().into()).map_err(|error| error.to_string())?;
        place.check_free().map_err(|error| error.to_string())?;
        Ok(place)
    };
    let text = Text::new(&format!("{usual} is there already. Which file instead?"))
        .with_help_message("a new file that ends in .yaml")
        .with_validator(valid(read))
        .prompt()?;
    again(read(&text))
}

/// Yes or no, yes if nothing is typed.
pub(super) fn confirm(question: &str) -> Answer<bool> {
    Ok(Confirm::new(question).with_default(true).prompt()?)
}

/// Tells what is wrong with an answer while it can be mended.
fn valid<T>(read: impl Fn(&str) -> Result<T, String> + Clone + 'static) -> impl StringValidator {
    move |text: &str| {
        Ok(match read(text) {
            Ok(_) => Validation::Valid,
            Err(why) => Validation::Invalid(printable(&why).into_owned().into()),
        })
    }
}

/// What a validator has let pass reads the same once more.
fn again<T>(read: Result<T, String>) -> Answer<T> {
    read.map_err(|why| Stopped::Failed(anyhow::anyhow!(why)))
}
