# pcparchive: bare `make` lists the targets.

GO       ?= go
FUZZTIME ?= 30s
FUZZJOBS ?= 2
LINT     := $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
TARGETS  ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

NFPM     := $(GO) run github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.0
# Versions of packages begin with a digit.
PACKAGE_VERSION ?= $(shell echo '$(VERSION)' | sed -e 's/^v//' -e '/^[0-9][0-9.]*\(-\|$$\)/!s/^/0~/' -e 's/-/./g')

.PHONY: help build test race lint fuzz bench compare soak golden docs cross packages web

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## static binary in bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/pcparchive ./cmd/pcparchive

test: ## all tests; those that need the reference programs say so where they skip
	$(GO) test ./...

# The race detector runs the tests that use several goroutines, where they have a short
# form in that. TestHostilePages scrapes pages of 16 MiB, which time out under the detector.
RACED_ARCHIVE := Follow|Shared|Concurrent|Ahead|Packed|Volumes|Crash|Set|Lock|Recorder
RACED_QUERY   := Concurrent|Stops|Timeout|SelectsOnce|Hosts|server
race: ## the concurrent packages under the race detector, which wants a C compiler
	CGO_ENABLED=1 $(GO) test -race -run '$(RACED_ARCHIVE)' ./archive
	CGO_ENABLED=1 $(GO) test -race -run 'TestSpillTogether|TestAhead' ./internal/decomp
	CGO_ENABLED=1 $(GO) test -race -run '$(RACED_QUERY)' ./query
	CGO_ENABLED=1 $(GO) test -race -skip TestHostilePages ./scrape
	CGO_ENABLED=1 $(GO) test -race -short ./store ./meta ./instant ./receive ./record ./serve/...

lint: ## formatting, vet and linters
	test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	$(GO) mod tidy -diff
	$(LINT) run

fuzz: ## every fuzz target for FUZZTIME, FUZZJOBS at once, in binaries built once
	$(GO) run ./internal/fuzzall -time $(FUZZTIME) -jobs $(FUZZJOBS)

bench: ## benchmarks of the packages
	$(GO) test ./... -run '^$$' -bench . -benchtime 2s

ROWS ?= tools,store,http,pcp,record
compare: ## the commands beside the reference tools, as ratios; ROWS=store: those rows alone
	$(GO) test ./internal/compare -run TestCompare -compare -rows '$(ROWS)' -v -timeout 60m
	case ',$(ROWS),' in *,page,*) $(GO) test ./internal/browsertest -run TestMeasure -measure -v;; esac

SOAK ?= -targets 5000 -series 200 -interval 10s -minutes 10
SOAK_SERVE ?= 1m
soak: ## record thousands of exporters, with the flags SOAK, and instances that come and go; 200 clients of a server for SOAK_SERVE under the race detector, twice
	$(GO) test ./internal/soak -soak $(SOAK) -v -timeout 120m
	CGO_ENABLED=1 $(GO) test -race ./serve -run TestHammer -v -soak $(SOAK_SERVE) -timeout 120m

golden: ## write the expected outputs of tests anew
	$(GO) test ./internal/archtest -update
	$(GO) test ./cmd/pcparchive ./fuzz -update

docs: ## man pages and Markdown of the commands, from their help
	$(GO) test ./cmd/pcparchive -run TestManual -update

# What the reference programs say does not hang on the width of an int: the tests
# that ask them are skipped here, and run in `make test`. Nor does go vet. Packages
# that decode bytes handle lengths; the others work on their results. -short: damage of
# every byte is also left to `make test`.
WITHOUT_BYTES := /scrape$$|/cmd/|/internal/|/promapi|/serve|/ruleeval$$|/query|/convert/tsdb$$|/convert$$|/dump$$|/interp$$|/summary$$|/ingest$$|/record|/push$$|/derive$$|/pmse|/values$$|/top$$|/diff$$|/size$$|/instant$$
cross: ## build for every supported system, run the tests with 32-bit lengths
	@for target in $(TARGETS); do echo $$target; \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} $(GO) build -o /dev/null ./cmd/pcparchive || exit 1; done
	@echo "-tags allsd: the packages of every discovery are there"
	$(GO) list -deps -tags allsd ./cmd/pcparchive >/dev/null
	@echo "linux/386: tests without the reference programs, which are asked in make test"
	GOARCH=386 CGO_ENABLED=0 PCPARCHIVE_REQUIRE_REFERENCE=0 $(GO) test -vet=off -short \
		$$($(GO) list ./... | grep -v -E '$(WITHOUT_BYTES)') ./internal/decomp ./internal/wire ./internal/resync ./internal/spill ./internal/cachedir ./record/registry ./record/retention

web: ## build the page from web/ into serve/page/assets
	cd web && npm ci --no-progress && npm run check && npm test && npm run build

packages: build ## deb and rpm of this system's architecture in bin/
	for shell in bash fish zsh; do bin/pcparchive completion $$shell >bin/completion.$$shell || exit 1; done
	for kind in deb rpm; do GOARCH=$$($(GO) env GOARCH) PACKAGE_VERSION='$(PACKAGE_VERSION)' \
		$(NFPM) package --config dist/nfpm.yaml --packager $$kind --target bin/ || exit 1; done
