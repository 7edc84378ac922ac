#!/usr/bin/env bash
# Generates what is committed but made from something else: the API's description
# and route list from the server, the UI's types from the description, the tables
# of docs/s3.md from the requests that a test makes, that of docs/mc-admin.md from the
# calls that are answered. With
# --check it changes nothing and fails when something is out of date.
set -euo pipefail
cd "$(dirname "$0")/.."
goldens='^(TestRouteList|TestOpenAPI)$'
calls='^TestCallTable$'
admin='^TestDocument$'
if [ "${1:-}" = --check ]; then
	go test ./server -run "$goldens" -count=1
	go test ./objectstore/s3api -run "$calls" -count=1
	go test ./objectstore/adminapi -run "$admin" -count=1
	(cd ui && npm run --silent gen -- --check)
else
	go test ./server -run "$goldens" -count=1 -update
	go test ./objectstore/s3api -run "$calls" -count=1 -update
	go test ./objectstore/adminapi -run "$admin" -count=1 -update
	(cd ui && npm run --silent gen)
fi
