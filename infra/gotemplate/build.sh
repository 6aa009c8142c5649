#!/bin/sh
# Builds gotemplate.wasm.gz, which renders Go templates. The same sources and Go give the same bytes.
set -eu
cd "$(dirname "$0")"
GOOS=wasip1 GOARCH=wasm GOFLAGS=-buildvcs=false go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o gotemplate.wasm .
gzip -9 -n -f gotemplate.wasm
