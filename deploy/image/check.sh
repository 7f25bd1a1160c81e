#!/usr/bin/env bash
# Checks an image that build.sh has made: check.sh ARCHIVE. Needs root, to start the program with nothing around it.
set -euo pipefail

archive=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() {
    echo "image: $*" >&2
    exit 1
}

tar -xf "$archive" -C "$scratch"
mapfile -t layers < <(python3 - "$scratch" <<'PYTHON'
import json, sys
folder = sys.argv[1]
[image] = json.load(open(f"{folder}/manifest.json"))
whole = json.load(open(f"{folder}/{image['Config']}"))
config = whole["config"]
want = {"User": "65532:65532", "Entrypoint": ["/easyscale"], "ExposedPorts": {"8080/tcp": {}}}
for key, value in want.items():
    assert config.get(key) == value, (key, config.get(key))
assert config["Healthcheck"]["Test"] == ["CMD", "/easyscale", "health"], config.get("Healthcheck")
assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0", config["Labels"]
assert whole["created"] == "1970-01-01T00:00:00Z", whole["created"]
print("\n".join(image["Layers"]))
PYTHON
)
mkdir "$scratch/rootfs"
for layer in "${layers[@]}"; do
    tar -xf "$scratch/$layer" -C "$scratch/rootfs"
done
rootfs=$scratch/rootfs
[ "$(cd "$rootfs" && find . -type f)" = ./easyscale ] || fail "it has more than the program in it: $(cd "$rootfs" && find .)"
size=$(stat -c %s "$rootfs/easyscale")
[ "$size" -lt 20000000 ] || fail "the program has $size bytes; 20 MB are allowed"
! readelf -l "$rootfs/easyscale" | grep -q INTERP || fail 'the program is not static'

# Nobody, nothing in the environment, no file but the program: as in the image.
inside() {
    env -i "$(command -v chroot)" --userspec=65532:65532 "$rootfs" /easyscale "$@"
}
inside version
# Zone rules come with it.
inside version -o json | grep -q '"bundled"' || fail 'its zone rules are not the bundled ones'
cp examples/cluster.yaml policies/checkout-peak.yaml "$rootfs/"
plan=$(inside plan /checkout-peak.yaml --cluster /cluster.yaml --at 2026-11-27T16:30:00Z)
grep -q 'shop/checkout' <<<"$plan" || fail "no plan: $plan"
! inside health 2>"$scratch/health" || fail 'it is well although nothing runs'
grep -q 'no answer' "$scratch/health" || fail "$(cat "$scratch/health")"
echo "image: $size bytes of program; it plans, alone in an empty root, as 65532"
