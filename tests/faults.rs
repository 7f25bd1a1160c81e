//! Servers that misbehave: what a real API server cannot be made to do. Each answer must end in a sentence that
//! says what was being done, what went wrong and what to do, in bounded time, with nothing half done.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "test code: a panic is how a test fails"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a server says to one request.
#[derive(Clone)]
enum Answer {
    /// A status code, further headers, a body.
    Status(u16, &'static str, String),
    /// A good answer that ends in the middle.
    CutHalfWay(String),
    /// The request is read and nothing is ever said.
    Silence,
}

impl Answer {
    fn ok(body: &Value) -> Self {
        Self::Status(200, "", body.to_string())
    }

    /// A `Status` object as the API server sends it.
    fn refusal(code: u16, reason: &str, message: &str) -> Self {
        let body = json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure",
            "reason": reason, "message": message, "code": code,
        });
        Self::Status(code, "", body.to_string())
    }
}

/// A server on loopback: `respond` sees the method, the path and how many requests came before.
struct Server {
    port: u16,
    requests: Arc<AtomicUsize>,
}

impl Server {
    async fn start(respond: impl Fn(&str, &str, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(AtomicUsize::new(0));
        let (respond, counter) = (Arc::new(respond), requests.clone());
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, respond.clone(), counter.clone()));
            }
        });
        Self { port, requests }
    }

    fn count(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Runs the program against it, for one rule on Deployment shop/web in its window.
    async fn run(&self, args: &[&str]) -> Run {
        run_at(&format!("http://127.0.0.1:{}", self.port), args).await
    }
}

async fn serve(
    mut connection: TcpStream,
    respond: Arc<impl Fn(&str, &str, usize) -> Answer + Send + Sync + 'static>,
    counter: Arc<AtomicUsize>,
) {
    while let Some((method, path)) = read_request(&mut connection).await {
        let number = counter.fetch_add(1, Ordering::SeqCst);
        let text = match respond(&method, &path, number) {
            Answer::Status(code, headers, body) => {
                format!(
                    "HTTP/1.1 {code} x\r\ncontent-type: application/json\r\n{headers}content-length: {}\r\n\r\n{body}",
                    body.len()
                )
            }
            Answer::CutHalfWay(body) => {
                let half = &body[..body.len() / 2];
                let text = format!("HTTP/1.1 200 x\r\ncontent-length: {}\r\n\r\n{half}", body.len());
                let _ = connection.write_all(text.as_bytes()).await;
                return;
            }
            Answer::Silence => {
                // Until the other side gives up.
                let _ = connection.read(&mut [0]).await;
                return;
            }
        };
        if connection.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Method and path of the next request, its body read and dropped.
async fn read_request(connection: &mut TcpStream) -> Option<(String, String)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length: ")?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or(0_usize);
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.ok()?;
    let mut words = head.split(' ');
    Some((words.next()?.to_owned(), words.next()?.to_owned()))
}

struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
    took: Duration,
}

async fn run_at(url: &str, args: &[&str]) -> Run {
    run_as(url, &json!({"token": "t"}), args).await
}

async fn run_as(url: &str, user: &Value, args: &[&str]) -> Run {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::SeqCst);
    let folder = std::env::temp_dir().join(format!("easyscale-faults-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
    });
    std::fs::write(folder.join("config"), kubeconfig.to_string()).unwrap();
    let rule = "apiVersion: easyscale.io/v1\nkind: ScalingRule\nmetadata: {name: web}\nspec:\n  target: {kind: Deployment, \
                name: web, namespace: shop}\n  schedule: [{name: peak, timeStart: '16:00', timeEnd: '18:00', \
                minReplicas: 5}]\n";
    std::fs::write(folder.join("rule.yaml"), rule).unwrap();
    let started = Instant::now();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_easyscale"));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("KUBECONFIG", folder.join("config"))
        .args(args)
        .arg(folder.join("rule.yaml"));
    // A controller has no time but now.
    if args.first() != Some(&"run") {
        command.args(["--at", "2026-11-24T17:00:00Z"]);
    }
    let output = command.output().await.unwrap();
    let took = started.elapsed();
    std::fs::remove_dir_all(&folder).unwrap();
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        took,
    }
}

impl Run {
    /// It failed, and said all of this; never a debug dump.
    fn assert_told(&self, words: &[&str]) {
        let told = format!("{}{}", self.stdout, self.stderr);
        assert_eq!(self.code, Some(1), "{told}");
        for word in words {
            assert!(told.contains(word), "{word:?} is not in:\n{told}");
        }
        for dump in ["Status {", "Error(", "panicked"] {
            assert!(!told.contains(dump), "{told}");
        }
    }
}

fn empty_list() -> Answer {
    Answer::ok(&json!({"metadata": {"resourceVersion": "1"}, "items": []}))
}

fn autoscaler() -> Value {
    json!({
        "metadata": {"name": "web", "namespace": "shop", "uid": "u-1", "resourceVersion": "7"},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                 "minReplicas": 2, "maxReplicas": 10},
    })
}

/// A cluster with one autoscaler, on which `patch` is what every patch is answered.
fn cluster_with(patch: Answer) -> impl Fn(&str, &str, usize) -> Answer + Send + Sync + 'static {
    move |method, path, _| match (method, path) {
        ("GET", path) if path.contains("horizontalpodautoscalers/web") => Answer::ok(&autoscaler()),
        ("GET", path) if path.contains("horizontalpodautoscalers") => {
            Answer::ok(&json!({"metadata": {}, "items": [autoscaler()]}))
        }
        ("GET", _) => empty_list(),
        ("PATCH", _) => patch.clone(),
        _ => Answer::ok(&json!({})),
    }
}

#[tokio::test]
async fn who_we_are_and_what_we_may() {
    let server = Server::start(|_, _, _| Answer::refusal(401, "Unauthorized", "Unauthorized")).await;
    server
        .run(&["plan"])
        .await
        .assert_told(&[": Unauthorized", "has the token expired?"]);
    let forbidden = "horizontalpodautoscalers.autoscaling is forbidden: User \"eve\" cannot list resource";
    let server = Server::start(move |_, path, _| {
        if path.contains("configmaps") {
            empty_list()
        } else {
            Answer::refusal(403, "Forbidden", forbidden)
        }
    })
    .await;
    let run = server.run(&["plan"]).await;
    run.assert_told(&[
        "User \"eve\"",
        "apiGroups: [\"autoscaling\"]",
        "verbs: [list]",
        "--namespace",
    ]);
}

#[tokio::test]
async fn a_busy_server_is_asked_again_and_then_reported() {
    let server = Server::start(|method, path, number| {
        if number < 2 {
            return Answer::Status(429, "retry-after: 1\r\n", String::new());
        }
        cluster_with(Answer::ok(&autoscaler()))(method, path, number)
    })
    .await;
    let run = server.run(&["plan"]).await;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(
        run.took >= Duration::from_secs(1),
        "Retry-After is honoured: {:?}",
        run.took
    );
    for (code, words) in [
        (429, "busy"),
        (500, "of its own"),
        (503, "of its own"),
        (504, "of its own"),
    ] {
        let server = Server::start(move |_, _, _| Answer::refusal(code, "Sorry", "try later")).await;
        let run = server.run(&["plan"]).await;
        run.assert_told(&["try later", words]);
        assert!(run.took < Duration::from_secs(60), "{code}: {:?}", run.took);
        assert!(server.count() <= 8, "{code}: {} requests", server.count());
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_left_at_the_deadline() {
    let server = Server::start(|_, _, _| Answer::Silence).await;
    let run = server.run(&["apply", "--deadline", "2s"]).await;
    run.assert_told(&["the deadline was over", "nothing was written", "--deadline"]);
    // A single request would be waited for longer.
    assert!(run.took < Duration::from_secs(25), "{:?}", run.took);
    // The cluster was seen, the write is never answered.
    let server = Server::start(cluster_with(Answer::Silence)).await;
    let run = server.run(&["apply", "--deadline", "5s"]).await;
    run.assert_told(&[
        "1 failed",
        "the deadline of the pass was over",
        "the next pass will see whether it was done",
    ]);
}

#[tokio::test]
async fn nonsense_is_told_as_nonsense() {
    let list = json!({"metadata": {}, "items": [autoscaler()]}).to_string();
    let cut = list.clone();
    let server = Server::start(move |_, _, _| Answer::CutHalfWay(cut.clone())).await;
    server.run(&["plan"]).await.assert_told(&["cannot list", "hint:"]);
    let page = "<html>a login page \u{1b}[31m</html>".to_owned();
    let server = Server::start(move |_, _, _| Answer::Status(200, "", page.clone())).await;
    let run = server.run(&["plan"]).await;
    run.assert_told(&["cannot be understood", "is there a proxy in between?"]);
    assert!(!run.stderr.contains('\u{1b}'), "{:?}", run.stderr);
    let odd = list.replace("\"maxReplicas\":10", "\"maxReplicas\":\"three\"");
    let server = Server::start(move |_, _, _| Answer::Status(200, "", odd.clone())).await;
    server
        .run(&["plan"])
        .await
        .assert_told(&["cannot be understood", "three"]);
}

#[tokio::test]
async fn an_answer_that_is_no_list_is_not_an_empty_one() {
    for answer in [
        json!({}),
        json!({"kind": "Status", "status": "Failure", "message": "from a proxy"}),
    ] {
        let server = Server::start(move |_, path, _| {
            if path.contains("horizontalpodautoscalers") {
                Answer::ok(&answer)
            } else {
                empty_list()
            }
        })
        .await;
        let run = server.run(&["apply"]).await;
        run.assert_told(&["cannot list horizontalpodautoscalers", "cannot be understood"]);
    }
}

#[tokio::test]
async fn pages_end() {
    let page = json!({"metadata": {"continue": "again"}, "items": []});
    let server = Server::start(move |_, _, _| Answer::ok(&page)).await;
    server.run(&["plan"]).await.assert_told(&["its pages never end"]);
    assert!(server.count() < 10, "{} requests", server.count());
    // A list that the server forgets in the middle is asked for once more, from the start.
    let forgotten = Arc::new(AtomicUsize::new(0));
    let server = Server::start(move |method, path, number| {
        if path.contains("continue=") {
            return Answer::refusal(410, "Expired", "The provided continue parameter is too old");
        }
        if path.contains("horizontalpodautoscalers") && forgotten.fetch_add(1, Ordering::SeqCst) == 0 {
            return Answer::ok(&json!({"metadata": {"continue": "more"}, "items": [autoscaler()]}));
        }
        cluster_with(Answer::ok(&autoscaler()))(method, path, number)
    })
    .await;
    let run = server.run(&["plan"]).await;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("1 to change"), "{}", run.stdout);
}

/// Whoever may write objects in one namespace must not decide how much memory easyscale takes.
#[tokio::test]
async fn a_page_that_is_too_heavy_is_asked_for_in_smaller_ones() {
    let of_ours = |most: u32| {
        move |method: &str, path: &str, number: usize| {
            if method != "GET" || !path.contains("horizontalpodautoscalers?") {
                return cluster_with(Answer::ok(&autoscaler()))(method, path, number);
            }
            let limit = path.split("limit=").nth(1).unwrap().split('&').next().unwrap();
            let weight = if limit.parse::<u32>().unwrap() > most {
                9
            } else {
                1
            };
            let mut heavy = autoscaler();
            heavy["metadata"]["annotations"] = json!({"ballast": "x".repeat(weight << 20)});
            let metadata = match path.contains("continue=") {
                true => json!({}),
                false => json!({"continue": "more"}),
            };
            Answer::ok(&json!({"metadata": metadata, "items": [heavy]}))
        }
    };
    let limits = Arc::new(Mutex::new(Vec::new()));
    let seen = limits.clone();
    let server = Server::start(move |method, path, number| {
        if path.contains("horizontalpodautoscalers?") {
            let limit = path.split("limit=").nth(1).unwrap().split('&').next().unwrap();
            seen.lock().unwrap().push(limit.parse::<u32>().unwrap());
        }
        of_ours(20)(method, path, number)
    })
    .await;
    let run = server.run(&["plan"]).await;
    // The same object twice: two pages were read.
    assert!(
        run.stdout.contains("2 HorizontalPodAutoscalers"),
        "{}",
        run.stdout
    );
    // Smaller until it fits, then larger again.
    assert_eq!(*limits.lock().unwrap(), [500, 125, 31, 7, 14]);
    let server = Server::start(of_ours(0)).await;
    server.run(&["plan"]).await.assert_told(&[
        "cannot list horizontalpodautoscalers",
        "a single object is larger than 8 MiB",
    ]);
}

#[tokio::test]
async fn a_login_command_that_hangs_is_left_at_the_deadline() {
    let user = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sleep", "args": ["30"],
        "interactiveMode": "Never",
    }});
    let run = run_as("http://127.0.0.1:9", &user, &["apply", "--deadline", "2s"]).await;
    run.assert_told(&["the deadline was over", "nothing was written"]);
    assert!(run.took < Duration::from_secs(25), "{:?}", run.took);
    let user = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-login", "interactiveMode": "Never",
    }});
    let run = run_as("http://127.0.0.1:9", &user, &["plan"]).await;
    run.assert_told(&["no-such-login", "is it installed"]);
}

#[tokio::test]
async fn a_server_without_tls_or_with_an_unknown_certificate() {
    let server = Server::start(|_, _, _| empty_list()).await;
    let run = run_at(&format!("https://127.0.0.1:{}", server.port), &["plan"]).await;
    run.assert_told(&["cannot list", "hint:"]);
}

#[tokio::test]
async fn what_the_server_says_to_a_write_is_told_per_target() {
    let invalid = "HorizontalPodAutoscaler \"web\" is invalid: spec.minReplicas: Invalid value: 5";
    for (answer, words) in [
        (
            Answer::refusal(422, "Invalid", invalid),
            ["failed", "is invalid: spec.minReplicas"],
        ),
        (
            Answer::refusal(403, "Forbidden", "User \"eve\" cannot patch resource"),
            ["failed", "verbs: [patch]"],
        ),
        (
            Answer::refusal(404, "NotFound", "namespaces \"shop\" not found"),
            ["failed", "\"shop\" not found"],
        ),
        (
            Answer::refusal(500, "InternalError", "etcd is sad \u{1b}[2J"),
            ["failed", "etcd is sad \\u{1b}[2J"],
        ),
    ] {
        let server = Server::start(cluster_with(answer)).await;
        server.run(&["apply", "--no-events"]).await.assert_told(&words);
    }
    // A conflict names the other manager, and is planned again three times at most.
    let conflict = "Apply failed with 1 conflict: conflict with \"argocd-controller\" using autoscaling/v2: .spec.minReplicas";
    let server = Server::start(cluster_with(Answer::refusal(409, "Conflict", conflict))).await;
    let run = server.run(&["apply", "--no-events"]).await;
    run.assert_told(&["failed", "argocd-controller"]);
    assert_eq!(
        server.count(),
        2 + 4 + 3,
        "two lists, four patches, three looks in between"
    );
}

#[tokio::test]
async fn an_event_that_cannot_be_told_does_not_undo_the_change() {
    let server = Server::start(|method, path, number| match method {
        "POST" => Answer::refusal(403, "Forbidden", "no events for you"),
        _ => cluster_with(Answer::ok(&autoscaler()))(method, path, number),
    })
    .await;
    let run = server.run(&["apply"]).await;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(
        run.stderr.contains("not every change could be told") && run.stderr.contains("no events for you")
    );
}

#[tokio::test]
async fn a_cluster_without_autoscaling_v2_is_no_place_to_run() {
    let server = Server::start(|_, path, _| {
        if path.contains("horizontalpodautoscalers") {
            return Answer::refusal(
                404,
                "NotFound",
                "the server could not find the requested resource",
            );
        }
        empty_list()
    })
    .await;
    let run = server
        .run(&["run", "--listen", "127.0.0.1:0", "--no-leader-election"])
        .await;
    run.assert_told(&[
        "does not serve autoscaling/v2",
        "could not find the requested resource",
        "Kubernetes 1.33 or newer",
    ]);
}

#[tokio::test]
async fn a_megabyte_of_annotations_is_read_past() {
    let mut large = autoscaler();
    large["metadata"]["annotations"] = json!({"somebody/notes": "x".repeat(1 << 20)});
    let server = Server::start(move |method, path, number| {
        if path.contains("horizontalpodautoscalers") {
            return Answer::ok(&json!({"metadata": {}, "items": [large]}));
        }
        cluster_with(Answer::ok(&autoscaler()))(method, path, number)
    })
    .await;
    let run = server.run(&["plan"]).await;
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("1 to change"), "{}", run.stdout);
}
