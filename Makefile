# bartizan: `make demo` shows it, `make test` proves it.
PRESET ?= release
BUILD := build/$(PRESET)
.DEFAULT_GOAL := help
.PHONY: help deps build test clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## configure and build (PRESET=release|debug|asan|tsan|coverage)
	cmake --preset $(PRESET) >/dev/null
	cmake --build $(BUILD)

test: build ## build and run every test
	ctest --test-dir $(BUILD) --output-on-failure
