# Everything a user or developer runs. Needs python3 (3.11 or newer, with venv), git and make; nothing else.

export ETH_HASH_BACKEND := pysha3
export UV_PYTHON_DOWNLOADS := never

PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .uv/bin/uv
BIN := .venv/bin

.PHONY: install demo devnet test check unit localnet slow conformance crash mutants contracts wheel bench clean help

help:
	@echo "make demo         four validators, a contract, a DA commitment, a stored file, then everything stops"
	@echo "make devnet       four validators until Ctrl-C"
	@echo "make test         everything CI runs: lint, types, import contracts, tests, the built wheel"
	@echo "make unit         the fast tests alone"
	@echo "make localnet     the tests with real processes on loopback"
	@echo "make slow         the tests that take minutes"
	@echo "make conformance  all recorded vectors and shared test data"
	@echo "make crash        200 kills of a process that commits blocks, 30 of validators; a crash at every durable operation"
	@echo "make mutants      plant each fault, say which test and which seed kills it (hours)"
	@echo "make contracts    compile the Solidity sources again (needs node and npm)"
	@echo "make install      .venv with everything, locked; make clean removes it"
	@echo "make bench        print the benchmarks' figures"

$(UV):
	$(PYTHON) -m venv .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"

.venv/.installed: pyproject.toml uv.lock $(UV)
	$(UV) sync --locked --quiet --compile-bytecode --python $(PYTHON)
	@touch .venv/.installed

install: .venv/.installed

demo: install
	@$(BIN)/zerog demo

devnet: install
	@$(BIN)/zerog devnet

test: check unit localnet wheel

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: install
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow and not localnet" -q

localnet: install
	$(BIN)/pytest -n 2 --dist loadfile -m "localnet and not slow and not alone" -q
	$(BIN)/pytest -m "localnet and not slow and alone" -q

slow: install
	$(BIN)/pytest -m slow -q

conformance: install
	$(BIN)/pytest tests/conformance -m "slow or not slow" -n 2 -q -s

crash: install
	$(BIN)/pytest tests/node/test_kills.py tests/simulation/test_crash_points.py tests/localnet/test_random_kills.py -m "slow or not slow" -q -s

mutants: install
	$(BIN)/python tests/mutants/run.py

contracts: install
	node genesis/contracts/compile.mjs
	node genesis/contracts/compile.mjs --sources benchmarks/execution_parts/contracts --out benchmarks/execution_parts/contracts

wheel: install
	$(BIN)/python tests/install_wheel.py

bench: install
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean:
	rm -rf .venv .uv dist build zerog-devnet
