#!/usr/bin/env bash
# Writes SHA256SUMS of all files of a folder: checksums.sh FOLDER. To check: sha256sum --check SHA256SUMS
set -euo pipefail

cd "$1"
rm -f SHA256SUMS
# The file is there as soon as the line begins.
find . -maxdepth 1 -type f ! -name SHA256SUMS -printf '%P\n' | LC_ALL=C sort | xargs sha256sum >SHA256SUMS
cat SHA256SUMS
