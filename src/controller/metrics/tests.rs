use std::fmt::Write as _;

use super::*;

fn target(name: &str) -> Target {
    Target {
        group: "apps".to_owned(),
        kind: "Deployment".to_owned(),
        namespace: "shop".to_owned(),
        name: name.to_owned(),
    }
}

fn bounds(floor: u32, ceiling: u32) -> Bounds {
    Bounds {
        replicas: None,
        min_replicas: Some(floor),
        max_replicas: Some(ceiling),
    }
}

/// With at least one series of each metric.
fn used() -> Metrics {
    let metrics = Metrics::new(10);
    metrics.failed(FailureKind::Timeout);
    metrics.watch_restarted("horizontalpodautoscalers", "expired");
    metrics.api_request("patch", 200);
    metrics.targets(2);
    metrics.target(&target("web"), "web-peak", bounds(5, 20), bounds(2, 10));
    let scale = Bounds {
        replicas: Some(3),
        ..Bounds::default()
    };
    metrics.target(&target("worker"), "worker", scale, scale);
    metrics
}

fn has(text: &str, line: &str) {
    assert!(text.lines().any(|own| own == line), "no line {line} in\n{text}");
}

#[test]
fn counts() {
    let metrics = used();
    metrics.decided(3);
    metrics.changed(Moved::Raise);
    metrics.refused(Code::TwoRules);
    metrics.refusals(&BTreeMap::from([(Code::TwoRules, 2)]));
    metrics.edge_to_patch(Duration::from_millis(40));
    metrics.next_edge(Some(Instant::from_unix(1_795_000_000)));
    metrics.policy(false, Instant::from_unix(1_794_000_000));
    metrics.reload(false);
    metrics.leader(true);
    metrics.api_request("watch", 0);
    metrics.api_request("get", 999);
    let text = metrics.text();
    for line in [
        "easyscale_decisions_total 3",
        "easyscale_changes_total{action=\"raise\"} 1",
        "easyscale_changes_total{action=\"lower\"} 0",
        "easyscale_refusals_total{code=\"two-rules\"} 1",
        "easyscale_refused_targets{code=\"two-rules\"} 2",
        "easyscale_refused_targets{code=\"owned-by\"} 0",
        "easyscale_failures_total{kind=\"timeout\"} 1",
        "easyscale_failures_total{kind=\"forbidden\"} 0",
        "easyscale_edge_to_patch_seconds_bucket{le=\"0.025\"} 0",
        "easyscale_edge_to_patch_seconds_bucket{le=\"0.05\"} 1",
        "easyscale_next_edge_timestamp_seconds 1795000000.0",
        "easyscale_policy_valid 0",
        "easyscale_policy_loaded_timestamp_seconds 1794000000.0",
        "easyscale_policy_reloads_total{result=\"invalid\"} 1",
        "easyscale_leader 1",
        "easyscale_dry_run 0",
        "easyscale_api_requests_total{verb=\"watch\",code=\"none\"} 1",
        "easyscale_api_requests_total{verb=\"get\",code=\"other\"} 1",
        "easyscale_target_min_replicas_desired{kind=\"Deployment\",namespace=\"shop\",name=\"web\",rule=\"web-peak\"} 5",
        "easyscale_target_max_replicas_observed{kind=\"Deployment\",namespace=\"shop\",name=\"web\",rule=\"web-peak\"} 10",
        "easyscale_target_replicas_desired{kind=\"Deployment\",namespace=\"shop\",name=\"worker\",rule=\"worker\"} 3",
    ] {
        has(&text, line);
    }
    assert!(!text.contains(
        "easyscale_target_min_replicas_desired{kind=\"Deployment\",namespace=\"shop\",name=\"worker\""
    ));
    assert!(text.ends_with("# EOF\n"));
    metrics.next_edge(None);
    has(&metrics.text(), "easyscale_next_edge_timestamp_seconds NaN");
}

#[test]
fn targets_are_bounded_and_leave() {
    let metrics = Metrics::new(2);
    metrics.targets(3);
    for name in ["a", "b", "c"] {
        metrics.target(&target(name), "rule", bounds(1, 2), bounds(1, 2));
    }
    let text = metrics.text();
    has(&text, "easyscale_targets 3");
    has(&text, "easyscale_targets_without_series 1");
    assert!(
        text.contains("name=\"b\"") && !text.contains("name=\"c\""),
        "{text}"
    );
    metrics.forget(&target("a"));
    metrics.targets(2);
    metrics.target(&target("b"), "other", bounds(7, 8), bounds(1, 2));
    metrics.target(&target("c"), "rule", bounds(1, 2), bounds(1, 2));
    let text = metrics.text();
    assert!(
        !text.contains("name=\"a\"") && text.contains("name=\"c\""),
        "{text}"
    );
    assert_eq!(text.matches("name=\"b\",rule=\"other\"").count(), 4, "{text}");
    has(&text, "easyscale_targets_without_series 0");
}

#[test]
fn names_stay_inside_their_quotes() {
    let metrics = Metrics::new(10);
    let name = "x\"} 1\n# EOF\\\u{202e}";
    metrics.target(&target(name), "\\", bounds(1, 2), bounds(1, 2));
    metrics.target(
        &target(&"y".repeat(100_000)),
        &"z".repeat(100_000),
        bounds(1, 2),
        bounds(1, 2),
    );
    let text = metrics.text();
    assert_eq!(text.matches("\n# EOF").count(), 1);
    has(
        &text,
        "easyscale_target_min_replicas_desired{kind=\"Deployment\",namespace=\"shop\",\
         name=\"x\\\"} 1\\n# EOF\\\\\u{202e}\",rule=\"\\\\\"} 1",
    );
    assert!(text.lines().all(|line| line.len() < 1000));
}

#[test]
fn the_page_has_the_registry() {
    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
    let table = table(&used().text());
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (begin, end) = ("| metric | type | labels | |\n", "\n\n");
    let start = page.find(begin).expect("the page has the table");
    let length = page[start..].find(end).expect("something follows it") + 1;
    let now = &page[start..start + length];
    if std::env::var_os("EASYSCALE_BLESS").is_some() {
        std::fs::write(PAGE, page.replace(now, &table)).unwrap();
        return;
    }
    assert_eq!(
        now, table,
        "EASYSCALE_BLESS=1 writes the table of docs/metrics.md anew"
    );
}

/// The metrics that a text has, as the page shows them.
fn table(text: &str) -> String {
    let mut table = "| metric | type | labels | |\n| --- | --- | --- | --- |\n".to_owned();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) else {
            continue;
        };
        let mut kind = "";
        let mut labels: Vec<&str> = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("# HELP") && *line != "# EOF") {
            if let Some(rest) = line.strip_prefix(&format!("# TYPE {name} ") as &str) {
                kind = rest;
            } else if let Some((_, rest)) = line.split_once('{') {
                let found = rest
                    .split("=\"")
                    .filter_map(|part| part.rsplit([',', '{', '"']).next());
                for label in found.filter(|label| label.chars().all(|c| c.is_ascii_lowercase() || c == '_')) {
                    if !label.is_empty() && label != "le" && !labels.contains(&label) {
                        labels.push(label);
                    }
                }
            }
        }
        let suffix = match kind {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        let help = help.trim_end_matches('.');
        let _ = writeln!(
            table,
            "| `{name}{suffix}` | {kind} | {} | {help} |",
            labels.join(", ")
        );
    }
    table
}
