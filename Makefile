# Needs Python 3.11 or newer (with venv) and make; everything else is fetched, pinned and hashed, into .venv.
# `make` alone lists the targets. PYTHON=… picks the interpreter, ARGS=… goes to the tool that a target runs.

.DEFAULT_GOAL := help
.PHONY: help setup demo test nightly clients lint format types bench lock clean
MAKEFLAGS += --no-print-directory

PYTHON ?=
ARGS ?=
BIN := .venv/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check --no-input -qq

# A stamp is named after what it installed and where, so that a second run installs nothing.
key = $(shell { pwd; cat pyproject.toml $(1); } | cksum | cut -d ' ' -f 1)
RUNTIME := .venv/.runtime-$(call key,requirements.lock)
DEV := .venv/.dev-$(call key,requirements-dev.lock)
CLIENTS := .venv-clients/.ready-$(call key,requirements-clients.txt requirements-clients-nodeps.txt)
CLIENT_PIP = .venv-clients/bin/python -m pip --disable-pip-version-check --no-input -qq install --no-compile

# Where packages come from is the environment's business; where they go is ours.
unexport PYTHONHOME PYTHONPATH PIP_CONSTRAINT PIP_DRY_RUN PIP_NO_DEPS PIP_PREFIX PIP_PYTHON PIP_REQUIREMENT PIP_ROOT PIP_TARGET
export PIP_REQUIRE_HASHES := 0
export PIP_USER := 0

help:
	@echo 'make demo    set up, then build specs/legal.sft'
	@echo 'make test    set up, then run every test (SFTSPEC_REAL_DATA=folder adds those on real data)'
	@echo 'make nightly 100,000 mutations of a snapshot, each found (minutes)'
	@echo 'make clients set up trainer libraries apart, then run the tests in which they read our files'
	@echo 'make lint    ruff: rules and format        make format  ruff: mend both'
	@echo 'make types   mypy, strict                  make bench   run the benchmarks'
	@echo 'make setup   only set up .venv             make lock    pin again (needs uv)'
	@echo 'make clean   remove caches and the store, keep .venv and snapshots'

setup: $(DEV)
	@:

demo: $(RUNTIME)
	@$(BIN)/sftspec build specs/legal.sft $(ARGS)

test: $(DEV)
	@$(BIN)/python -m pytest $(if $(SFTSPEC_REAL_DATA),,-m 'not real') $(ARGS)

nightly: $(DEV)
	@SFTSPEC_MUTATIONS=100000 $(BIN)/python -m pytest tests/snapshot/test_mutations.py $(ARGS)

clients: $(DEV) $(CLIENTS)
	@SFTSPEC_CLIENTS=$(CURDIR)/.venv-clients/bin/python $(BIN)/python -m pytest -m client tests/clients $(ARGS)

lint: $(DEV)
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check . || \
	  { echo 'lint: `make format` mends what can be mended' >&2; exit 1; }

format: $(DEV)
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format .

types: $(DEV)
	@$(BIN)/mypy --no-error-summary $(ARGS)

bench: $(RUNTIME)
	@$(BIN)/python -m bench.run $(ARGS)

# Keeps the pins that are there; delete a line of a lock first to move its package.
lock: COMPILE = UV_CUSTOM_COMPILE_COMMAND='make lock' uv pip compile --quiet --universal \
  --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links
lock:
	@$(COMPILE) --extra build --extra tokens --output-file requirements.lock pyproject.toml
	@$(COMPILE) --extra dev --extra tokens --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

clean:
	@rm -rf dist build .sftspec compiled/.staging .hypothesis .mypy_cache .pytest_cache .ruff_cache .coverage htmlcov
	@find . -path ./.venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

# ---------------------------------------------------------------- setting up

# The locks hold the build backend, so nothing is fetched that has no hash.
define install
	@echo 'setup: installing $(1) into .venv (a minute or two, once)'
	@$(PIP) install --require-hashes --requirement $(1)
	@$(PIP) install --no-deps --no-build-isolation --editable .
endef

.venv/bin/python:
	@for python in $(or $(PYTHON),python3.11 python3 python3.12 python3.13 python3.14); do \
	  $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	    && exec $$python -m venv .venv; \
	done; echo 'setup: found no Python 3.11 or newer with venv (Debian: apt install python3-venv)' >&2; exit 1

$(DEV): | .venv/bin/python
	$(call install,requirements-dev.lock)
	@touch $(RUNTIME) $@

$(RUNTIME): | .venv/bin/python
	$(call install,requirements.lock)
	@touch $@

# Trainer libraries want other pins than ours, so they have an environment of their own. Little of
# each is read, so it is compiled as it is loaded.
$(CLIENTS): | .venv/bin/python
	@echo 'setup: installing requirements-clients.txt into .venv-clients (two minutes, once)'
	@.venv/bin/python -m venv --clear .venv-clients
	@$(CLIENT_PIP) --requirement requirements-clients.txt
	@$(CLIENT_PIP) --no-deps --requirement requirements-clients-nodeps.txt
	@touch $@
