# What a contributor, an operator and continuous integration run. `make` alone
# lists the targets. Every target works offline once the modules and the
# packages are there.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
COMMIT  ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
OUT     ?= bin/defenderline
SECRETS ?= /etc/defenderline/secrets

FUZZTIME  ?= 20s
BENCH     ?= .
BENCHTIME ?= 1s
SOAK      ?= 10m
# One package's tests under the race detector; the slowest takes six minutes where nothing else runs, and twice that beside others.
TIMEOUT   ?= 25m

# The targets share two cores and the build cache: one after the other.
.NOTPARALLEL:
.PHONY: help demo test packages lint fmt vet staticcheck unit bench soak fuzz build compose-secrets

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' Makefile

demo: ## the whole line in one process, on http://127.0.0.1:8080
	go run ./cmd/defenderline demo

test: packages lint unit ## install what is missing, lint, then every test under the race detector

packages: ## install the programs the tests run, where that is possible
	@echo "== packages"
	@.ci/packages

lint: fmt vet staticcheck ## gofmt, go vet, staticcheck

fmt: ## names the files that gofmt would change
	@echo "== gofmt"
	@unformatted=$$(gofmt -l .) && if [ -n "$$unformatted" ]; then \
		echo "gofmt -w would change:"; echo "$$unformatted"; exit 1; fi

vet: ## go vet
	@echo "== go vet"
	@go vet ./...

staticcheck: ## staticcheck, at the version go.mod pins
	@echo "== staticcheck"
	@go tool staticcheck ./...

unit: ## go test under the race detector
	@echo "== go test -race"
	@go test -race -timeout $(TIMEOUT) ./...

soak: ## the matrix of faults with 100 people, again and again; SOAK=10m
	go test -race -timeout 0 -run '^(TestSoak|TestTelegramFaults)$$' -v ./cmd/defenderline -soak=$(SOAK) -people=100

bench: ## benchmarks, compiled as the release; BENCH=pattern BENCHTIME=1s
	go test -pgo $(CURDIR)/cmd/defenderline/line.pgo -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -benchmem ./...

fuzz: ## every fuzz target in turn; FUZZTIME=20s each
	@.ci/fuzz $(FUZZTIME)

# The time zones go into the binary, because the container's image has none. line.pgo is what a busy line does most, for the
# compiler (see CONTRIBUTING.md).
build: ## a static binary; OUT=bin/defenderline
	CGO_ENABLED=0 go build -buildvcs=false -trimpath -tags timetzdata -pgo cmd/defenderline/line.pgo \
		-ldflags '-s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)' \
		-o $(OUT) ./cmd/defenderline

# Redis gets the passwords' SHA-256, the line its password; none is shown. The
# probe may only say PING, for compose's health check; admin is the operator.
compose-secrets: ## fresh Redis secrets for compose.yaml; SECRETS=folder
	@set -eu; umask 077; mkdir -p '$(SECRETS)'; cd '$(SECRETS)'; \
	for f in redis-password redis-admin-password redis-users.acl; do \
		if [ -e "$$f" ]; then echo "$(SECRETS)/$$f exists and is kept: move it away to make a new one" >&2; exit 1; fi; \
	done; \
	for f in redis-password redis-admin-password; do head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$$f"; done; \
	hash() { sha256sum <"$$1" | cut -c1-64; }; \
	{ echo 'user default off resetpass'; \
	  echo 'user probe on nopass -@all +ping'; \
	  echo "user line on #$$(hash redis-password) ~* &* +@all -@admin -@dangerous +info +config|get"; \
	  echo "user admin on #$$(hash redis-admin-password) +ping +info +config|get +config|set +bgrewriteaof +shutdown"; } >redis-users.acl; \
	echo 'next: chown 65532:65532 $(SECRETS)/* && chown 999:999 $(SECRETS)/redis-users.acl'
