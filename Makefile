# bartizan: `make demo` shows it, `make test` proves it. Every target may be run again at any time.
PRESET ?= release
PREFIX ?= /usr/local
BUILD := build/$(PRESET)
JOBS ?= $(shell nproc)
say = @printf '\n== %s\n' "$(1)"
.DEFAULT_GOAL := help
.PHONY: help demo test build build-fuzz fuzz asan tsan bench lint format install clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: build ## install what it needs, train a small model, audit it, harden it, compare: prints the report's path
	@scripts/install-deps demo
	@scripts/demo $(BUILD)/bin

test: build build-fuzz ## install what tests need, build, run every test; each fuzz target for 10 s
	$(call say,testing)
	ctest --test-dir $(BUILD) --output-on-failure --parallel $(JOBS)

build: ## install what the build needs, configure, build (PRESET=release|debug|asan|tsan|coverage|bench)
	$(call say,building $(PRESET) in $(BUILD))
	@scripts/install-deps build test
	@mkdir -p build
	@cmake --preset $(PRESET) >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@cmake --build $(BUILD)

build-fuzz:
	$(call say,building the fuzz targets in build/fuzz)
	@scripts/install-deps build test
	@mkdir -p build
	@cmake --preset fuzz >build/fuzz.log 2>&1 || { cat build/fuzz.log; exit 1; }
	@cmake --build build/fuzz

fuzz: build-fuzz ## run each fuzz target for 30 s (FUZZ_SECONDS=N for another time)
	$(call say,fuzzing)
	@scripts/fuzz --seconds $(or $(FUZZ_SECONDS),30)

asan: ## build and test with the address and undefined-behaviour sanitizers
	@$(MAKE) --no-print-directory build PRESET=asan
	ctest --preset asan --parallel $(JOBS)

tsan: ## build and test the light modules with the thread sanitizer
	@$(MAKE) --no-print-directory build PRESET=tsan
	ctest --preset tsan --parallel $(JOBS)

bench: ## build and run the benchmarks
	@scripts/install-deps build dev
	@$(MAKE) --no-print-directory build PRESET=bench
	@for program in build/bench/bin/*_bench; do $$program || exit 1; done

lint: ## check layers, format and file lengths; clang-tidy on the light modules
	@scripts/install-deps dev
	@scripts/lint

format: ## format our C++ with clang-format
	@scripts/install-deps dev
	@git ls-files '*.cpp' '*.h' | xargs clang-format -i

install: build ## install the programs, headers and CMake package (PREFIX=/usr/local)
	cmake --install $(BUILD) --prefix $(PREFIX)

clean: ## remove everything that was built
	rm -rf build
