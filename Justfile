# A control plane to try the tool on: no containers, needs Go the first time (8 minutes), Ctrl-C ends it.
cluster:
    cargo run --quiet --example cluster
