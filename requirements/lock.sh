#!/bin/sh
# Remake the locks from the .in files: requirements/lock.sh [uv]. No header, no annotations: no path and no host gets in.
set -eu
cd "$(dirname "$0")"
uv=${1:-uv}
for name in base test node bench; do
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-header --no-annotate "$name.in" -o "$name.txt"
done
