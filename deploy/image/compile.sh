#!/bin/sh
# Compiles easyscale as a static program into a folder: compile.sh FOLDER
# Needs Rust with rustup, and musl-gcc (Debian: musl-tools). The same bytes for the same source, compiler and path.
set -eu

out=$1
cd "$(dirname "$0")/../.."
case $(uname -m) in
    x86_64) target=x86_64-unknown-linux-musl ;;
    aarch64) target=aarch64-unknown-linux-musl ;;
    *)
        echo "no image is made for $(uname -m)" >&2
        exit 1
        ;;
esac
rustup target add "$target"
# Paths of the machine that builds are not part of the program.
export RUSTFLAGS="--remap-path-prefix=$PWD=/source --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
export "CC_$(echo "$target" | tr - _)=musl-gcc"
cargo build --release --locked --target "$target" --bin easyscale
mkdir -p "$out"
cp "${CARGO_TARGET_DIR:-target}/$target/release/easyscale" "$out/easyscale"
chmod 755 "$out/easyscale"
# Its time is part of a layer.
touch -d "@${SOURCE_DATE_EPOCH:-0}" "$out/easyscale"

# Here, so that no image larger than promised can be made at all.
size=$(wc -c <"$out/easyscale")
if [ "$size" -ge 20000000 ]; then
    echo "the program has $size bytes; an image is to stay under 20 MB" >&2
    exit 1
fi
