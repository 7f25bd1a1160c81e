//! A small language for examples: a schedule as people write it, and what is seen of it at which instants.

use easyscale::engine::{Base, Decision, Setter, decide};
use easyscale::policy::{self, Loaded, Rule};
use easyscale::time::Instant;

/// A rule under observation, on a target with an autoscaler whose own bounds are 1 and 4.
pub(crate) struct Schedule(Rule);

const BASE: Base = Base::Autoscaler {
    floor: Some(1),
    ceiling: Some(4),
};

/// The items of a `schedule` in flow style: `{name: peak, timeStart: "16:00", replicas: 5}`.
pub(crate) fn schedule<const N: usize>(windows: [&str; N]) -> Schedule {
    rule(&format!(
        "schedule:\n{}",
        windows.map(|window| format!("    - {window}\n")).concat()
    ))
}

/// One window, which asks for 5 replicas.
pub(crate) fn window(when: &str) -> Schedule {
    schedule([&format!("{{name: window, {when}, replicas: 5}}")])
}

/// What stands below `spec`, beside the target.
pub(crate) fn rule(spec: &str) -> Schedule {
    rule_beside("", spec)
}

/// The same in a file that has a document of settings too.
pub(crate) fn rule_beside(settings: &str, spec: &str) -> Schedule {
    let loaded = check(settings, spec);
    assert!(!loaded.has_errors(), "{}", problems(&loaded));
    Schedule(Rule::clone(&loaded.rules[0]))
}

/// Why a window is not accepted: its problems as they are shown.
pub(crate) fn refused(when: &str) -> String {
    let loaded = check("", &format!("schedule:\n    - {{name: window, {when}}}\n"));
    assert!(loaded.has_errors(), "it is accepted: {when}");
    problems(&loaded)
}

fn check(settings: &str, spec: &str) -> Loaded {
    let text = format!(
        "{settings}\n---\napiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {{name: web}}\nspec:\n  \
         target: {{kind: Deployment, name: web, namespace: shop}}\n  {spec}"
    );
    policy::check(vec![("rule.yaml".to_owned(), text)])
}

fn problems(loaded: &Loaded) -> String {
    easyscale::report::problems::text(&loaded.problems, &loaded.sources, false)
}

fn instant(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn just_before(at: Instant) -> Instant {
    Instant::from_unix(at.unix() - 1)
}

impl Schedule {
    fn decide(&self, at: Instant) -> Decision {
        decide(&self.0, &BASE, at)
    }

    /// The windows that set a bound, in the order written.
    fn windows(&self, at: Instant) -> Vec<&str> {
        let decision = self.decide(at);
        let wants = [decision.floor, decision.ceiling, decision.replicas];
        let mut setters: Vec<usize> = wants
            .into_iter()
            .flatten()
            .filter_map(|want| match want.setter {
                Setter::Window(index) => Some(index),
                Setter::Default => None,
            })
            .collect();
        setters.sort_unstable();
        setters.dedup();
        setters
            .into_iter()
            .map(|index| self.0.schedule[index].name.as_str())
            .collect()
    }

    fn is_open(&self, at: Instant) -> bool {
        !self.windows(at).is_empty()
    }

    /// Nothing a second before, a window from then on.
    pub(crate) fn opens(&self, at: &str) -> &Self {
        let at = instant(at);
        assert!(!self.is_open(just_before(at)), "it is open before {at} already");
        assert!(self.is_open(at), "it is not open at {at}");
        assert_eq!(
            self.decide(just_before(at)).until,
            Some(at),
            "the second before tells that"
        );
        self
    }

    /// A window a second before, nothing from then on.
    pub(crate) fn closes(&self, at: &str) -> &Self {
        let at = instant(at);
        assert!(self.is_open(just_before(at)), "it is closed before {at} already");
        assert!(!self.is_open(at), "it is open at {at}");
        assert_eq!(
            self.decide(just_before(at)).until,
            Some(at),
            "the second before tells that"
        );
        self
    }

    pub(crate) fn open_at(&self, at: &str) -> &Self {
        assert!(self.is_open(instant(at)), "it is closed at {at}");
        self
    }

    pub(crate) fn closed_at(&self, at: &str) -> &Self {
        assert!(!self.is_open(instant(at)), "it is open at {at}");
        self
    }

    /// Nothing else happens in between: these are all the changes in `(from, until)`.
    pub(crate) fn changes_only_at<const N: usize>(
        &self,
        from: &str,
        until: &str,
        expected: [&str; N],
    ) -> &Self {
        let until = instant(until);
        let next = |at: Instant| self.decide(at).until.filter(|next| *next < until);
        let found = std::iter::successors(next(instant(from)), |at| next(*at));
        let found: Vec<String> = found.map(|at| at.to_string()).collect();
        assert_eq!(found, expected.map(|at| instant(at).to_string()));
        self
    }

    /// Which windows set the bounds.
    pub(crate) fn by<const N: usize>(&self, at: &str, windows: [&str; N]) -> &Self {
        assert_eq!(self.windows(instant(at)), windows, "at {at}");
        self
    }

    /// Floor and ceiling that the autoscaler gets: its own where nothing is asked.
    pub(crate) fn bounds(&self, at: &str, floor: u32, ceiling: u32) -> &Self {
        let decision = self.decide(instant(at));
        assert_eq!(decision.replicas, None, "it sleeps at {at}");
        let found = (
            decision.floor.map_or(1, |want| want.value),
            decision.ceiling.map_or(4, |want| want.value),
        );
        assert_eq!(found, (floor, ceiling), "at {at}");
        self
    }

    /// What a target without autoscaler gets that has `original` of its own.
    pub(crate) fn replicas(&self, at: &str, original: u32, expected: u32) -> &Self {
        let decision = decide(&self.0, &Base::Scale(Some(original)), instant(at));
        let found = decision.replicas.map_or(original, |want| want.value);
        assert_eq!(found, expected, "at {at}");
        self
    }

    pub(crate) fn sleeps_at(&self, at: &str) -> &Self {
        let decision = self.decide(instant(at));
        assert_eq!(decision.replicas.map(|want| want.value), Some(0), "at {at}");
        self
    }
}
