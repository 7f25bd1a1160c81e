//! From what is written of a rule to the rule.

use super::check::Checker;
use super::codes;
use super::name;
use super::problem::Problem;
use super::rule::{Rule, Target, Window};
use super::scope::Scope;
use super::settings::Settings;
use super::source::Mark;
use super::spec;
use super::stack::Written;

/// A rule as far as it could be read, for looking at it beside others.
pub(super) struct Read {
    pub(super) name: Option<(String, Mark)>,
    pub(super) target: Option<(Target, Mark)>,
    /// Only a rule without a mistake.
    pub(super) rule: Option<Rule>,
    /// The names of the rule's windows.
    pub(super) windows: Vec<Mark>,
    /// Whether a window of it reads its days and times in the zone of the settings.
    pub(super) uses_default_zone: bool,
}

/// Whether a problem is that a rule is not whole, which may be the fault of a file that cannot be read.
pub(super) fn is_lacking(problem: &Problem) -> bool {
    problem.code == codes::MISSING_KEY && problem.message.starts_with(spec::RULE.what)
}

/// Reads one rule.
pub(super) fn read(
    written: Written<'_>,
    scope: &Scope,
    settings: &Settings,
    check: &mut Checker<'_>,
) -> Read {
    let errors = check.errors();
    let Written {
        name,
        span,
        document,
        form,
        node,
        is_sound,
        near,
    } = written;
    if document.is_none() {
        name::check(&name, "name of the rule", name::Form::Subdomain, span, check);
    }
    let own = document.as_ref().and_then(|document| document.namespace.as_ref());
    let namespace = own
        .map(|(namespace, _)| namespace.as_str())
        .or(settings.namespace.as_deref());
    let spec = spec::read(&node, form, namespace, near.as_deref(), settings, check);
    let mark = check.mark(span);
    let name = (!name.is_empty()).then_some(name);
    let is_sound =
        is_sound && check.errors() == errors && document.as_ref().is_none_or(|document| document.is_sound);
    let mut read = Read {
        name: name.clone().map(|name| (name, mark.clone())),
        target: None,
        rule: None,
        windows: Vec::new(),
        uses_default_zone: false,
    };
    let Some(spec) = spec else {
        return read;
    };
    read.windows = spec.schedule.iter().map(|sound| check.mark(sound.name)).collect();
    read.uses_default_zone = spec.uses_default_zone;
    read.target = spec
        .target
        .clone()
        .map(|(target, span)| (target, check.mark(span)));
    if let (Some(name), Some((target, _)), true) = (name, spec.target, is_sound) {
        // Collected in place, it would keep the room of what windows were read into.
        let mut schedule: Vec<Window> = Vec::with_capacity(spec.schedule.len());
        schedule.extend(spec.schedule.into_iter().map(|sound| sound.window));
        read.rule = Some(Rule {
            name: scope.identity(&name),
            scope: scope.clone(),
            place: mark.place,
            labels: document.map(|document| document.labels).unwrap_or_default(),
            target,
            schedule,
            default: spec.default,
            limits: spec.limits,
            wake: spec.wake,
            cooldown: spec.cooldown,
            stagger: spec.stagger,
        });
    }
    read
}
