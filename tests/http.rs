//! The controller's HTTP over a real socket: what is where, and that nobody can hold it up.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant as Stopwatch};

use easyscale::controller::health::Health;
use easyscale::controller::http::{bind, serve};
use easyscale::controller::metrics::Metrics;
use easyscale::controller::{Question, Snapshot};
use easyscale::plan::{Autoscaler, Observed, Options, Planner, WorkloadRef};
use easyscale::policy;
use easyscale::report::status::PolicyState;
use easyscale::time::Instant;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// A server on a free port, with something in the place of the loop.
struct Server {
    address: SocketAddr,
    health: Arc<Health>,
    asked: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// What stands in the place of the loop.
#[derive(Clone, Copy)]
enum Loop {
    Answers,
    /// With more than all buffers on the way hold.
    AnswersAtLength,
    HasNothingYet,
    Hangs,
}

impl Server {
    async fn start(role: Loop) -> Self {
        let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let address = listener.local_addr().unwrap();
        let health = Arc::new(Health::new());
        let (questions, asked_for) = mpsc::channel(4);
        let asked = Arc::new(AtomicUsize::new(0));
        tokio::spawn(answer(asked_for, role, Arc::clone(&asked)));
        let (stop, stopped) = oneshot::channel::<()>();
        let metrics = Arc::new(Metrics::new(10));
        let shutdown = async move {
            let _ = stopped.await;
        };
        let task = tokio::spawn(serve(listener, metrics, Arc::clone(&health), questions, shutdown));
        Self {
            address,
            health,
            asked,
            stop: Some(stop),
            task,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.request("GET", path).await
    }

    async fn request(&self, method: &str, path: &str) -> Answer {
        self.raw(&format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            .await
    }

    async fn raw(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // Who is refused early may not be able to send all of it.
        let _ = stream.write_all(request.as_bytes()).await;
        Answer::read(stream).await
    }
}

async fn answer(mut questions: mpsc::Receiver<Question>, role: Loop, asked: Arc<AtomicUsize>) {
    let mut kept = Vec::new();
    while let Some(question) = questions.recv().await {
        asked.fetch_add(1, Ordering::Relaxed);
        match role {
            Loop::Answers => question.answer(snapshot),
            Loop::AnswersAtLength => question.answer(|| Snapshot {
                cluster: "x".repeat(8_000_000),
                ..snapshot()
            }),
            Loop::HasNothingYet => drop(question),
            Loop::Hangs => kept.push(question),
        }
    }
}

fn snapshot() -> Snapshot {
    let loaded = policy::load(&["policies/checkout-peak.yaml".into()]);
    let options = Options {
        instance: "default".to_owned(),
        prune: false,
        namespaces: BTreeSet::new(),
    };
    let observed = Observed {
        autoscalers: vec![Autoscaler {
            namespace: "shop".to_owned(),
            name: "checkout".to_owned(),
            workload: WorkloadRef {
                group: "apps".to_owned(),
                kind: "Deployment".to_owned(),
                name: "checkout".to_owned(),
            },
            floor: Some(2),
            ceiling: 10,
            ..Autoscaler::default()
        }],
        ..Observed::default()
    };
    let at = Instant::parse("2026-11-24T16:30:00Z").unwrap();
    Snapshot {
        at,
        cluster: "context test".to_owned(),
        instance: "default".to_owned(),
        planner: Planner::new(loaded.rules, options),
        observed,
        leading: None,
        holder: None,
        policy: PolicyState {
            valid: true,
            since: at,
            problems: loaded.problems,
        },
        dry_run: true,
        targets_waiting: Vec::new(),
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    async fn read(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        // A connection that is cut ends what was said so far.
        let _ = stream.read_to_end(&mut bytes).await;
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        Self {
            status: head
                .split(' ')
                .nth(1)
                .and_then(|code| code.parse().ok())
                .unwrap_or(0),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }
}

#[tokio::test]
async fn everything_is_where_the_page_says() {
    let server = Server::start(Loop::Answers).await;
    server.health.set_listed();
    server.health.set_supplied();
    server.health.set_policy_valid_once();
    for (path, content_type, says) in [
        (
            "/",
            "text/html; charset=utf-8",
            "HorizontalPodAutoscaler shop/checkout",
        ),
        ("/?q=CHECK", "text/html; charset=utf-8", "2 → <strong>5</strong>"),
        (
            "/?q=nobody+%3Cb%3E",
            "text/html; charset=utf-8",
            "“nobody &lt;b&gt;”",
        ),
        (
            "/status",
            "application/json",
            "\"nextChange\": \"2026-11-24T17:00:00Z\"",
        ),
        (
            "/metrics",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            "easyscale_decisions_total 0\n",
        ),
        ("/healthz", "text/plain; charset=utf-8", "ok\n"),
        ("/readyz", "text/plain; charset=utf-8", "ok\n"),
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert!(
            answer.head.contains(&format!("content-type: {content_type}")),
            "{path}: {answer:?}"
        );
        assert!(answer.body.contains(says), "{path}: {answer:?}");
        for header in [
            "content-security-policy: default-src 'none'",
            "x-content-type-options: nosniff",
            "cache-control: no-store",
            "connection: close",
        ] {
            assert!(
                answer.head.contains(header),
                "{path} lacks {header}: {}",
                answer.head
            );
        }
        let length = format!("content-length: {}", answer.body.len());
        let head = server.request("HEAD", path).await;
        assert!(head.status == 200 && head.body.is_empty(), "{path}: {head:?}");
        assert!(head.head.contains(&length), "{path}: {head:?}");
    }
    let json: serde_json::Value = serde_json::from_str(&server.get("/status").await.body).unwrap();
    assert_eq!(json["controller"]["dryRun"], true);
    assert_eq!(json["targets"][0]["to"]["minReplicas"], 5);
}

#[tokio::test]
async fn what_is_not_there_is_said_in_words() {
    let server = Server::start(Loop::Answers).await;
    let nowhere = server.get("/favicon.ico").await;
    assert!(
        nowhere.status == 404 && nowhere.body.contains("/metrics"),
        "{nowhere:?}"
    );
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"] {
        let answer = server.request(method, "/status").await;
        assert!(
            answer.status == 405 && answer.body.contains("only GET and HEAD"),
            "{answer:?}"
        );
        assert!(answer.head.contains("allow: get,head"), "{answer:?}");
    }
    let garbage = server.raw("\u{1}\u{2}\r\n\r\n").await;
    assert_eq!(garbage.status, 400, "{garbage:?}");
}

#[tokio::test]
async fn not_ready_says_what_is_missing() {
    let server = Server::start(Loop::HasNothingYet).await;
    for path in ["/readyz", "/status", "/"] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 503, "{path}: {answer:?}");
        assert!(
            answer.body.contains("not listed yet") && answer.body.contains("not valid yet"),
            "{path}: {answer:?}"
        );
    }
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn the_program_asks_how_it_is() {
    let server = Server::start(Loop::Answers).await;
    let ask = async |args: &[&str]| {
        let url = format!("http://{}", server.address);
        let args: Vec<String> = ["health", "--url", &url]
            .iter()
            .chain(args)
            .map(|arg| (*arg).to_owned())
            .collect();
        let run = move || {
            std::process::Command::new(env!("CARGO_BIN_EXE_easyscale"))
                .args(args)
                .output()
        };
        let output = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    assert_eq!(ask(&[]).await, (Some(0), String::new()));
    let (code, why) = ask(&["--ready"]).await;
    assert_eq!(code, Some(1));
    assert!(why.contains("/readyz answers 503: "), "{why}");
    server.health.set_listed();
    server.health.set_supplied();
    server.health.set_policy_valid_once();
    assert_eq!(ask(&["--ready"]).await, (Some(0), String::new()));
}

/// Neither one that is not there, nor one that says nothing, drips or says something else, is well.
#[tokio::test]
async fn the_program_does_not_wait_for_ever() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    // Nobody listens on it, and nobody else gets it.
    let kept = tokio::net::TcpSocket::new_v4().unwrap();
    kept.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let free = kept.local_addr().unwrap();
    let dripping = Speaker::start(b"HTTP/1.1 200 OK\r\nx: ", Some(b"y")).await;
    let other = Speaker::start(b"SSH-2.0-x\r\n", None).await;
    let endless = Speaker::start(b"HTTP/1.1 503 No\r\n\r\n\x1b[31mbroken\n", Some(&[b'x'; 1 << 20])).await;
    for (address, says) in [
        (silent.local_addr().unwrap(), "it takes longer than 3 seconds"),
        (free, "no answer from"),
        (dripping, "it takes longer than 3 seconds"),
        (other, "no HTTP server"),
        (endless, "/healthz answers 503: \\u{1b}[31mbroken"),
    ] {
        let began = Stopwatch::now();
        let url = format!("http://{address}");
        let run = move || {
            std::process::Command::new(env!("CARGO_BIN_EXE_easyscale"))
                .args(["health", "--url", &url])
                .output()
        };
        let output = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(talk.contains(says), "{output:?}");
        assert!(talk.len() < 500, "{}", talk.len());
        // It gives up after 3 seconds.
        assert!(began.elapsed() < Duration::from_secs(25), "{:?}", began.elapsed());
    }
}

/// What is no server of ours.
struct Speaker;

impl Speaker {
    /// Says something to whoever connects; then `more` again and again, or nothing.
    async fn start(first: &'static [u8], more: Option<&'static [u8]>) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut said = stream.write_all(first).await;
                    while let (Ok(()), Some(more)) = (&said, more) {
                        tokio::time::sleep(Duration::from_millis(200)).await;
                        said = stream.write_all(more).await;
                    }
                    // Closed with something unread in it, it would be reset, and what was said be lost.
                    let _ = stream.shutdown().await;
                    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
                });
            }
        });
        address
    }
}

#[tokio::test]
async fn many_who_ask_cost_as_much_as_one() {
    let server = Server::start(Loop::Answers).await;
    let asked = || server.asked.load(Ordering::Relaxed);
    let paths = ["/status", "/", "/status", "/?q=a", "/status", "/"];
    let began = Stopwatch::now();
    let answers = futures::future::join_all(paths.map(|path| server.get(path))).await;
    // An answer is good for a second; on a slow machine they take longer together.
    let seconds = usize::try_from(began.elapsed().as_secs()).unwrap();
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let once = asked();
    assert!(once <= 1 + seconds, "{once} times in {seconds} s");
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(server.get("/status").await.status, 200);
    assert_eq!(asked(), once + 1);
}

#[tokio::test]
async fn a_loop_that_hangs_holds_up_nobody() {
    let server = Server::start(Loop::Hangs).await;
    let began = Stopwatch::now();
    let ask = async {
        let answers = futures::future::join(server.get("/status"), server.get("/")).await;
        (answers, began.elapsed())
    };
    let probe = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let answer = server.get("/healthz").await;
        (answer.status, began.elapsed())
    };
    let (((status, page), given_up), (probed, when)) = futures::future::join(ask, probe).await;
    assert!(probed == 200 && when < given_up, "{when:?} {given_up:?}");
    for answer in [status, page] {
        assert!(
            answer.status == 503 && answer.body.contains("No answer within 10 seconds"),
            "{answer:?}"
        );
        assert!(answer.head.contains("x-content-type-options"), "{answer:?}");
    }
    // Less than a connection is kept for.
    assert!(given_up < Duration::from_secs(28), "{given_up:?}");
}

#[tokio::test]
async fn a_request_is_bounded_in_size() {
    let server = Server::start(Loop::Answers).await;
    for request in [
        format!("GET /healthz HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000)),
        format!("GET /healthz?{} HTTP/1.1\r\n\r\n", "x".repeat(100_000)),
        format!("GET /healthz HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1000)),
    ] {
        let answer = server.raw(&request).await;
        // The rest of the request may cut the answer off; what matters is that there is no 200.
        assert!(matches!(answer.status, 0 | 414 | 431), "{answer:?}");
    }
    assert_eq!(server.get("/healthz").await.status, 200);
}

/// Many connections that say a little, or nothing, do not keep a probe waiting.
#[tokio::test]
async fn slow_clients_give_way() {
    let server = Server::start(Loop::Answers).await;
    let mut slow = Vec::new();
    for number in 0..200 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        if number % 2 == 0 {
            stream.write_all(b"GET /healthz HTTP/1.1\r\nX: ").await.unwrap();
        }
        slow.push(stream);
    }
    let began = Stopwatch::now();
    assert_eq!(server.get("/healthz").await.status, 200);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    // The first ones are gone already; the last ones go when their time is over.
    let mut byte = [0; 1];
    for stream in [slow.remove(0), slow.pop().unwrap()] {
        let mut stream = stream;
        let cut = tokio::time::timeout(Duration::from_secs(25), stream.read(&mut byte)).await;
        assert!(matches!(cut, Ok(Ok(0) | Err(_))), "{cut:?}");
    }
}

/// What is read slowly has to be kept so long: only few may.
#[tokio::test]
async fn slow_readers_are_few() {
    let server = Server::start(Loop::AnswersAtLength).await;
    let mut slow = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET /status HTTP/1.1\r\n\r\n").await.unwrap();
        stream.read_exact(&mut [0; 1000]).await.unwrap();
        slow.push(stream);
    }
    let (fifth, probe) = futures::future::join(server.get("/status"), server.get("/healthz")).await;
    assert_eq!((fifth.status, probe.status), (503, 200));
    slow.pop();
    // The server has to notice that first.
    let deadline = Stopwatch::now() + Duration::from_secs(20);
    let next = loop {
        let next = server.get("/status").await;
        if next.status != 503 || Stopwatch::now() > deadline {
            break next;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(next.status == 200 && next.body.len() > 8_000_000, "{}", next.head);
    let length = format!("content-length: {}", next.body.len());
    assert!(next.head.contains(&length), "{}", next.head);
}

#[tokio::test]
async fn stops_at_once_and_frees_the_port() {
    let mut server = Server::start(Loop::Answers).await;
    let idle = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(server.get("/healthz").await.status, 200);
    drop(server.stop.take());
    let began = Stopwatch::now();
    (&mut server.task).await.unwrap();
    // Less than a silent connection has.
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    drop(idle);
    assert!(bind(server.address).await.is_ok());
}
