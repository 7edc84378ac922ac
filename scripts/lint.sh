#!/usr/bin/env bash
# Runs golangci-lint at the version pinned in scripts/lint/go.mod. It is a tool
# of its own module: nothing of it is linked into Croft.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n 's#.*golangci/golangci-lint/v2 \(v[0-9.]*\).*#\1#p' scripts/lint/go.mod)
tool=$PWD/.cache/golangci-lint-$version
if [ ! -x "$tool" ]; then
	echo "building golangci-lint $version, once"
	go build -C scripts/lint -o "$tool" github.com/golangci/golangci-lint/v2/cmd/golangci-lint
fi
# Checkouts that lint at the same time must not share a cache.
export GOLANGCI_LINT_CACHE=$PWD/.cache/golangci-lint-cache
exec "$tool" run --allow-parallel-runners "$@"
