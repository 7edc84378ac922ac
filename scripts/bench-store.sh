#!/usr/bin/env bash
# bench-store.sh MODE [FLAGS]: builds croft and the benchmark from this tree into a
# folder of their own and runs it. MODE is s3 or engine; docs/benchmarks.md has the
# flags and what the figures mean.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mode=${1:-s3}
[ $# = 0 ] || shift
export CGO_ENABLED=0
go build -o "$work/storebench" ./objectstore/storebench
if [ "$mode" = s3 ]; then
	go build -o "$work/croft" .
	set -- -binary "$work/croft" "$@"
fi
"$work/storebench" "$mode" "$@"
