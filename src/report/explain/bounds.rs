//! Why each bound is what it is: who sets it, where that is written, and what moved it.

use std::cmp::Reverse;

use super::phrase;
use super::{Explained, is_asleep};
use crate::engine::{Activity, Adjusted, Considered, Segment, Setter, Standing, Want};
use crate::policy::{Place, Replicas, Setting, Sourced};

/// One of the two bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    Floor,
    Ceiling,
}

impl Bound {
    pub(super) fn of(self, setting: &Setting) -> Option<&Sourced<Replicas>> {
        match self {
            Self::Floor => setting.floor.as_ref(),
            Self::Ceiling => setting.ceiling.as_ref(),
        }
    }

    pub(super) fn of_considered(self, considered: &Considered) -> Option<Standing> {
        match self {
            Self::Floor => considered.floor,
            Self::Ceiling => considered.ceiling,
        }
    }

    pub(super) fn of_segment(self, segment: &Segment) -> Option<Want> {
        match self {
            Self::Floor => segment.floor,
            Self::Ceiling => segment.ceiling,
        }
    }

    pub(super) fn other(self) -> Self {
        match self {
            Self::Floor => Self::Ceiling,
            Self::Ceiling => Self::Floor,
        }
    }

    /// Whether minimum and maximum crossed, and this one was moved to the other.
    pub(super) fn gives_way(self, segment: &Segment) -> bool {
        let adjusted = self.of_segment(segment).and_then(|want| want.adjusted);
        matches!(adjusted, Some(Adjusted::ToFloor | Adjusted::ToCeiling))
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Floor => "minimum",
            Self::Ceiling => "maximum",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Floor => "Minimum (minReplicas)",
            Self::Ceiling => "Maximum (maxReplicas)",
        }
    }
}

/// Who asks for a bound before anything moves it.
struct Asker<'a> {
    /// `the window "Peak hours" (file:1:2)`, `the default`
    who: String,
    value: Replicas,
    place: &'a Place,
    /// Written as `replicas`.
    sugar: bool,
    /// `default` has none.
    priority: Option<i32>,
}

/// One sentence per bound.
pub(super) fn lines(explained: &Explained<'_>) -> Vec<String> {
    if is_asleep(&explained.now) {
        return vec![asleep(explained)];
    }
    let bounds = [Bound::Floor, Bound::Ceiling];
    let is_left = |bound: Bound| {
        bound.of_segment(&explained.now).is_none() && explained.ramp_from_its_own(bound).is_none()
    };
    if bounds.into_iter().all(is_left) {
        return vec![
            "No open window sets a bound, and no default does. So the target has its own.".to_owned(),
        ];
    }
    bounds.map(|bound| line(explained, bound)).into()
}

fn asleep(explained: &Explained<'_>) -> String {
    let asker = explained
        .now
        .replicas
        .and_then(|want| asker_of(explained, want.setter, Bound::Floor));
    match asker {
        Some(asker) => format!(
            "Asleep: {} asks for `replicas: 0` at {}. Whoever sleeps has neither minimum nor maximum.",
            asker.who,
            phrase::place(asker.place)
        ),
        None => "Asleep.".to_owned(),
    }
}

fn line(explained: &Explained<'_>, bound: Bound) -> String {
    let Some(want) = bound.of_segment(&explained.now) else {
        if let Some(window) = explained.ramp_from_its_own(bound) {
            return format!(
                "{}: on the ramp of {}, somewhere between the target's own and {}.",
                bound.title(),
                phrase::name(window),
                bound.of(&window.sets).map_or(0, |asked| asked.value)
            );
        }
        return format!(
            "{}: no open window sets it, and no default does. So the target's own holds.",
            bound.title()
        );
    };
    let why = match want.adjusted {
        Some(Adjusted::ToFloor | Adjusted::ToCeiling) => moved(explained, bound, want),
        adjusted => asker_of(explained, want.setter, bound)
            .map(|asker| asked(explained, &asker, want, adjusted))
            .unwrap_or_default(),
    };
    format!("{} {}: {why}", bound.title(), want.value)
}

/// The bound is what its setter asks, give or take limits and ramps.
fn asked(explained: &Explained<'_>, asker: &Asker<'_>, want: Want, adjusted: Option<Adjusted>) -> String {
    let what = if asker.sugar {
        format!("`replicas: {}`", asker.value)
    } else {
        asker.value.to_string()
    };
    let plain = format!("{} asks for {what} at {}", asker.who, phrase::place(asker.place));
    let plain = match want.setter {
        Setter::Window(_) => plain,
        Setter::Default => format!("no open window sets it; {plain}"),
    };
    let plain = match adjusted {
        Some(Adjusted::ByLimits) => format!("{plain}; {}", limited(explained, asker.value, want.value)),
        Some(Adjusted::Ramping) => format!("{plain}; {}", ramping(explained, want.setter)),
        _ => plain,
    };
    if asker.sugar {
        format!("{plain}. That is a minimum: an autoscaler may go higher.")
    } else {
        format!("{plain}.")
    }
}

fn limited(explained: &Explained<'_>, asked: Replicas, value: Replicas) -> String {
    let limits = &explained.rule.limits;
    let (limit, word) = if value < asked {
        (limits.max.as_ref(), "at most")
    } else {
        (limits.min.as_ref(), "at least")
    };
    let place = limit.map(|limit| phrase::place(&limit.place)).unwrap_or_default();
    format!("the rule's limits allow {word} {value} ({place})")
}

fn ramping(explained: &Explained<'_>, setter: Setter) -> String {
    let Setter::Window(index) = setter else {
        return "it moves there in steps".to_owned();
    };
    let zone = explained.window(index).map(|window| &window.zone);
    let activity = explained.explanation.windows.get(index).map(|it| it.activity);
    match (activity, zone) {
        (Some(Activity::Opening { full, .. }), Some(zone)) => {
            format!("it moves there in steps until {}", phrase::instant(zone, full))
        }
        (Some(Activity::Closing { gone, .. }), Some(zone)) => {
            format!(
                "that has ended and is taken back in steps until {}",
                phrase::instant(zone, gone)
            )
        }
        _ => "it moves in steps".to_owned(),
    }
}

/// Minimum and maximum crossed, and this one gave way.
fn moved(explained: &Explained<'_>, bound: Bound, want: Want) -> String {
    let other = bound.other();
    let verb = match bound {
        Bound::Floor => "falls",
        Bound::Ceiling => "rises",
    };
    let loser = asker_of(explained, strongest(explained, bound), bound);
    let winner = asker_of(explained, want.setter, other);
    let (Some(loser), Some(winner)) = (loser, winner) else {
        return format!("it {verb} to the {}.", other.word());
    };
    let why = match (winner.priority, loser.priority) {
        (Some(high), Some(low)) if high > low => {
            format!("which has the higher priority ({high} against {low})")
        }
        (Some(_), None) => "and a window counts more than the default".to_owned(),
        (Some(_), Some(_)) => "and at equal priority whoever gives more counts".to_owned(),
        (None, _) => "and then the maximum gives way".to_owned(),
    };
    format!(
        "{} asks for {} at {}, but that goes against the {} of {}, {why}. So the {} {verb} to {}.",
        loser.who,
        loser.value,
        phrase::place(loser.place),
        other.word(),
        winner.who,
        bound.word(),
        want.value
    )
}

/// Who would set a bound if minimum and maximum had not crossed: of the windows that ask for it, the one that the
/// others lose to.
fn strongest(explained: &Explained<'_>, bound: Bound) -> Setter {
    let considered = explained.rule.schedule.iter().zip(&explained.explanation.windows);
    let asking = considered
        .enumerate()
        .filter_map(|(index, (window, considered))| {
            bound.of_considered(considered)?;
            let asked = bound.of(&window.sets)?;
            Some((window.priority, asked.value, Reverse(&window.name), index))
        });
    asking
        .max()
        .map_or(Setter::Default, |(.., index)| Setter::Window(index))
}

fn asker_of<'a>(explained: &Explained<'a>, setter: Setter, bound: Bound) -> Option<Asker<'a>> {
    let (setting, who, priority) = match setter {
        Setter::Window(index) => {
            let window = explained.window(index)?;
            let who = format!(
                "the window {} ({})",
                phrase::name(window),
                phrase::place(&window.place)
            );
            (&window.sets, who, Some(window.priority))
        }
        Setter::Default => (&explained.rule.default, "the default".to_owned(), None),
    };
    let asked = bound.of(setting)?;
    Some(Asker {
        who,
        value: asked.value,
        place: &asked.place,
        sugar: setting.sugar && bound == Bound::Floor,
        priority,
    })
}
