# make run      install what is missing, build, run the quick start, print the ranked table
# make test     install what is missing, build, run all tests
# make examples build and run the example package
# make check    what CI runs: format, build without warnings, all tests, examples
# make format   rewrite the sources in the one format
# make example  make results.sqlite.example and the cookbook's answers anew
# make lab      all tables and figures of the lab into lab/, beside the report's figures; needs CIFAR-10 ('sweep data fetch cifar10')
# make torture  sweeps that are killed and disturbed at random moments, compared with undisturbed ones (KILLS, SEED)
# make fuzz     sweep files, data, SQL and databases at random (FUZZ_SECONDS, SEED)
# make soak     200,000 trials, and the memory they take (TRIALS)
# make sanitize all tests under the address and the thread sanitizer
# make faults   docs/faults.md anew: each fault as a command and what it prints
# make bench    how fast kernels, sweeps, bookkeeping and queries are, as Markdown (docs/benchmarks.md)
# make search-bench  our samplers beside Optuna's, nevergrad's and Rustuna's, into docs/search-benchmarks.md (SEEDS, an hour of one core with 0-9)
# make bench-peers   the same work with Optuna, NumPy and JAX; PEERS is the folder of their scripts, DATA that of the CIFAR-10 files

# On the path of this shell, or of a login shell.
SWIFT := $(shell command -v swift 2>/dev/null || bash -lc 'command -v swift' 2>/dev/null || echo swift)
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# One configuration for everything: what the tests test is what people run.
CONFIGURATION := -c release --disable-testable-imports
SWEEP := .build/release/sweep
BENCHMARKS := .build/release/sweep-benchmarks
LAB := .build/release/sweep-lab
PACKAGES := libsqlite3-dev zlib1g-dev sqlite3 dataset-fashion-mnist gnuplot-nox curl

TORTURE := .build/release/sweep-torture

.PHONY: run test check format build install test-install examples example lab torture fuzz soak sanitize faults torture-build bench bench-build bench-peers search-bench

run: build
	$(SWEEP) run sweeps/quickstart.yaml

build: install
	$(SWIFT) build -c release --product sweep

test: install test-install
	$(SWIFT) test $(CONFIGURATION)

check: install test-install
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests
	.ci/no-warnings $(SWIFT) build -c release --build-tests
	SWIFT=$(SWIFT) .ci/sanitize kernels
	$(SWIFT) test $(CONFIGURATION)
	$(MAKE) --no-print-directory examples

format:
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests

# Asks for packages only where one is missing, so that it works without a network and without rights once they are there.
define need
	@missing=$$(for package in $(1); do \
	  dpkg-query -W -f '$${Status}\n' $$package 2>/dev/null | grep -q 'ok installed' || echo $$package; done); \
	if [ -n "$$missing" ]; then echo "installing" $$missing >&2; \
	  $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing > /dev/null; fi
endef

install:
	@command -v $(SWIFT) > /dev/null || { echo "Swift 6.2 or newer is needed: https://swift.org/install/linux"; exit 1; }
	$(call need,$(PACKAGES))

# The examples' trainings are tested, where they can be.
test-install:
	$(call need,python3 python3-numpy)

# The second run finds everything done.
examples: install
	$(SWIFT) build --package-path Examples/ClosureSweep --scratch-path .build/examples
	@folder=$$(mktemp -d) && cd $$folder && for run in 1 2; do $(CURDIR)/.build/examples/debug/ClosureSweep || exit 1; done && rm -r $$folder

example: build
	rm -rf .build/example && mkdir -p .build/example
	$(SWEEP) run sweeps/example.yaml --db .build/example/results.sqlite
	rm -f results.sqlite.example
	sqlite3 .build/example/results.sqlite "VACUUM INTO 'results.sqlite.example'"
	SWEEP_UPDATE_DOCS=1 $(SWIFT) test $(CONFIGURATION) --filter DocumentationTests

lab: build
	@$(SWIFT) build -c release --product sweep-lab >&2
	$(LAB) --sweeps sweeps --output lab

torture-build: build
	@$(SWIFT) build -c release --product sweep-torture >&2
	@$(SWIFT) build -c release --product CFaults >&2

KILLS ?= 200
torture: torture-build
	@$(TORTURE) kills --kills $(KILLS) $(if $(SEED),--seed $(SEED))

FUZZ_SECONDS ?= 600
fuzz: torture-build
	@$(TORTURE) fuzz --seconds $(FUZZ_SECONDS) $(if $(SEED),--seed $(SEED))

TRIALS ?= 200000
soak: torture-build
	@$(TORTURE) soak --trials $(TRIALS)

sanitize: test-install install
	SWIFT=$(SWIFT) .ci/sanitize kernels
	SWIFT=$(SWIFT) .ci/sanitize address
	SWIFT=$(SWIFT) .ci/sanitize thread

faults: torture-build
	@Tests/Faults/faults.sh > docs/faults.md.new && mv docs/faults.md.new docs/faults.md

# OpenBLAS and GNU parallel are the yardsticks; nothing else needs them.
bench-build: install
	$(call need,libopenblas-dev parallel)
	@$(SWIFT) build -c release --product sweep >&2
	@$(SWIFT) build -c release --product sweep-benchmarks >&2

bench: bench-build
	@$(BENCHMARKS) kernels
	@$(BENCHMARKS) sweeps
	@$(BENCHMARKS) bookkeeping
	@$(BENCHMARKS) programs

PEERS ?= ../shared/peers
DATA ?= $(HOME)/.cache/sweep/cifar-10-batches-bin
EPOCHS ?= 4

bench-peers: bench-build
	$(call need,python3-venv)
	@.ci/peers .build/peers >&2
	@$(BENCHMARKS) peers --scripts $(PEERS) --python $(CURDIR)/.build/peers/bin/python --data $(DATA) --epochs $(EPOCHS)

# The others' packages come from PyPI into a folder of their own; a run that is there already is not made again.
SEEDS ?= 0-9
search-bench: build
	$(call need,python3-venv)
	@.ci/search-bench .build/search-bench >&2
	@cd .build/search-bench && export SWEEP=$(CURDIR)/$(SWEEP) && for command in "run --seeds $(SEEDS) --out runs.jsonl" "cost --out cost.json"; do \
	  bin/python $(CURDIR)/Tests/SearchBench/bench.py $$command >&2 || exit 1; done
	@cd .build/search-bench && bin/python $(CURDIR)/Tests/SearchBench/bench.py report runs.jsonl cost.json > report.md
	@mv .build/search-bench/report.md docs/search-benchmarks.md && cat docs/search-benchmarks.md
