//! Problems in SARIF 2.1.0, the exchange format of checkers: GitHub code scanning and editors read it.

use serde_json::{Value, json};

use super::pages;
use super::region::{Region, Spot};
use super::title;
use crate::policy::{Problem, Severity, Sources};
use crate::report::escape::json_escaped;

/// A log with one run: all problems, and a rule for each code that occurs.
#[must_use]
pub fn sarif(problems: &[Problem], sources: &Sources) -> String {
    let mut codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let rules: Vec<Value> = codes.iter().map(|code| rule(code)).collect();
    let results: Vec<Value> = problems
        .iter()
        .map(|problem| result(problem, &codes, sources))
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "easyscale",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                },
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    json_escaped(format!("{log:#}\n"))
}

fn rule(code: &str) -> Value {
    let level = match code.as_bytes().first() {
        Some(b'W') => "warning",
        Some(b'N') => "note",
        _ => "error",
    };
    let mut rule = json!({
        "id": code,
        "name": name(title(code)),
        "shortDescription": { "text": title(code) },
        "defaultConfiguration": { "level": level },
    });
    if let Some(page) = pages::page(code) {
        rule["fullDescription"] = json!({ "text": page.meaning() });
        rule["help"] = json!({ "text": page.plain(), "markdown": page.text });
    }
    rule
}

/// `an unknown key` as `AnUnknownKey`.
fn name(title: &str) -> String {
    let words = title.split(|character: char| !character.is_ascii_alphanumeric());
    words
        .filter_map(|word| {
            let (first, rest) = word.split_at_checked(1)?;
            Some(first.to_ascii_uppercase() + rest)
        })
        .collect()
}

fn result(problem: &Problem, codes: &[&str], sources: &Sources) -> Value {
    let level = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let text = match &problem.hint {
        Some(hint) => format!("{}\nhint: {hint}", problem.message),
        None => problem.message.clone(),
    };
    let mut result = json!({
        "ruleId": problem.code,
        "ruleIndex": codes.iter().position(|code| *code == problem.code),
        "level": level,
        "message": { "text": text },
        "locations": location(&Spot::of(problem, sources)).into_iter().collect::<Vec<_>>(),
    });
    let related: Vec<Value> = problem
        .also
        .iter()
        .enumerate()
        .filter_map(|(id, (mark, label))| {
            let mut place = location(&Spot::of_mark(mark, sources))?;
            place["id"] = json!(id + 1);
            place["message"] = json!({ "text": label });
            Some(place)
        })
        .collect();
    if !related.is_empty() {
        result["relatedLocations"] = json!(related);
    }
    result
}

fn location(spot: &Spot<'_>) -> Option<Value> {
    Some(match spot {
        Spot::Nowhere => return None,
        Spot::Named(name) => json!({ "logicalLocations": [{ "name": name, "kind": "variable" }] }),
        Spot::File(file) => json!({ "physicalLocation": { "artifactLocation": artifact(file) } }),
        Spot::Region(file, region) => {
            let Region {
                line,
                column,
                end_line,
                end_column,
            } = region;
            json!({
                "physicalLocation": {
                    "artifactLocation": artifact(file),
                    "region": {
                        "startLine": line,
                        "startColumn": column,
                        "endLine": end_line,
                        "endColumn": end_column,
                    },
                },
            })
        }
    })
}

/// A path as a URI: relative ones belong to the root of the sources.
fn artifact(path: &str) -> Value {
    let plain = path.strip_prefix("./").unwrap_or(path);
    let mut uri = String::new();
    for byte in plain.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    if plain.starts_with('/') {
        json!({ "uri": format!("file://{uri}") })
    } else {
        json!({ "uri": uri, "uriBaseId": "%SRCROOT%" })
    }
}

#[cfg(test)]
mod tests {
    use super::{artifact, name, sarif};
    use crate::policy::check;

    #[test]
    fn places_are_those_of_the_text() {
        let text = "calendars: {é: {dates: [x]}, é: 1}\n";
        let loaded = check(vec![("a b/ü.yaml".to_owned(), text.to_owned())]);
        let log: serde_json::Value =
            serde_json::from_str(&sarif(&loaded.problems, &loaded.sources)).expect("it is JSON");
        let run = &log["runs"][0];
        let first = &run["results"][0];
        assert_eq!(first["ruleId"], "E0403");
        let place = &first["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "a%20b/%C3%BC.yaml");
        assert_eq!(
            place["region"],
            serde_json::json!({"startLine": 1, "startColumn": 25, "endLine": 1, "endColumn": 26})
        );
        let second = &run["results"][1];
        assert_eq!(second["ruleId"], "E0102");
        let related = &second["relatedLocations"][0];
        assert_eq!(related["physicalLocation"]["region"]["startColumn"], 13);
        for result in run["results"].as_array().expect("a list") {
            let index = result["ruleIndex"].as_u64().expect("a number");
            let index = usize::try_from(index).expect("a small one");
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        }
    }

    #[test]
    fn names_and_addresses() {
        assert_eq!(name("a bound of `default`"), "ABoundOfDefault");
        assert_eq!(artifact("./x.yaml")["uri"], "x.yaml");
        assert_eq!(artifact("/x.yaml")["uri"], "file:///x.yaml");
    }
}
