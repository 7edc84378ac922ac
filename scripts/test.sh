#!/usr/bin/env bash
# test.sh [STAGE...]: runs the named stages, by default all of them in order,
# goes on after a failure, and ends with what each stage did, go test's own
# lines last.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

[ -t 1 ] || { export NO_COLOR=1; unset FORCE_COLOR; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/stages"
: >"$work/tests"

# Tests that share memory between goroutines for a living.
race_rooms="./account/... ./chat/... ./internal/... ./objectstore/... ./pipeline/... ./server/..."

# SQLite in itself is not watched: it is not ours, and was more than half of all work.
not_sqlite="-gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false"

go_test() { # go_test ARGS...: keeps the lines that say how each package fared
	go test "$@" 2>&1 | tee "$work/output"
	local rc=${PIPESTATUS[0]}
	grep -E '^(ok|FAIL|---? FAIL|panic:)[[:space:]:]' "$work/output" >>"$work/tests"
	return "$rc"
}
packages() { # packages PATTERN...: those that exist, without e2e
	local p
	for p in "$@"; do [ -n "$(go list "$p" 2>/dev/null)" ] && echo "$p"; done
}

stage_format() {
	local out
	out=$(find . -name '*.go' -not -path '*/node_modules/*' -not -path './.cache/*' -exec gofmt -l {} +) || return 1
	[ -z "$out" ] || { printf 'not formatted (make fmt):\n%s\n' "$out"; return 1; }
}
stage_vet() { go vet ./...; }
stage_build() { go build -o "$work/croft" . && "$work/croft" version; }
stage_cross() { # Windows alone: what differs elsewhere is not ours, and each platform is compiled whole
	GOOS=windows GOARCH=amd64 go build ./... && GOOS=windows GOARCH=amd64 go vet ./...
}
stage_lint() { scripts/lint.sh; }
stage_ui-install() { scripts/npm-ci.sh ui && scripts/npm-ci.sh e2e; }
stage_ui-types() { (cd ui && npm run --silent typecheck); }
stage_ui-lint() { scripts/npm-ci.sh ui && (cd ui && npm run --silent lint); }
stage_ui-test() { (cd ui && npm run --silent test); }
stage_ui-dist() {
	(cd ui && npm run --silent build -- --outDir "$work/dist" --emptyOutDir --logLevel warn) || return 1
	diff -rq "$work/dist" ui/dist || { echo "ui/dist is not what ui/src builds: make ui, and commit it"; return 1; }
}
stage_gen() { scripts/gen.sh --check; }
# once_raced PACKAGE...: those of which the race stage, where it runs too, does not run all.
# A package whose tests do not ask for -short is the same there, and watched besides.
once_raced() {
	case " $stages " in *" race "*) ;; *) printf '%s\n' "$@"; return ;; esac
	local p raced
	raced=" $(go list $race_rooms | tr '\n' ' ')"
	for p in "$@"; do
		case "$raced" in
		*" $p "*) grep -qs 'testing\.Short()' "./${p#croft/}"/*_test.go && echo "$p" ;;
		*) echo "$p" ;;
		esac
	done
}
stage_unit() {
	go_test -shuffle=on -timeout 10m $(once_raced $(go list ./... | grep -v '^croft/e2e'))
}
stage_race() {
	# One more at a time than there are cores: pipeline/docker waits for its engine.
	CGO_ENABLED=1 go_test -race $not_sqlite -p $(($(getconf _NPROCESSORS_ONLN) + 1)) -short -shuffle=on -timeout 25m $(packages $race_rooms)
}
stage_e2e() {
	scripts/npm-ci.sh e2e && go_test -count=1 -v -timeout 20m ./e2e/...
}

all="format vet build cross lint ui-install ui-types ui-lint ui-test ui-dist gen unit race e2e"
stages=${*:-$all}
failed=0
began=$SECONDS
for name in $stages; do
	printf '\n== %s\n' "$name"
	start=$SECONDS
	if "stage_$name"; then
		result=ok
	else
		result=FAILED
		failed=$((failed + 1))
	fi
	printf '  %-11s %-6s %4d s\n' "$name" "$result" $((SECONDS - start)) | tee -a "$work/stages"
done

printf '\n== summary: %d s, %d stage(s) failed\n' $((SECONDS - began)) "$failed"
cat "$work/stages"
if [ -s "$work/tests" ]; then
	printf '\n== go test\n'
	cat "$work/tests"
fi
[ "$failed" = 0 ]
