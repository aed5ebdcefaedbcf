# `make` alone tells what it can do.

SHELL   := /bin/bash
TOOL    := go tool -modfile=.ci/tools.mod
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w
PLUGINS := $(notdir $(patsubst %/main.go,%,$(wildcard plugins/*/main.go)))
GO_SRC   = $$(git ls-files '*.go' | grep -v '\.pb\.go$$')
WEB_SRC := $(shell find web -name node_modules -prune -o -name dist -prune -o -name e2e -prune -o -type f ! -name '*.go' ! -name 'schema.d.ts' -print) api/openapi.yaml

# Without paths in it, what is compiled serves the binaries, the tests and other checkouts alike.
export GOFLAGS := $(strip $(filter-out -trimpath,$(shell go env GOFLAGS 2>/dev/null)) -trimpath)

# The packages whose tests take longest begin first, and three run at once: many wait for processes
# and clocks. CI trusts no result of another checkout.
GO_TESTS = -race -timeout 20m -p 3 -parallel 4 $(if $(CI),-count=1) ./core/cmd/uzel ./core/pluginhost ./plugins/gis ./...

.PHONY: help build web test test-hub test-pages check lint generate run demo bench clean needs

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

build: web ## the hub with its pages into bin/uzel, the connectors into bin/plugins
	@mkdir -p bin/plugins
	go build -ldflags '$(LDFLAGS) -X main.version=$(VERSION)' -o bin/uzel ./core/cmd/uzel
	@for p in $(PLUGINS); do echo "go build ./plugins/$$p"; \
		go build -ldflags '$(LDFLAGS)' -o bin/plugins/$$p ./plugins/$$p || exit 1; done
	@test ! -d examples/folder || go build -ldflags '$(LDFLAGS)' -o bin/plugins/folder ./examples/folder
	go build -ldflags '$(LDFLAGS)' -o bin/mailemulator ./plugins/email/emulator/cmd/mailemulator
	go build -ldflags '$(LDFLAGS)' -o bin/gisemulator ./plugins/gis/emulator/cmd/gisemulator
	go build -ldflags '$(LDFLAGS)' -o bin/cabinet ./examples/cabinet

web: ## the pages into web/dist, from where the hub's binary takes them
	@if command -v npm >/dev/null; then $(MAKE) -s --no-print-directory web/dist/index.html; \
	else echo "npm is missing (Node.js 20.19 or later): the hub is built without its pages"; fi

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SRC)
	cd web && npm run -s build
	@touch $@

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel error
	@touch $@

needs: ## install what the tests need from Debian, or say what is missing
	@.ci/needs

test: needs build ## all tests, with the race detector; installs what they need
	@MAKE="$(MAKE)" .ci/beside test-hub test-pages

# The journeys wait as long as a person would, so they go before the hub's tests.
test-hub:
	nice -n 5 $(TOOL) gotestsum --format testname --format-hide-empty-pkg -- $(GO_TESTS)

test-pages:
	go build -o bin/test/plugins/meters ./web/e2e/meters
	go build -o bin/test/breaker ./web/e2e/breaker
	cd web && npm run -s test && npm run -s journeys

check: lint generate ## everything that must be green: lint, nothing to generate, tests
	git diff --exit-code -- api README.md plugins
	$(MAKE) test

lint: ## gofumpt, vet, staticcheck
	@out=$$($(TOOL) gofumpt -l $(GO_SRC)); test -z "$$out" || { echo "gofumpt -w:"; echo "$$out"; exit 1; }
	go vet ./...
	$(TOOL) staticcheck ./...

generate: ## protobuf, REST types, tables in the READMEs
	@.ci/generate

run: build ## build all and start the hub on 127.0.0.1:8080 with ./data
	bin/uzel serve $(ARGS)

demo: build ## the same in ./data/demo with mail, cabinet, GIS and signature emulated, and a story
	UZEL_DATA=data/demo UZEL_LOG__LEVEL=warn bin/uzel serve --demo $(ARGS)

bench: build ## figures as ratios to floors of the same run; QUICK=1 for three minutes
	go build -ldflags '$(LDFLAGS)' -o bin/bench/generator ./sdk/sdktest/generator
	bin/uzel bench $(if $(QUICK),--quick) --out bench.json

clean: ## remove what was built, not ./data
	rm -rf bin bench.json
	find web/dist -mindepth 1 ! -name .keep -delete
