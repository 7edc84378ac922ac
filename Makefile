# Everything a developer does here. `make` alone lists it.
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export HOME ?= $(shell getent passwd "$$(id -u)" | cut -d: -f6)
export PATH := $(CURDIR)/.cache/node/bin:$(PATH):/usr/local/go/bin
export CGO_ENABLED ?= 0
# npm says nothing that a reader of the output could act on.
export NPM_CONFIG_FUND := false
export NPM_CONFIG_AUDIT := false
export NPM_CONFIG_UPDATE_NOTIFIER := false
export NPM_CONFIG_LOGLEVEL := error

DATA ?= ./data
RACE_TIMEOUT ?= 10m
FUZZTIME ?= 10s
N ?= 2000

.PHONY: help
help: ## list these targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F'\t' '{ printf "  make %-13s %s\n", $$1, $$2 }'

.PHONY: run
run: build ## build Croft and serve ./data (DATA=dir for another folder)
	./bin/croft server $(DATA)

.PHONY: build
build: ## build bin/croft
	go build -trimpath -ldflags "-s -w" -o bin/croft .

.PHONY: deps
deps: ## install and start what the tests need besides Go (as root on Debian), else say what is missing
	@scripts/deps.sh

.PHONY: test
test: deps ## everything CI runs: format, vet, lint, UI, drift, unit, race and end-to-end tests
	@scripts/test.sh

.PHONY: check
check: ## what make test runs, installing nothing: tests without their engine or browser skip aloud
	@scripts/test.sh

.PHONY: quick
quick: ## format, vet and unit tests only
	@scripts/test.sh format vet unit

.PHONY: dev
dev: node-modules ## serve ./data and the UI with hot reload on http://localhost:5173
	@trap 'kill 0' EXIT; go run . server $(DATA) & cd ui && npm run dev

.PHONY: ui
ui: node-modules ## build ui/dist, which is committed
	cd ui && npm run build

.PHONY: node-modules
node-modules:
	@scripts/npm-ci.sh ui

.PHONY: gen
gen: node-modules ## generate the OpenAPI description, the UI's types and the tables of docs/s3.md
	@scripts/gen.sh

.PHONY: fmt
fmt: ## format the Go code
	find . -name '*.go' -not -path '*/node_modules/*' -not -path './.cache/*' -exec gofmt -w {} +

.PHONY: lint
lint: ## golangci-lint (built from scripts/lint once) and ESLint
	@scripts/test.sh lint ui-lint

.PHONY: race
race: ## all Go tests under the race detector
	CGO_ENABLED=1 go test -race -gcflags=modernc.org/sqlite/lib=-race=false -shuffle=on -timeout $(RACE_TIMEOUT) $$(go list ./... | grep -v '^croft/e2e')

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (10s)
	@scripts/fuzz.sh $(FUZZTIME)

.PHONY: crash
crash: ## crash the object store's engine N times (2000) on simulated drives (SEED=… tries the same ones)
	CROFT_CRASH_N=$(N) CROFT_CRASH_SEED=$(SEED) go test ./objectstore/erasure/... -run 'Crash' -count=1 -v -timeout 0

.PHONY: bench-store
bench-store: ## measure the object store over S3, half an hour or more (BENCH="-quick": ten minutes; docs/benchmarks.md)
	@scripts/bench-store.sh s3 $(BENCH)

.PHONY: bench-engine
bench-engine: ## measure the erasure engine alone (BENCH="-quick -drives 4 -cpuprofile cpu.out")
	@scripts/bench-store.sh engine $(BENCH)

.PHONY: bench-lifecycle
bench-lifecycle: ## measure what lifecycle rules over 1,000,000 objects do to requests (OBJECTS=100000: less)
	CROFT_BENCH_LIFECYCLE=$(or $(OBJECTS),1000000) go test ./objectstore/lifecycle -run '^TestBenchLifecycle$$' -count=1 -v -timeout 60m

.PHONY: e2e
e2e: deps ## the end-to-end tests alone: real binary, Docker engine, browser and S3 clients
	@scripts/test.sh e2e

.PHONY: screenshots
screenshots: deps ## walk the end-to-end journey, keep pictures in e2e/results and renew docs/images
	CROFT_E2E_PICTURES=docs go test ./e2e -run '^TestJourney$$' -count=1 -v -timeout 15m

.PHONY: sample-image
sample-image: ## make the image croft-sample/go from this machine's Go toolchain and busybox
	go run ./internal/testimage/build go

.PHONY: sample-forge
sample-forge: ## serve the sample repository on 127.0.0.1:9010 (WEBHOOK_URL=… WEBHOOK_SECRET=… to tell pushes)
	go run ./internal/testforge/serve -webhook-url "$(WEBHOOK_URL)" -webhook-secret "$(WEBHOOK_SECRET)"

.PHONY: clean
clean: ## remove what was built (never ./data)
	rm -rf bin .cache/golangci-lint* e2e/results
