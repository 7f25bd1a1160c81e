//! One control plane: its files, its processes, and who may talk to it.

use super::binaries::{self, Binaries};
use super::built::FindError;
use super::supervised::{Folder, Supervised};
use kube::api::GetParams;
use kube::config::AuthInfo;
use kube::{Client, Config};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How many administrators and how many limited users a server knows: it reads them at its start
/// only. Each test takes one administrator.
const USERS: usize = 300;

/// From the start of the processes to `/readyz`; it takes 4 s on two idle cores.
const READY_WITHIN: Duration = Duration::from_secs(90);

/// What can be chosen about a control plane.
#[derive(Clone, Debug)]
pub struct Options {
    /// `Name=true`, for the apiserver and the controller-manager.
    pub feature_gates: Vec<String>,
    /// Log each request, to be read by [`ControlPlane::requests`].
    pub audit_log: bool,
    /// More flags of kube-apiserver.
    pub apiserver_flags: Vec<String>,
    /// Run Deployments, ReplicaSets, StatefulSets, HPAs (each second), namespaces' deletion and
    /// garbage collection. Without it, there is the API alone.
    pub controller_manager: bool,
}

impl Default for Options {
    /// All that tests usually need: the audit log and the controllers.
    fn default() -> Self {
        Self {
            feature_gates: vec![],
            audit_log: true,
            apiserver_flags: vec![],
            controller_manager: true,
        }
    }
}

/// Why a control plane did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is nothing to start.
    #[error(transparent)]
    Find(#[from] FindError),
    /// `controller_manager` was asked for.
    #[error("there is no kube-controller-manager in KUBEBUILDER_ASSETS ({0}): envtest's archives lack it")]
    NoControllerManager(String),
    /// Its files, certificates or processes could not be made.
    #[error("prepare the control plane: {0}")]
    Prepare(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// One of its processes ended; with the last lines of its log.
    #[error("{name} ended: {status}\n{tail}")]
    Ended {
        name: &'static str,
        status: String,
        tail: String,
        lost_port: bool,
    },
    /// The apiserver did not become ready.
    #[error("kube-apiserver not ready after {READY_WITHIN:?}: {last}\n{tail}")]
    NotReady { last: String, tail: String },
}

fn prepare(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StartError {
    StartError::Prepare(error.into())
}

/// Somebody whom the apiserver knows by a token.
#[derive(Clone, Debug)]
pub struct User {
    /// As in RBAC subjects and in the audit log, such as `system:serviceaccount:easyscale:limited-00`.
    pub name: String,
    /// For a service account, its namespace and name.
    pub account: Option<(String, String)>,
    /// The bearer token.
    pub token: String,
}

/// A running control plane; it ends when dropped or stopped, or with this process.
pub struct ControlPlane {
    // Dropped in this order: first the processes, then their folder.
    processes: Mutex<Vec<Process>>,
    folder: Mutex<Option<Folder>>,
    path: PathBuf,
    url: String,
    users: Users,
    controllers: bool,
    ready_after: Duration,
}

struct Process {
    name: &'static str,
    command: Command,
    supervised: Supervised,
}

struct Users {
    admins: Vec<User>,
    next_admin: AtomicUsize,
    limited: Vec<User>,
    next_limited: AtomicUsize,
}

impl ControlPlane {
    /// Starts one and waits until it is ready. Building the programs comes first if need be.
    pub async fn start(options: &Options) -> Result<Self, StartError> {
        let binaries = Binaries::find()?;
        if options.controller_manager && binaries.controller_manager.is_none() {
            let assets = std::env::var("KUBEBUILDER_ASSETS").unwrap_or_default();
            return Err(StartError::NoControllerManager(assets));
        }
        // A free port can be taken by somebody else before the server listens on it.
        let mut attempts = 1;
        loop {
            match Self::try_start(&binaries, options).await {
                Err(StartError::Ended { lost_port: true, .. }) if attempts < 5 => attempts += 1,
                done => return done,
            }
        }
    }

    async fn try_start(binaries: &Binaries, options: &Options) -> Result<Self, StartError> {
        let started = Instant::now();
        let folder = Folder::create("control-plane").map_err(prepare)?;
        let [etcd_port, peer_port, port] = free_ports().map_err(prepare)?;
        let url = format!("https://127.0.0.1:{port}");
        write_keys(&folder)?;
        let controller_manager_user = User {
            name: "system:kube-controller-manager".into(),
            account: None,
            token: random_token(),
        };
        let users = Users::generate();
        let tokens = users.token_file(&controller_manager_user);
        folder.write("tokens.csv", tokens).map_err(prepare)?;
        folder.write("audit-policy.yaml", AUDIT_POLICY).map_err(prepare)?;

        let etcd = etcd(&binaries.etcd, &folder, etcd_port, peer_port);
        let apiserver = apiserver(&binaries.apiserver, &folder, etcd_port, port, options);
        let mut plane = Self {
            processes: Mutex::new(vec![]),
            path: folder.path().to_path_buf(),
            folder: Mutex::new(Some(folder)),
            url,
            users,
            controllers: options.controller_manager,
            ready_after: Duration::ZERO,
        };
        plane.spawn("etcd", etcd)?;
        plane.spawn("kube-apiserver", apiserver)?;
        plane.wait_until_ready().await?;
        if let Some(program) = binaries
            .controller_manager
            .as_deref()
            .filter(|_| options.controller_manager)
        {
            let kubeconfig = plane.kubeconfig(&controller_manager_user);
            plane.spawn(
                "kube-controller-manager",
                controller_manager(program, &kubeconfig, options),
            )?;
        }
        plane.ready_after = started.elapsed();
        Ok(plane)
    }

    fn spawn(&self, name: &'static str, command: Command) -> Result<(), StartError> {
        let folder = self.folder.lock().expect("no panic under the lock");
        let log = self.path.join(format!("{name}.log"));
        let supervised = Supervised::start(&command, &log, folder.as_ref()).map_err(prepare)?;
        self.processes
            .lock()
            .expect("no panic under the lock")
            .push(Process {
                name,
                command,
                supervised,
            });
        Ok(())
    }

    /// Kills the API server and starts it anew `after` a while, with what etcd knows; returns when it is ready.
    pub async fn restart_apiserver(&self, after: Duration) -> Result<(), StartError> {
        // Somebody's connection may have got its port meanwhile, and lets go of it again.
        for attempt in 1.. {
            let Process {
                name,
                command,
                supervised,
            } = self.take("kube-apiserver");
            drop(supervised);
            tokio::time::sleep(after).await;
            self.spawn(name, command)?;
            match self.wait_until_ready().await {
                Err(StartError::Ended { lost_port: true, .. }) if attempt < 5 => {}
                done => return done,
            }
        }
        Ok(())
    }

    fn take(&self, name: &str) -> Process {
        let mut processes = self.processes.lock().expect("no panic under the lock");
        let at = processes.iter().position(|process| process.name == name);
        processes.remove(at.unwrap_or_else(|| panic!("there is no {name}")))
    }

    async fn wait_until_ready(&self) -> Result<(), StartError> {
        let client = self.client(self.marker_user());
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            self.check_processes()?;
            let request = kube::core::Request::new("")
                .get("readyz", &GetParams::default())
                .map_err(prepare)?;
            let answer = tokio::time::timeout(Duration::from_secs(2), client.request_text(request)).await;
            let last = match answer {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(kube::Error::Api(status))) => status.message.clone(),
                Ok(Err(error)) => error.to_string(),
                Err(_) => "no answer within 2 s".into(),
            };
            if Instant::now() > deadline {
                let tail = self.log_tail("kube-apiserver");
                return Err(StartError::NotReady { last, tail });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// An error if one of the processes has ended by itself.
    pub fn check_processes(&self) -> Result<(), StartError> {
        for process in self.processes.lock().expect("no panic under the lock").iter_mut() {
            if let Some(status) = process.supervised.exited() {
                return Err(StartError::Ended {
                    name: process.name,
                    status: status.to_string(),
                    tail: process.supervised.log_tail(),
                    lost_port: process.supervised.log().contains("address already in use"),
                });
            }
        }
        Ok(())
    }

    /// The last lines of a process' log.
    pub fn log_tail(&self, name: &str) -> String {
        let processes = self.processes.lock().expect("no panic under the lock");
        processes
            .iter()
            .find(|p| p.name == name)
            .map(|p| p.supervised.log_tail())
            .unwrap_or_default()
    }

    /// Names and process ids of what runs.
    pub fn processes(&self) -> Vec<(&'static str, u32)> {
        let processes = self.processes.lock().expect("no panic under the lock");
        processes.iter().map(|p| (p.name, p.supervised.pid())).collect()
    }

    /// Kills the processes and deletes the folder; returns when both is done. Drop does the same.
    pub fn stop(&self) {
        self.processes.lock().expect("no panic under the lock").clear();
        drop(self.folder.lock().expect("no panic under the lock").take());
    }

    /// Its temporary folder, with the logs of the processes.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `https://127.0.0.1:<port>`
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether the controllers run.
    pub fn has_controllers(&self) -> bool {
        self.controllers
    }

    /// How long it took from the first process to `/readyz`.
    pub fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// An administrator (`system:masters`) whom nobody else was given.
    pub fn admin(&self) -> User {
        self.users.admins[next(&self.users.next_admin)].clone()
    }

    /// A service account that may do nothing yet, and that nobody else was given.
    pub fn limited(&self) -> User {
        self.users.limited[next(&self.users.next_limited)].clone()
    }

    /// The administrator of the support itself; tests get the others.
    pub(super) fn marker_user(&self) -> &User {
        &self.users.admins[0]
    }

    /// Writes a kubeconfig for `user` into the folder. Its context is called `control-plane`.
    pub fn kubeconfig(&self, user: &User) -> PathBuf {
        // Names of service accounts contain colons, which KUBECONFIG splits at.
        let path = self
            .path
            .join(format!("{}.kubeconfig", user.name.replace(':', "-")));
        // In one step: a program that was started with it before may be reading it. JSON is YAML.
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let partial = self.path.join(format!("{number}.kubeconfig.partial"));
        std::fs::write(&partial, format!("{:#}\n", self.kubeconfig_content(user)))
            .and_then(|()| std::fs::rename(&partial, &path))
            .expect("the folder is writable");
        path
    }

    fn kubeconfig_content(&self, user: &User) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "control-plane", "cluster": {
                "server": self.url, "certificate-authority": self.path.join("ca.crt"),
            }}],
            "users": [{"name": user.name, "user": {"token": user.token}}],
            "contexts": [{"name": "control-plane", "context": {"cluster": "control-plane", "user": user.name}}],
            "current-context": "control-plane",
        })
    }

    /// A client for `user`. It belongs to the tokio runtime that it is made on.
    pub fn client(&self, user: &User) -> Client {
        let mut config = self.config();
        config.auth_info = AuthInfo {
            token: Some(user.token.clone().into()),
            ..AuthInfo::default()
        };
        config.read_timeout = Some(Duration::from_secs(30));
        Client::try_from(config).expect("a configuration of ours is valid")
    }

    /// A client that passes on whatever it is told, once: the token of somebody else, and what the server answers.
    pub(super) fn client_without_user(&self) -> Client {
        let mut config = self.config();
        config.default_retry = false;
        config.read_timeout = None;
        Client::try_from(config).expect("a configuration of ours is valid")
    }

    fn config(&self) -> Config {
        let ca = std::fs::read(self.path.join("ca.der")).expect("written at the start");
        let mut config = Config::new(self.url.parse().expect("a URL of ours is valid"));
        config.root_cert = Some(vec![ca]);
        config
    }
}

fn next(counter: &AtomicUsize) -> usize {
    let n = counter.fetch_add(1, Ordering::Relaxed);
    assert!(
        n < USERS,
        "more than {USERS} users: raise USERS in tests/support/control_plane.rs"
    );
    n
}

impl Users {
    fn generate() -> Self {
        let admin = |n| User {
            name: format!("admin-{n:02}"),
            account: None,
            token: random_token(),
        };
        let limited = |n| {
            let account = ("easyscale".to_owned(), format!("limited-{n:02}"));
            let name = format!("system:serviceaccount:{}:{}", account.0, account.1);
            User {
                name,
                account: Some(account),
                token: random_token(),
            }
        };
        Self {
            admins: (0..USERS).map(admin).collect(),
            // The first one is the support's own: see `marker_user`.
            next_admin: AtomicUsize::new(1),
            limited: (0..USERS).map(limited).collect(),
            next_limited: AtomicUsize::new(0),
        }
    }

    /// `token,user,uid,"groups"`
    fn token_file(&self, controller_manager: &User) -> String {
        let masters = self
            .admins
            .iter()
            .chain([controller_manager])
            .map(|user| (user, "system:masters"));
        let accounts = self
            .limited
            .iter()
            .map(|u| (u, "system:serviceaccounts,system:serviceaccounts:easyscale"));
        let line = |(user, groups): (&User, &str)| {
            let User {
                name,
                token,
                account: _,
            } = user;
            format!("{token},{name},{name},\"{groups}\"\n")
        };
        masters.chain(accounts).map(line).collect()
    }
}

/// The standard library's source of randomness, to do without another crate: the server listens
/// on loopback, for the duration of a test.
fn random_token() -> String {
    let word = || RandomState::new().hash_one(Instant::now());
    format!("{:016x}{:016x}", word(), word())
}

/// Ports that are free now, different from each other.
fn free_ports<const N: usize>() -> std::io::Result<[u16; N]> {
    let mut listeners = Vec::with_capacity(N);
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        *port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok(ports)
}

/// A certificate authority, a serving certificate, and the key of service account tokens.
fn write_keys(folder: &Folder) -> Result<(), StartError> {
    let mut authority = CertificateParams::new(vec![]).map_err(prepare)?;
    authority
        .distinguished_name
        .push(DnType::CommonName, "easyscale test authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().map_err(prepare)?;
    let authority_certificate = authority.self_signed(&authority_key).map_err(prepare)?;
    let issuer = Issuer::new(authority, authority_key);

    let server_key = KeyPair::generate().map_err(prepare)?;
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let server = CertificateParams::new(names).map_err(prepare)?;
    let server_certificate = server.signed_by(&server_key, &issuer).map_err(prepare)?;

    let account_key = KeyPair::generate().map_err(prepare)?;
    folder
        .write("ca.crt", authority_certificate.pem())
        .map_err(prepare)?;
    folder
        .write("ca.der", authority_certificate.der())
        .map_err(prepare)?;
    folder
        .write("server.crt", server_certificate.pem())
        .map_err(prepare)?;
    folder
        .write("server.key", server_key.serialize_pem())
        .map_err(prepare)?;
    folder
        .write("accounts.key", account_key.serialize_pem())
        .map_err(prepare)?;
    folder
        .write("accounts.pub", account_key.public_key_pem())
        .map_err(prepare)?;
    Ok(())
}

/// Who did what, without bodies; once per request, after the answer.
const AUDIT_POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules: [{level: Metadata}]
";

/// The name of the file in the folder that the apiserver writes its audit log to.
pub(super) const AUDIT_LOG: &str = "audit.log";

fn etcd(program: &Path, folder: &Folder, port: u16, peer_port: u16) -> Command {
    let (client, peer) = (
        format!("http://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{peer_port}"),
    );
    let mut command = Command::new(program);
    command
        .arg(format!("--data-dir={}", folder.path().join("etcd").display()))
        .arg(format!("--listen-client-urls={client}"))
        .arg(format!("--advertise-client-urls={client}"))
        .arg(format!("--listen-peer-urls={peer}"))
        .arg(format!("--initial-advertise-peer-urls={peer}"))
        .arg(format!("--initial-cluster=default={peer}"))
        // Nobody needs the data after a power cut.
        .arg("--unsafe-no-fsync");
    command
}

fn apiserver(program: &Path, folder: &Folder, etcd_port: u16, port: u16, options: &Options) -> Command {
    let Options {
        feature_gates,
        audit_log,
        apiserver_flags,
        controller_manager: _,
    } = options;
    let file = |name: &str| folder.path().join(name).display().to_string();
    let mut command = Command::new(program);
    command
        .arg(format!("--etcd-servers=http://127.0.0.1:{etcd_port}"))
        // If the port went to the etcd of another control plane, keep out of its data.
        .arg(format!("--etcd-prefix=/{}", random_token()))
        .args(["--bind-address=127.0.0.1", "--endpoint-reconciler-type=none"])
        .arg(format!("--secure-port={port}"))
        .arg(format!("--tls-cert-file={}", file("server.crt")))
        .arg(format!("--tls-private-key-file={}", file("server.key")))
        .arg(format!("--cert-dir={}", file("certificates")))
        .arg(format!("--token-auth-file={}", file("tokens.csv")))
        .args([
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.0.0.0/24",
        ])
        // Pods are created at once, without waiting for their service account.
        .arg("--disable-admission-plugins=ServiceAccount")
        .arg(format!("--service-account-issuer=https://127.0.0.1:{port}/"))
        .arg(format!("--service-account-key-file={}", file("accounts.pub")))
        .arg(format!(
            "--service-account-signing-key-file={}",
            file("accounts.key")
        ));
    if *audit_log {
        command
            .arg(format!("--audit-policy-file={}", file("audit-policy.yaml")))
            .arg(format!("--audit-log-path={}", file(AUDIT_LOG)))
            // One file: the reader does not follow rotation. In megabytes.
            .arg("--audit-log-maxsize=10000");
    }
    if !feature_gates.is_empty() {
        command.arg(format!("--feature-gates={}", feature_gates.join(",")));
    }
    command.args(apiserver_flags);
    command
}

fn controller_manager(program: &Path, kubeconfig: &Path, options: &Options) -> Command {
    let controllers = [
        "deployment-controller",
        "replicaset-controller",
        "statefulset-controller",
        "horizontal-pod-autoscaler-controller",
        "namespace-controller",
        "serviceaccount-controller",
        "garbage-collector-controller",
        "clusterrole-aggregation-controller",
    ];
    let mut command = Command::new(program);
    command
        .arg(format!("--kubeconfig={}", kubeconfig.display()))
        .args([
            "--leader-elect=false",
            "--secure-port=0",
            "--controller-start-interval=0s",
        ])
        .arg(format!("--controllers={}", controllers.join(",")))
        // A test does not wait 15 s for the next look at an HPA, nor 5 minutes for a scale down.
        .arg("--horizontal-pod-autoscaler-sync-period=1s")
        .arg("--horizontal-pod-autoscaler-downscale-stabilization=5s");
    if !options.feature_gates.is_empty() {
        command.arg(format!("--feature-gates={}", options.feature_gates.join(",")));
    }
    command
}

/// The Kubernetes version that the sources in tests/control-plane give.
pub fn built_version() -> String {
    binaries::version().expect("tests/control-plane/go.mod names it")
}
