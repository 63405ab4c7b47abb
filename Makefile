# The two commands: "make run" starts the demo, "make test" runs every test. The rest is for daily work.

SHELL    := /bin/bash
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X main.version=$(VERSION)
SOURCES   = ./cmd/... ./internal/...
E2E       = ./test/e2e/...
export CGO_ENABLED ?= 0

.PHONY: run build generate check deps test unit e2e bench pictures fuzz lint docs clean help

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## start the demo on http://localhost:8080 (MEMBERPAY_LISTEN and MEMBERPAY_DATA move it)
	@exec bin/memberpay demo

deps:
	@echo "==> Getting the Go modules"
	@go mod download

generate: deps
	@echo "==> Generating the pages"
	@go tool templ generate -log-level error

check: generate ## what a build refuses: pages that differ from their templates, a sentence missing in a language
	@echo "==> Checking the words"
	@go run ./internal/words/check

build: check ## bin/memberpay, one file without C libraries
	@echo "==> Building bin/memberpay (the first build takes a few minutes)"
	@go build -trimpath -ldflags "$(LDFLAGS)" -o bin/memberpay ./cmd/memberpay

test: ## every test; installs what it needs where it may, skips nothing
	@test/run.sh

unit: ## the quick tests: no browser, no killed processes
	@go test $(SOURCES) ./test/arch/...

e2e: ## only the tests with the real binary and the browser
	@test/run.sh e2e

bench: ## the speed figures of docs/performance.md, measured here
	@go run ./test/withpostgres -durable go run ./test/bench

pictures: build ## the pictures in docs/pictures, taken from the running demo
	@test/provision.sh
	@go run ./test/e2e/pictures -out docs/pictures

fuzz: ## every fuzz test for FUZZTIME (default 10s)
	@test/fuzz.sh "$${FUZZTIME:-10s}"

lint: ## gofmt, go vet, and staticcheck where it can be had
	@test/lint.sh

docs: ## draw docs/architecture.md again from the import table
	@go test ./test/arch -run TestPicture -update

clean: ## remove what was built, and stop the PostgreSQL cluster that tests share
	@rm -rf bin test/e2e/node_modules
	@go run ./test/withpostgres -stop
