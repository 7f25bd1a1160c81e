//! Names as Kubernetes accepts them (RFC 1123), with a way out for those that it does not.

use super::check::{Checker, Field};
use super::codes;
use super::lookalike;
use super::problem::Problem;
use super::source::Span;
use super::words::quoted;

/// What a name is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A namespace: up to 63 small letters, digits and `-`.
    Label,
    /// Other names: up to 253, also with `.` between parts.
    Subdomain,
}

/// The name under a key, if Kubernetes would accept it.
pub(super) fn read(field: Field<'_>, form: Form, check: &mut Checker<'_>) -> Option<String> {
    let text = field.text(check)?;
    self::check(text, field.name, form, field.node.span, check).then(|| text.to_owned())
}

/// Whether Kubernetes would accept a name; tells if not. `what` is what it is the name of.
pub(super) fn check(text: &str, what: &str, form: Form, span: Span, check: &mut Checker<'_>) -> bool {
    let Some(fault) = fault(text, form) else {
        return true;
    };
    let problem = Problem::error(codes::BAD_NAME, format!("the {what} {} {fault}", quoted(text)));
    let problem = match repaired(text, form) {
        Some(name) => problem.hint(format!("for example {}", quoted(&name))),
        None => problem.hint("for example `checkout-2`"),
    };
    check.report(problem, span);
    false
}

/// What Kubernetes would not accept about a name.
fn fault(text: &str, form: Form) -> Option<String> {
    let (longest, dots) = match form {
        Form::Label => (63, false),
        Form::Subdomain => (253, true),
    };
    if let Some(odd) = text.chars().find(|c| !allowed(*c, dots)) {
        let dots = if dots { ", `-` and `.`" } else { " and `-`" };
        return Some(match odd {
            ' ' => format!("has a blank; names have only small letters, digits{dots}"),
            _ if lookalike::unseen(text).is_some() => {
                format!("has an invisible character; names have only small letters, digits{dots}")
            }
            _ => format!("has `{odd}`; names have only small letters, digits{dots}"),
        });
    }
    if text.len() > longest {
        return Some(format!("is longer than {longest} characters"));
    }
    let ends = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    if !text.split('.').all(ends) {
        return Some("must start and end with a letter or a digit".to_owned());
    }
    None
}

fn allowed(c: char, dots: bool) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || (dots && c == '.')
}

/// The nearest name that would be accepted.
fn repaired(text: &str, form: Form) -> Option<String> {
    let name: String = lookalike::seen(text)
        .chars()
        .take(63)
        .flat_map(char::to_lowercase)
        .map(|c| {
            if allowed(c, form == Form::Subdomain) {
                c
            } else {
                '-'
            }
        })
        .collect();
    let name = name.trim_matches(['-', '.']);
    (!name.is_empty() && fault(name, form).is_none()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Form, fault, repaired};

    #[test]
    fn accepts_what_kubernetes_accepts() {
        for name in ["a", "web-1", "0", "a.b-c.d", &"x".repeat(253)] {
            assert_eq!(fault(name, Form::Subdomain), None, "{name}");
        }
        for name in [
            "",
            "-a",
            "a-",
            "a..b",
            "a.-b",
            "A",
            "a_b",
            "a b",
            "é",
            &"x".repeat(254),
        ] {
            assert!(fault(name, Form::Subdomain).is_some(), "{name}");
        }
        assert!(fault("a.b", Form::Label).is_some());
        assert!(fault(&"x".repeat(64), Form::Label).is_some());
        assert_eq!(fault(&"x".repeat(63), Form::Label), None);
    }

    #[test]
    fn repairs_what_can_be_repaired() {
        assert_eq!(
            repaired("My Service", Form::Subdomain).as_deref(),
            Some("my-service")
        );
        assert_eq!(repaired("checkоut", Form::Subdomain).as_deref(), Some("checkout"));
        assert_eq!(repaired("a.b", Form::Label).as_deref(), Some("a-b"));
        assert_eq!(repaired("___", Form::Label), None);
    }
}
