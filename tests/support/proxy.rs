//! An HTTP proxy on loopback in front of the API server that loses, delays and damages what it is told to.
//!
//! Towards the program it speaks plain HTTP/1.1, byte by byte and by hand: what a fault does to a connection is a matter of
//! bytes, and a server library would keep them in order. Towards the API server it is a client without a name of its own:
//! the program's token goes through.
//!
//! One proxy per replica of the program: then a replica can be cut off from the API while the others go on.

use super::control_plane::{ControlPlane, User};
use super::environment::wait_for;
use axum::body::{Body as AnyBody, Bytes};
use futures::StreamExt;
use http::{HeaderMap, Method, Request, StatusCode};
use kube::Client;
use kube::client::Body;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;

/// An API server that hangs lets go of a request after this time at most.
const SETTLES: Duration = Duration::from_secs(90);

/// Which requests a fault is for. Empty texts are for all.
#[derive(Clone, Debug, Default)]
pub struct When {
    method: String,
    path: String,
    body: String,
}

impl When {
    /// All requests.
    pub fn always() -> Self {
        Self::default()
    }

    /// All attempts to change something.
    pub fn patch() -> Self {
        Self::method("PATCH")
    }

    /// Only watches.
    pub fn watch() -> Self {
        Self::method("GET").path("watch=")
    }

    /// Only this method.
    pub fn method(method: &str) -> Self {
        Self {
            method: method.to_owned(),
            ..Self::default()
        }
    }

    /// Only with this text in the path or the query. Said twice, both must be in it.
    pub fn path(mut self, text: &str) -> Self {
        // A newline is in no path, so it parts the texts.
        self.path = format!("{}\n{text}", self.path);
        self
    }

    /// Only with this text in the body.
    pub fn body(mut self, text: &str) -> Self {
        text.clone_into(&mut self.body);
        self
    }

    fn is_for(&self, request: &Exchange) -> bool {
        (self.method.is_empty() || self.method == request.method)
            && self.path.split('\n').all(|text| request.path.contains(text))
            && request.body.contains(&self.body)
    }
}

/// What happens to a request instead of what should.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This answer, and the API server never hears of it.
    Answer(Answer),
    /// No answer, ever; the API server never hears of it.
    Hang,
    /// It reaches the API server only after this time, even if whoever sent it has given up or died.
    Late(Duration),
    /// The API server does it, and the connection is reset before the answer.
    LoseAnswer,
    /// The API server does it; the connection is reset in the middle of the answer's body.
    CutBody,
    /// A watch without bookmarks.
    DropBookmarks,
}

/// An answer that is made up.
#[derive(Clone, Debug)]
pub struct Answer {
    code: u16,
    headers: String,
    body: String,
}

impl Answer {
    /// A `Status` as the API server sends it.
    pub fn refusal(code: u16, reason: &str, message: &str) -> Self {
        let body = serde_json::json!({
            "kind": "Status", "apiVersion": "v1", "status": "Failure",
            "reason": reason, "message": message, "code": code,
        });
        Self {
            code,
            headers: String::new(),
            body: body.to_string(),
        }
    }

    /// 429 with `Retry-After`.
    pub fn busy(seconds: u32) -> Self {
        Self::refusal(
            429,
            "TooManyRequests",
            "the server has received too many requests",
        )
        .header("retry-after", &seconds.to_string())
    }

    /// With a header more.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers += &format!("{name}: {value}\r\n");
        self
    }

    /// A good answer with any body.
    pub fn nonsense(body: &str) -> Self {
        Self {
            code: 200,
            headers: String::new(),
            body: body.to_owned(),
        }
    }
}

/// How the network between the program and the API is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// As it should be.
    Up,
    /// Connections are reset, open ones and new ones.
    Reset,
    /// Nothing arrives, in either direction; once it is up again, everything does.
    Silent,
}

/// One request, and what became of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The proxy's name: which replica sent it.
    pub client: String,
    /// `GET`, `PATCH`, …
    pub method: String,
    /// With the query.
    pub path: String,
    /// As text.
    pub body: String,
    /// When the program had sent all of it.
    pub received: SystemTime,
    /// When it was passed on to the API server, if it was.
    pub forwarded: Option<SystemTime>,
    /// The status of what the API server said to it.
    pub outcome: Option<u16>,
    /// Whether the API server has it, and nobody knows yet what comes of it.
    pub is_under_way: bool,
    /// When an answer's head went to the program, and its status.
    pub answered: Option<(SystemTime, u16)>,
    /// What was done to it.
    pub fault: Option<Fault>,
}

impl Exchange {
    /// Whether it was meant to change something.
    pub fn is_write(&self) -> bool {
        self.method != "GET"
    }

    /// Whether it is a watch.
    pub fn is_watch(&self) -> bool {
        self.path.contains("watch=")
    }

    /// Whether it changed something but the lease and what is told as an event.
    pub fn is_done_work(&self) -> bool {
        let is_done = self.outcome.is_some_and(|code| (200..300).contains(&code));
        is_done && self.is_write() && !self.is_lease() && !self.path.contains("/events")
    }

    /// Whether it is about the lease, whose requests are no work.
    pub fn is_lease(&self) -> bool {
        self.path.contains("/leases")
    }
}

struct Rule {
    when: When,
    fault: Fault,
    left: usize,
}

/// A word to open watches.
#[derive(Clone, Debug)]
enum Word {
    /// One more line in those with this text in their path.
    Line(String, String),
    /// They end as the server ends them.
    End,
    /// Their connections are reset.
    Reset,
}

struct State {
    name: String,
    upstream: Client,
    rules: Mutex<Vec<Rule>>,
    seen: Mutex<Vec<Exchange>>,
    network: watch::Sender<Network>,
    words: broadcast::Sender<Word>,
}

/// A running proxy; its connections are reset when it is dropped.
pub struct Proxy {
    state: Arc<State>,
    door: JoinHandle<()>,
    url: String,
    folder: PathBuf,
}

impl Proxy {
    /// Listens in front of `plane`; `name` is the label of whoever comes through it. On the current tokio runtime.
    pub async fn start(plane: &ControlPlane, name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(State {
            name: name.to_owned(),
            upstream: plane.client_without_user(),
            rules: Mutex::default(),
            seen: Mutex::default(),
            network: watch::Sender::new(Network::Up),
            words: broadcast::Sender::new(64),
        });
        let keeper = state.clone();
        let door = tokio::spawn(async move {
            loop {
                if let Ok((connection, _)) = listener.accept().await {
                    tokio::spawn(Line::take(connection, keeper.clone()));
                }
            }
        });
        Self {
            state,
            door,
            url: format!("http://127.0.0.1:{port}"),
            folder: plane.path().to_path_buf(),
        }
    }

    /// Writes a kubeconfig for `user` whose server is this proxy.
    pub fn kubeconfig(&self, user: &User) -> PathBuf {
        self.kubeconfig_with(user, &serde_json::json!({"token": user.token}))
    }

    /// The same, with the token in a file, as in a pod: it may be replaced by another one.
    pub fn kubeconfig_with_token_file(&self, user: &User) -> (PathBuf, PathBuf) {
        let path = self.folder.join(format!("{}.token", self.state.name));
        std::fs::write(&path, &user.token).expect("the folder is writable");
        let kubeconfig = self.kubeconfig_with(user, &serde_json::json!({"tokenFile": path}));
        (kubeconfig, path)
    }

    fn kubeconfig_with(&self, user: &User, proof: &serde_json::Value) -> PathBuf {
        let user_name = user.name.replace(':', "-");
        let path = self
            .folder
            .join(format!("{user_name}-{}.kubeconfig", self.state.name));
        let content = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "proxy", "cluster": {"server": self.url}}],
            "users": [{"name": user.name, "user": proof}],
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": user.name}}],
            "current-context": "proxy",
        });
        std::fs::write(&path, content.to_string()).expect("the folder is writable");
        path
    }

    /// `http://127.0.0.1:<port>`
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on, every such request.
    pub fn fault(&self, when: When, fault: Fault) {
        self.fault_times(usize::MAX, when, fault);
    }

    /// The next `times` such requests. Faults of the same requests are used up in the order in which they were told.
    pub fn fault_times(&self, times: usize, when: When, fault: Fault) {
        lock(&self.state.rules).push(Rule {
            when,
            fault,
            left: times,
        });
    }

    /// No more faults; what hangs goes on hanging.
    pub fn mend(&self) {
        lock(&self.state.rules).clear();
    }

    /// How the network is from now on.
    pub fn network(&self, network: Network) {
        self.state.network.send_replace(network);
    }

    /// Ends all open watches as the server does after some minutes.
    pub fn end_watches(&self) {
        let _ = self.state.words.send(Word::End);
    }

    /// Resets the connections of all open watches.
    pub fn reset_watches(&self) {
        let _ = self.state.words.send(Word::Reset);
    }

    /// One more line, which the server did not send, in the open watches with `path` in their path.
    pub fn say_in_watches(&self, path: &str, line: &str) {
        let _ = self
            .state
            .words
            .send(Word::Line(path.to_owned(), line.to_owned()));
    }

    /// Tells the open watches with `path` in their path that what they know is too old, and ends all watches.
    pub fn expire_watches(&self, path: &str) {
        let gone = serde_json::json!({"type": "ERROR", "object": {
            "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Expired", "code": 410,
            "message": "too old resource version: 1 (2)",
        }});
        self.say_in_watches(path, &gone.to_string());
        self.end_watches();
    }

    /// All requests so far, in the order of their arrival.
    pub fn seen(&self) -> Vec<Exchange> {
        lock(&self.state.seen).clone()
    }

    /// How many requests there were so far; to be given to [`since`](Self::since).
    pub fn count(&self) -> usize {
        lock(&self.state.seen).len()
    }

    /// The requests after the first `count`.
    pub fn since(&self, count: usize) -> Vec<Exchange> {
        let mut seen = self.seen();
        seen.drain(..count);
        seen
    }

    /// Waits until it is known what came of every write so far: whoever looks at the API server itself may see a write before
    /// its answer is noted here.
    pub async fn settled(&self) {
        wait_for("the answers to all writes", SETTLES, async || {
            let mut open = self.seen();
            open.retain(|one| one.is_write() && one.is_under_way);
            if open.is_empty() { Ok(()) } else { Err(open) }
        })
        .await;
    }

    /// The writes so far that the API server is known to have done, but those of the lease and of events.
    pub fn writes(&self) -> Vec<Exchange> {
        let mut writes = self.seen();
        writes.retain(Exchange::is_done_work);
        writes
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.door.abort();
        self.state.network.send_replace(Network::Reset);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no panic under the lock")
}

/// Until the network resets connections.
async fn closed(network: &mut watch::Receiver<Network>) {
    // The sender lives as long as somebody asks.
    let _ = network.wait_for(|network| *network == Network::Reset).await;
}

impl State {
    /// Notes a request, and says under which number and what is to be done to it.
    fn take_in(&self, request: &Received) -> (usize, Option<Fault>) {
        let mut exchange = Exchange {
            client: self.name.clone(),
            method: request.method.to_string(),
            path: request.path.clone(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            received: SystemTime::now(),
            forwarded: None,
            outcome: None,
            is_under_way: false,
            answered: None,
            fault: None,
        };
        let mut rules = lock(&self.rules);
        let rule = rules
            .iter_mut()
            .find(|rule| rule.left > 0 && rule.when.is_for(&exchange));
        exchange.fault = rule.map(|rule| {
            rule.left -= 1;
            rule.fault.clone()
        });
        let fault = exchange.fault.clone();
        let mut seen = lock(&self.seen);
        seen.push(exchange);
        (seen.len() - 1, fault)
    }

    /// Passes a request on, a while later, and waits for the answer's head. What is no watch is waited for to its end.
    async fn forward(&self, number: usize, request: Received, after: Duration) -> Result<Passed, String> {
        tokio::time::sleep(after).await;
        {
            let request = &mut lock(&self.seen)[number];
            request.forwarded = Some(SystemTime::now());
            request.is_under_way = true;
        }
        let passed = self.pass_on(number, request).await;
        lock(&self.seen)[number].is_under_way = false;
        passed
    }

    async fn pass_on(&self, number: usize, request: Received) -> Result<Passed, String> {
        let is_watch = request.is_watch();
        let mut onward = Request::new(Body::from(request.body));
        *onward.method_mut() = request.method;
        *onward.uri_mut() = request.path.parse().map_err(|error| format!("{error}"))?;
        *onward.headers_mut() = request.headers;
        let answer = self.upstream.send(onward).await;
        let (head, body) = answer.map_err(|error| error.to_string())?.into_parts();
        lock(&self.seen)[number].outcome = Some(head.status.as_u16());
        let body = AnyBody::new(body);
        let body = match is_watch && head.status.is_success() {
            true => PassedBody::Lines(body),
            false => {
                let whole = axum::body::to_bytes(body, usize::MAX).await;
                PassedBody::Whole(whole.map_err(|error| error.to_string())?)
            }
        };
        Ok(Passed {
            status: head.status,
            headers: head.headers,
            body,
        })
    }
}

/// A request of the program.
struct Received {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Received {
    fn is_watch(&self) -> bool {
        self.path.contains("watch=")
    }
}

/// The API server's answer.
struct Passed {
    status: StatusCode,
    headers: HeaderMap,
    body: PassedBody,
}

enum PassedBody {
    Whole(Bytes),
    Lines(AnyBody),
}

/// A connection of the program.
struct Line {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    state: Arc<State>,
}

impl Line {
    /// Serves a connection to its end, good or bad.
    async fn take(connection: TcpStream, state: Arc<State>) {
        let _ = connection.set_nodelay(true);
        let mut network = state.network.subscribe();
        let (reader, writer) = connection.into_split();
        let mut line = Self {
            reader: BufReader::new(reader),
            writer,
            state,
        };
        let ended_well = tokio::select! {
            biased;
            () = closed(&mut network) => false,
            outcome = line.serve() => outcome.is_ok(),
        };
        if !ended_well {
            // The other side sees a reset instead of an orderly end.
            let _ = line.writer.as_ref().set_zero_linger();
            // Dropped, it would say goodbye first.
            line.writer.forget();
        }
    }

    async fn serve(&mut self) -> io::Result<()> {
        while let Some(request) = self.read().await? {
            self.network_up().await;
            // Before it is passed on, so that no word to watches is missed.
            let words = self.state.words.subscribe();
            let (number, fault) = self.state.take_in(&request);
            match &fault {
                Some(Fault::Answer(Answer { code, headers, body })) => {
                    self.head(number, *code, headers, Some(body.len())).await?;
                    self.write(body.as_bytes()).await?;
                    continue;
                }
                Some(Fault::Hang) => {
                    self.left().await;
                    return Ok(());
                }
                _ => {}
            }
            let after = match &fault {
                Some(Fault::Late(after)) => *after,
                _ => Duration::ZERO,
            };
            let state = self.state.clone();
            // A task of its own: it arrives even if whoever sent it is gone.
            let forward = tokio::spawn(async move { state.forward(number, request, after).await });
            let answer = forward
                .await
                .map_err(io::Error::other)?
                .map_err(io::Error::other)?;
            if matches!(fault, Some(Fault::LoseAnswer)) {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            self.pass_back(number, answer, fault.as_ref(), words).await?;
        }
        Ok(())
    }

    /// The next request; `None` when the program closed the connection in between.
    async fn read(&mut self) -> io::Result<Option<Received>> {
        let Some(first) = self.read_line().await? else {
            return Ok(None);
        };
        let mut words = first.split(' ');
        let (Some(method), Some(path)) = (words.next(), words.next()) else {
            return Err(io::Error::other(first));
        };
        let mut request = Received {
            method: method.parse().map_err(io::Error::other)?,
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Vec::new(),
        };
        while let Some(line) = self.read_line().await?.filter(|line| !line.is_empty()) {
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| io::Error::other(line.clone()))?;
            let (name, value) = (name.to_ascii_lowercase(), value.trim());
            match name.as_str() {
                "content-length" => request.body = vec![0; value.parse().map_err(io::Error::other)?],
                // Between two neighbours only.
                "host" | "connection" => {}
                "transfer-encoding" => panic!("the client sends a length with each body"),
                _ => {
                    let name: http::HeaderName = name.parse().map_err(io::Error::other)?;
                    request
                        .headers
                        .append(name, value.parse().map_err(io::Error::other)?);
                }
            }
        }
        self.reader.read_exact(&mut request.body).await?;
        Ok(Some(request))
    }

    async fn read_line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        let read = self.reader.read_line(&mut line).await?;
        Ok((read > 0).then(|| line.trim_end().to_owned()))
    }

    async fn pass_back(
        &mut self,
        number: usize,
        answer: Passed,
        fault: Option<&Fault>,
        words: broadcast::Receiver<Word>,
    ) -> io::Result<()> {
        let mut headers = String::new();
        for (name, value) in &answer.headers {
            if !matches!(
                name.as_str(),
                "content-length" | "transfer-encoding" | "connection"
            ) {
                headers += &format!("{name}: {}\r\n", value.to_str().unwrap_or_default());
            }
        }
        let code = answer.status.as_u16();
        match answer.body {
            PassedBody::Whole(body) => {
                self.head(number, code, &headers, Some(body.len())).await?;
                if matches!(fault, Some(Fault::CutBody)) {
                    self.write(&body[..body.len() / 2]).await?;
                    return Err(io::ErrorKind::ConnectionReset.into());
                }
                self.write(&body).await
            }
            PassedBody::Lines(body) => {
                self.head(number, code, &headers, None).await?;
                self.pass_lines(number, body, fault, words).await
            }
        }
    }

    /// A watch, line by line, so that nothing of ours gets into the middle of one.
    async fn pass_lines(
        &mut self,
        number: usize,
        body: AnyBody,
        fault: Option<&Fault>,
        mut words: broadcast::Receiver<Word>,
    ) -> io::Result<()> {
        let path = lock(&self.state.seen)[number].path.clone();
        let mut stream = body.into_data_stream();
        let mut rest: Vec<u8> = Vec::new();
        loop {
            tokio::select! {
                chunk = stream.next() => {
                    let Some(chunk) = chunk else {
                        return self.write(b"0\r\n\r\n").await;
                    };
                    rest.extend(chunk.map_err(io::Error::other)?);
                    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                        let line: Vec<u8> = rest.drain(..=end).collect();
                        match fault {
                            Some(Fault::CutBody) => {
                                // The chunk says that there is more.
                                let length = line.len();
                                self.write(format!("{length:x}\r\n").as_bytes()).await?;
                                self.write(&line[..length / 2]).await?;
                                return Err(io::ErrorKind::ConnectionReset.into());
                            }
                            Some(Fault::DropBookmarks) if is_bookmark(&line) => {}
                            _ => self.chunk(&line).await?,
                        }
                    }
                }
                word = words.recv() => match word {
                    Ok(Word::Line(text, line)) if path.contains(&text) => {
                        self.chunk(format!("{line}\n").as_bytes()).await?;
                    }
                    Ok(Word::Line(..)) => {}
                    Ok(Word::End) => return self.write(b"0\r\n\r\n").await,
                    Ok(Word::Reset) | Err(_) => return Err(io::ErrorKind::ConnectionReset.into()),
                },
                () = self.left() => return Ok(()),
            }
        }
    }

    async fn head(
        &mut self,
        number: usize,
        code: u16,
        headers: &str,
        length: Option<usize>,
    ) -> io::Result<()> {
        let length = match length {
            Some(length) => format!("content-length: {length}"),
            None => "transfer-encoding: chunked".to_owned(),
        };
        // Many answers of the API are JSON; a made-up one is, too.
        let kind = match headers.contains("content-type:") {
            true => "",
            false => "content-type: application/json\r\n",
        };
        let text = format!("HTTP/1.1 {code} x\r\n{headers}{kind}{length}\r\n\r\n");
        self.write(text.as_bytes()).await?;
        lock(&self.state.seen)[number].answered = Some((SystemTime::now(), code));
        Ok(())
    }

    async fn chunk(&mut self, content: &[u8]) -> io::Result<()> {
        let mut text = format!("{:x}\r\n", content.len()).into_bytes();
        text.extend(content);
        text.extend(b"\r\n");
        self.write(&text).await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.network_up().await;
        self.writer.write_all(bytes).await
    }

    /// Waits while the network is silent.
    async fn network_up(&self) {
        let mut network = self.state.network.subscribe();
        let _ = network.wait_for(|network| *network != Network::Silent).await;
    }

    /// Until the program closes the connection.
    async fn left(&mut self) {
        if let Ok([_, ..]) = self.reader.fill_buf().await {
            // It has sent more already, so it is there.
            std::future::pending::<()>().await;
        }
    }
}

fn is_bookmark(line: &[u8]) -> bool {
    line.starts_with(br#"{"type":"BOOKMARK""#)
}
