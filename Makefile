SHELL := /bin/bash
CONFIGURATION := Release
SERVER := src/NetbootServer/bin/$(CONFIGURATION)/net10.0/NetbootServer.dll
URL ?= http://127.0.0.1:8080

.PHONY: help run build test test-fast bench soak dist deb vm clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: build ## Start the server on embedded defaults; settings as ARGS="--Urls http://*:9090"
	@dotnet $(SERVER) $(ARGS)

build: ## Build the server
	@dotnet build -c $(CONFIGURATION) -v quiet --nologo src/NetbootServer

test: ## Install what the tests need (Debian packages, when root) and run all of them
	@tests/run.sh all

test-fast: ## The tests without virtual machines, browsers and Nix; under a minute
	@tests/run.sh fast

bench: ## Measure the server, against nginx where there is something to compare
	@tests/bench.sh

soak: ## The long tests: minutes to hours
	@tests/run.sh soak

dist: ## Make the tarballs of a release, for x64 and arm64, in artifacts/dist
	@src/packaging/dist.sh

deb: dist ## Make Debian packages of them
	@src/packaging/deb.sh

vm: ## Boot a virtual machine with a real iPXE against the running server; URL=http://…
	@tests/lab/vm.sh $(URL)

clean: ## Remove what was built, not the data
	@rm -rf artifacts && find src tests -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +
