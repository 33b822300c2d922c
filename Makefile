# Everything a newcomer needs: `make run`, `make test`, `make sim`, `make check`, `make bench`, `make fuzz`.
# One build profile (release) serves the server, the tests and the benchmarks.

CARGO ?= cargo
DATA_DIR ?= holdfast-data

.PHONY: run build emulators test unit sim e2e suite check format bench fuzz clean

run: build ## Start a server on defaults and say how to use it.
	@HOLDFAST_BIN=$${CARGO_TARGET_DIR:-target}/release/holdfast tests/run-demo $(DATA_DIR)

build:
	$(CARGO) build --release --locked -p holdfast

emulators: ## Servers of the vendors' protocols, for the end-to-end suite.
	$(CARGO) build --release --locked -p holdfast-gcs-server -p holdfast-store-tests --bins
	tests/stores/setup

test: unit suite ## Every suite; installs what the suites need. The unit tests build the server too.

unit: ## Also builds the emulators.
	tests/stores/setup
	$(CARGO) test --release --locked --workspace --no-fail-fast

sim: ## Two thousand seeds of the engine's simulator, and the planted bugs that it must find.
	HOLDFAST_SEEDS=$${HOLDFAST_SEEDS:-2000} $(CARGO) test --release --locked --workspace --features holdfast-engine/planted-bugs --test sim

e2e: build emulators suite ## The server under a real Linux kernel. Needs root and Debian's packages.

suite:
	HOLDFAST_BIN=$${CARGO_TARGET_DIR:-$(CURDIR)/target}/release/holdfast tests/e2e/run
	HOLDFAST_BIN=$${CARGO_TARGET_DIR:-$(CURDIR)/target}/release/holdfast tests/e2b/run
	HOLDFAST_BIN=$${CARGO_TARGET_DIR:-$(CURDIR)/target}/release/holdfast tests/sdk/run

check: ## Format, lints, crate edges, sizes, licences, unused dependencies.
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --locked --workspace --all-targets -- -D warnings
	tests/tidy/run

format:
	$(CARGO) fmt --all

bench: ## Holdfast beside nfs-ganesha on one disk. Needs root and Debian's packages.
	bench/run

fuzz: ## Each wire program for a minute. Needs a nightly toolchain and cargo-fuzz.
	cd fuzz && for target in rpc_record nfs3 mount3 portmap2 nlm4 nsm1; do cargo +nightly fuzz run $$target -- -max_total_time=60 || exit 1; done

clean:
	$(CARGO) clean
