//! The state of a controller as one page that a person can read: what is wrong first, then what moves, then the rest.
//! Works without scripts, and is never longer than a browser likes.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Write as _;

use super::style::PAGE;
use super::{Status, Waiting};
use crate::plan::{Action, Because, TargetPlan};
use crate::policy::{Problem, Severity, Target};
use crate::report::text::{title, zone};
use crate::report::xml::escaped;
use crate::time::{Instant, Zone, tzdb_version};

/// A page with more targets than this is cut; refused ones have as many places of their own.
const MOST_TARGETS: usize = 200;
/// So many problems of the policy files are shown; who has more mends these first.
const MOST_PROBLEMS: usize = 50;
/// Long enough for a kind, a namespace and a name.
const LONGEST_FILTER: usize = 600;

/// What a person looks for: a part of a target's kind, namespace, name, or rule, in any case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    text: String,
    lowered: String,
}

impl Filter {
    /// What is typed, without blanks around it; empty: everything. Overlong text is cut.
    #[must_use]
    pub fn new(typed: &str) -> Self {
        let text: String = typed.trim().chars().take(LONGEST_FILTER).collect();
        let lowered = text.to_lowercase();
        Self { text, lowered }
    }

    fn matches(&self, plan: &TargetPlan) -> bool {
        self.lowered.is_empty()
            || [plan.target.to_string(), plan.rule.clone()]
                .iter()
                .any(|text| text.to_lowercase().contains(&self.lowered))
    }
}

/// The state as an HTML page.
#[must_use]
pub fn page(status: &Status<'_>, filter: &Filter) -> String {
    let waiting: HashMap<&Target, &Waiting> = status
        .waiting
        .iter()
        .map(|waiting| (&waiting.target, waiting))
        .collect();
    let (refused, mut kept): (Vec<&TargetPlan>, Vec<&TargetPlan>) = status
        .plan
        .targets
        .iter()
        .filter(|plan| filter.matches(plan))
        .partition(|plan| plan.refusal().is_some());
    // What moves, then what somebody should look at, then what moves next.
    kept.sort_by_key(|plan| {
        let moves = plan.changes() || waiting.contains_key(&plan.target);
        let odd = plan.notes.iter().any(|note| note.warning);
        (Reverse(moves), Reverse(odd), plan.until.unwrap_or(Instant::MAX))
    });
    let mut out = String::new();
    head(&mut out, status);
    policy(&mut out, status);
    standing(&mut out, status);
    search(&mut out, filter);
    left_alone(&mut out, &refused);
    targets(&mut out, &kept, &waiting, filter, refused.is_empty());
    foot(&mut out);
    out
}

fn head(out: &mut String, status: &Status<'_>) {
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"refresh\" content=\"60\">\n\
         <title>easyscale on {cluster}</title>\n<style>\n{PAGE}</style>\n</head>\n<body>\n<main>\n\
         <h1>easyscale</h1>\n<p class=\"aside\">On {cluster}, as of {at}.</p>\n",
        cluster = escaped(status.cluster),
        at = time(status.plan.at, &Zone::utc()),
    );
}

fn policy(out: &mut String, status: &Status<'_>) {
    let policy = status.policy;
    if !policy.valid {
        let _ = writeln!(
            out,
            "<p class=\"bad\"><strong>The policy files cannot be used as they are.</strong> The last good ones are still in \
             force, those of {}.</p>",
            time(policy.since, &Zone::utc())
        );
    }
    if policy.problems.is_empty() {
        return;
    }
    out.push_str("<section>\n<h2>Problems of the policy files</h2>\n<ul>\n");
    let mut problems: Vec<&Problem> = policy.problems.iter().collect();
    problems.sort_by_key(|problem| problem.severity);
    for problem in problems.iter().take(MOST_PROBLEMS) {
        let class = match problem.severity {
            Severity::Error => "bad",
            Severity::Warning | Severity::Note => "odd",
        };
        let _ = write!(
            out,
            "<li class=\"{class}\"><span class=\"tag\">{} {}</span> {}",
            problem.severity,
            problem.code,
            escaped(&problem.message)
        );
        if let Some(source) = problem.source() {
            let _ = write!(out, "<small>{}</small>", escaped(&source));
        }
        if let Some(hint) = &problem.hint {
            let _ = write!(out, "<small>hint: {}</small>", escaped(hint));
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ul>\n");
    left_out(
        out,
        problems.len(),
        MOST_PROBLEMS,
        "<code>easyscale validate</code> tells all",
    );
    out.push_str("</section>\n");
}

fn standing(out: &mut String, status: &Status<'_>) {
    let summary = status.plan.summary();
    let writes = match (status.dry_run, status.leading) {
        (true, _) => "nobody here: this is a dry run, which writes nothing".to_owned(),
        (false, None) => "this process; there is no election".to_owned(),
        (false, Some(true)) => "this process, the leader".to_owned(),
        (false, Some(false)) => match status.holder {
            Some(holder) => format!("{}; this process waits to take over", escaped(holder)),
            None => "nobody yet: the election is not over".to_owned(),
        },
    };
    let next = status
        .next_change()
        .map_or_else(|| "none".to_owned(), |next| time(next, &Zone::utc()));
    let _ = write!(
        out,
        "<dl>\n<dt>Targets</dt><dd>{} to change, {} as they should be, {} left alone</dd>\n\
         <dt>Who writes</dt><dd>{writes}</dd>\n<dt>Next change by the rules</dt><dd>{next}</dd>\n\
         <dt>Rules in use since</dt><dd>{}</dd>\n<dt>Instance</dt><dd>{}</dd>\n</dl>\n",
        summary.change,
        summary.unchanged,
        summary.refused,
        time(status.policy.since, &Zone::utc()),
        escaped(status.instance),
    );
}

fn search(out: &mut String, filter: &Filter) {
    let _ = writeln!(
        out,
        "<form action=\"/\" method=\"get\" role=\"search\"><input type=\"search\" name=\"q\" value=\"{}\" \
         aria-label=\"Part of a target or rule\" placeholder=\"Part of a target or rule\"/><button>Show</button></form>",
        escaped(&filter.text)
    );
    if !filter.text.is_empty() {
        let _ = writeln!(
            out,
            "<p>Only what has “{}” in its name or rule. <a href=\"/\">Show all</a></p>",
            escaped(&filter.text)
        );
    }
}

fn left_alone(out: &mut String, refused: &[&TargetPlan]) {
    if refused.is_empty() {
        return;
    }
    out.push_str("<section>\n<h2>Left alone</h2>\n<ul>\n");
    for plan in refused.iter().take(MOST_TARGETS) {
        let Some(refusal) = plan.refusal() else { continue };
        let _ = writeln!(
            out,
            "<li class=\"bad\"><strong>{}</strong> <span class=\"tag\">{}</span><div>{}</div><small>hint: {}</small>{}</li>",
            escaped(&plan.target.to_string()),
            refusal.code.as_str(),
            escaped(&refusal.message),
            escaped(&refusal.hint),
            rule(plan),
        );
    }
    out.push_str("</ul>\n");
    left_out(
        out,
        refused.len(),
        MOST_TARGETS,
        "look for one by its name, or see <a href=\"/status\">/status</a>",
    );
    out.push_str("</section>\n");
}

fn targets(
    out: &mut String,
    kept: &[&TargetPlan],
    waiting: &HashMap<&Target, &Waiting>,
    filter: &Filter,
    nothing_refused: bool,
) {
    if kept.is_empty() {
        if nothing_refused {
            let word = if filter.text.is_empty() {
                "No rule names a target."
            } else {
                "Nothing matches."
            };
            let _ = writeln!(out, "<p>{word}</p>");
        }
        return;
    }
    out.push_str(
        "<section>\n<h2>Targets</h2>\n<table>\n<thead><tr><th scope=\"col\">Target</th><th scope=\"col\">Min</th>\
         <th scope=\"col\">Max</th><th scope=\"col\">Replicas</th><th scope=\"col\">Asked by</th>\
         <th scope=\"col\">Until</th></tr></thead>\n<tbody>\n",
    );
    for plan in kept.iter().take(MOST_TARGETS) {
        row(out, plan, waiting.get(&plan.target).copied());
    }
    out.push_str("</tbody>\n</table>\n");
    left_out(
        out,
        kept.len(),
        MOST_TARGETS,
        "look for one by its name, or see <a href=\"/status\">/status</a>",
    );
    out.push_str("</section>\n");
}

fn row(out: &mut String, plan: &TargetPlan, waiting: Option<&Waiting>) {
    let zone = zone(plan).cloned().unwrap_or_else(Zone::utc);
    let _ = write!(out, "<tr><th scope=\"row\">{}", escaped(&title(plan)));
    match (&plan.action, waiting) {
        (_, Some(waiting)) => {
            let until = waiting
                .until
                .map(|until| format!(", until {}", time(until, &zone)));
            let _ = write!(
                out,
                "<small><span class=\"tag\">waits</span>: {}{}</small>",
                escaped(&waiting.why),
                until.unwrap_or_default()
            );
        }
        (Action::Change, None) => out.push_str("<small class=\"tag\">changes</small>"),
        (Action::Restore, None) if plan.from == plan.to => {
            out.push_str("<small class=\"tag\">is let go</small>");
        }
        (Action::Restore, None) => out.push_str("<small class=\"tag\">gets its originals back</small>"),
        (Action::None | Action::Refuse(_), None) => {}
    }
    out.push_str(&rule(plan));
    for note in &plan.notes {
        let word = if note.warning {
            "<span class=\"tag\">warning</span>"
        } else {
            "note"
        };
        let _ = write!(out, "<small>{word}: {}</small>", escaped(&note.message));
    }
    out.push_str("</th>");
    for (label, from, to) in [
        ("Min", plan.from.min_replicas, plan.to.min_replicas),
        ("Max", plan.from.max_replicas, plan.to.max_replicas),
        ("Replicas", plan.from.replicas, plan.to.replicas),
    ] {
        out.push_str(&value(label, from, to));
    }
    let until = plan
        .until
        .map_or_else(|| "–".to_owned(), |until| time(until, &zone));
    let _ = writeln!(
        out,
        "<td class=\"why\" data-label=\"Asked by\">{}</td><td class=\"next\" data-label=\"Until\">{until}</td></tr>",
        why(plan)
    );
}

fn value(label: &str, from: Option<u32>, to: Option<u32>) -> String {
    let text = |value: Option<u32>| value.map_or_else(|| "unset".to_owned(), |value| value.to_string());
    match (from, to) {
        (None, None) => "<td class=\"number empty\"></td>".to_owned(),
        (from, to) if from == to => format!("<td class=\"number\" data-label=\"{label}\">{}</td>", text(to)),
        (from, to) => format!(
            "<td class=\"number\" data-label=\"{label}\">{} → <strong>{}</strong></td>",
            text(from),
            text(to)
        ),
    }
}

/// Who asks for the bounds: each window once, with the place of its first value.
fn why(plan: &TargetPlan) -> String {
    let mut asking: Vec<&Because> = Vec::new();
    for because in &plan.because {
        if !asking.iter().any(|known| known.window == because.window) {
            asking.push(because);
        }
    }
    if asking.is_empty() {
        return "nothing: its own bounds hold".to_owned();
    }
    let each = asking.iter().map(|because| {
        let who = match &because.window {
            Some(window) => format!("window “{}”", escaped(window)),
            None => "the rule’s default".to_owned(),
        };
        format!("{who}<small>{}</small>", escaped(&because.source.to_string()))
    });
    each.collect()
}

fn rule(plan: &TargetPlan) -> String {
    let place = plan.source.as_ref().map_or_else(
        || ", which is gone".to_owned(),
        |source| format!(", {}", escaped(&source.to_string())),
    );
    format!("<small>rule {}{place}</small>", escaped(&plan.rule))
}

/// An instant on a wall clock, and for machines.
fn time(at: Instant, zone: &Zone) -> String {
    format!("<time datetime=\"{at}\">{}</time>", escaped(&zone.local(at)))
}

fn left_out(out: &mut String, all: usize, most: usize, instead: &str) {
    if all > most {
        let _ = writeln!(out, "<p class=\"odd\">… and {} more: {instead}.</p>", all - most);
    }
}

fn foot(out: &mut String) {
    let _ = write!(
        out,
        "<footer>\n<p>“Until” is when the rules ask for something else. The same for programs: <a href=\"/status\">/status</a>, \
         <a href=\"/metrics\">/metrics</a>. This page asks again every minute.</p>\n\
         <p class=\"aside\">easyscale {}, zone rules {}.</p>\n</footer>\n</main>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION"),
        escaped(tzdb_version()),
    );
}
