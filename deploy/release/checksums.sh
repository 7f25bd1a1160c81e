#!/usr/bin/env bash
# Writes SHA256SUMS of all files of a folder: checksums.sh FOLDER. To check: sha256sum --check SHA256SUMS
set -euo pipefail

cd "$1"
rm -f SHA256SUMS
find . -maxdepth 1 -type f -printf '%P\n' | sort | xargs sha256sum >SHA256SUMS
cat SHA256SUMS
