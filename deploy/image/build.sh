#!/usr/bin/env bash
# Builds the image of the Dockerfile where no container engine runs, as an archive for `docker load`: build.sh ARCHIVE
# The program is compiled here, by the step of the Dockerfile; its last stage is built by buildah (Debian: buildah,
# musl-tools), which needs no daemon. Nothing is pulled.
set -euo pipefail

archive=$(realpath -m "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

deploy/image/compile.sh "$scratch/out"
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
# The last stage as it stands, but for where the program comes from.
sed -n '/^FROM scratch$/,$p' Dockerfile | sed 's#^COPY --from=build /out/#COPY out/#' >"$scratch/Dockerfile"

store=(--storage-driver vfs --root "$scratch/root" --runroot "$scratch/run")
buildah "${store[@]}" bud --isolation chroot --format docker --timestamp "${SOURCE_DATE_EPOCH:-0}" \
    --build-arg "VERSION=$version" -t "easyscale:$version" "$scratch"
mkdir -p "$(dirname "$archive")"
rm -f "$archive"
buildah "${store[@]}" push "easyscale:$version" "docker-archive:$archive:easyscale:$version"
ls -l "$archive"
