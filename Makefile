# What a person types. `make help` lists it. Needs Go, Node and make.

GO_PACKAGES = ./cmd/... ./server/... ./search/... ./migrations/... ./frontend
VERSION = $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

.PHONY: help build run test check lint gen clean
help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

build: ## build the web app and bin/guildhall
	cd frontend && npm ci --no-progress && npm run build && touch build/.gitkeep
	go build -trimpath -ldflags "-X main.version=$(VERSION)" -o bin/guildhall ./cmd/guildhall

run: build ## build, start the demo network, print its address
	bin/guildhall serve --demo

lint: .tools/bin/golangci-lint ## Go formatting and linters
	.tools/bin/golangci-lint fmt --diff
	.tools/bin/golangci-lint run $(GO_PACKAGES)

.tools/bin/golangci-lint: .tools/go.sum
	cd .tools && go build -o bin/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint

test: lint build ## everything
	go test -race -shuffle=on -timeout 10m $(GO_PACKAGES)
	cd frontend && npm run lint && npm run check && npm run test && npm run e2e

gen: ## docs/openapi.json and the TypeScript types made from it
	go run ./cmd/guildhall openapi > docs/openapi.json
	cd frontend && npm run gen

clean: ## remove what was built
	rm -rf bin .stamps frontend/build/*
