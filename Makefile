# The two commands: `make chat` (set up, build the starter vault, open the page) and `make test` (set up, run everything).
# Python 3.11 to 3.13 is needed; name one with `make PYTHON=python3.12 ...`.

VAULT ?= vault
VENV ?= .venv
BIN := $(VENV)/bin
IN_RANGE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c '$(IN_RANGE)' >/dev/null 2>&1 && echo $$p && break; done)
PIP := $(BIN)/python -m pip install --disable-pip-version-check -q -c constraints.txt
ASKED := $(shell cat pyproject.toml constraints.txt | cksum | cut -d' ' -f1)
GO_ON := { tail -n 3 $(VENV)/pip.log; test -x $(BIN)/mivault && echo "$(VENV) could not be brought up to date: going on with what is there."; }

.PHONY: help chat ask install install-dev test check format bench eval clean
.DEFAULT_GOAL := help

help: ## Show these commands.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

chat: install ## Set up, make the starter vault if there is none, open the chat page while the vault is built.
	@$(BIN)/mivault chat --vault $(VAULT) $(ARGS)

ask: install ## One answer with its citations: make ask Q="What is superposition?"
	@test -n "$$Q" || { echo 'Say what to ask: make ask Q="What is superposition?"'; exit 2; }
	@test -f $(VAULT)/index/state.json || $(MAKE) --no-print-directory $(VAULT)/index/state.json
	@$(BIN)/mivault ask --vault $(VAULT) -- "$$Q"
export Q

install: $(VENV)/.installed-$(ASKED) ## Set up .venv, nothing else.

install-dev: $(VENV)/.installed-dev-$(ASKED) ## Set up .venv with what the checks need.

test: install-dev ## Lint, types, import contracts and the whole test suite.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --dist loadfile -rs $(ARGS)

check: install-dev ## The fast part of `make test`: no browser, no slow tests.
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not browser and not slow" $(ARGS)

format: install-dev ## Format the code.
	$(BIN)/ruff check --fix-only -q . ; $(BIN)/ruff format .

bench: install-dev ## The claims about speed, memory, titles and retrieval, measured against named peers.
	$(BIN)/python -m benchmarks.ingest
	$(BIN)/python -m benchmarks.embedding
	$(BIN)/python -m benchmarks.parsing
	$(BIN)/python -m benchmarks.titles
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.retrieval
	$(BIN)/python -m benchmarks.mutations
	$(BIN)/python -m benchmarks.support

eval: install ## Ask the eval set of the vault in ./vault and score the answers.
	@test -f $(VAULT)/index/state.json || $(MAKE) --no-print-directory $(VAULT)/index/state.json
	@$(BIN)/mivault eval --vault $(VAULT) $(ARGS)

$(VAULT)/index/state.json:
	@test -f $(VAULT)/vault.yaml || $(BIN)/mivault init $(VAULT)
	@$(BIN)/mivault sync --vault $(VAULT) --no-download

clean: ## Remove .venv and caches; vaults are left alone.
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "mivault needs Python 3.11, 3.12 or 3.13: install one, or name it: make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Stamped with what is asked for, not with when: a checkout that changes no dependency installs nothing, with a network
# or without. Where pip fails on a .venv that has worked before, it is used as it is.
$(VENV)/.installed-$(ASKED): $(VENV)/bin/python
	@echo "Setting up $(VENV) (a few minutes, once)"
	@$(PIP) -e . >$(VENV)/pip.log 2>&1 && touch $@ || $(GO_ON)

# All at once: what the program needs is looked up once, not twice.
$(VENV)/.installed-dev-$(ASKED): $(VENV)/bin/python
	@echo "Setting up $(VENV) with what the checks need (a few minutes, once)"
	@$(PIP) -e ".[dev]" >$(VENV)/pip.log 2>&1 && touch $@ $(VENV)/.installed-$(ASKED) || $(GO_ON)
