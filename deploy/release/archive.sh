#!/usr/bin/env bash
# Builds the program for a target and packs it for people: archive.sh TARGET FOLDER
# easyscale-VERSION-TARGET.tar.gz (.zip for Windows) with the program, kubectl-easyscale, licence, readme and the list of
# what it is made of (CycloneDX). Needs rustup; for musl also musl-gcc; fetches cargo-cyclonedx.
set -euo pipefail

target=$1
folder=$(mkdir -p "$2" && cd "$2" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
name=easyscale-$version-$target
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

rustup target add "$target"
case $target in
    *-musl)
        export "CC_$(tr - _ <<<"$target")=musl-gcc"
        ;;
esac
export RUSTFLAGS="--remap-path-prefix=$PWD=/source --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
cargo build --release --locked --target "$target" --bin easyscale
built=${CARGO_TARGET_DIR:-target}/$target/release

mkdir "$scratch/$name"
case $target in
    *windows*) suffix=.exe ;;
    *) suffix='' ;;
esac
cp "$built/easyscale$suffix" "$scratch/$name/"
# `kubectl easyscale …`: kubectl finds it by its name.
ln "$scratch/$name/easyscale$suffix" "$scratch/$name/kubectl-easyscale$suffix"
cp LICENSE README.md CHANGELOG.md deploy/kubectl/kubectl_complete-easyscale "$scratch/$name/"

command -v cargo-cyclonedx >/dev/null || cargo install --locked cargo-cyclonedx
cargo cyclonedx --format json --target "$target" --override-filename "$name.cdx"
mv "$name.cdx.json" "$folder/"
cp "$folder/$name.cdx.json" "$scratch/$name/sbom.cdx.json"

if [ -n "$suffix" ]; then
    (cd "$scratch" && 7z a -bd "$folder/$name.zip" "$name")
else
    # The same bytes for the same files.
    tar --version 2>/dev/null | grep -q GNU && same=(--sort=name --owner=0 --group=0 --numeric-owner --mtime=@0) || same=()
    tar -C "$scratch" "${same[@]+"${same[@]}"}" -cf - "$name" | gzip -n >"$folder/$name.tar.gz"
fi
