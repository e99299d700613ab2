# postroad: `make demo` to see it, `make test` to check it.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -qq --no-compile -c constraints.txt
# In CI the built package is tested; on a laptop the working tree itself.
INSTALL := $(PIP) $(if $(CI),,-e)

.PHONY: demo test lint format docs bench accuracy catalogue constraints clean help

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile

demo: .venv/.runs ## Load the sample logs, serve http://127.0.0.1:8025 and say how to sign in
	@exec $(BIN)/python -m scripts.demo

test: lint ## Install what the tests need (as root: Debian packages too) and run all of them
	@sh scripts/packages
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: .venv/.tests ## Formatting, lint, types, import contracts, docstrings, spelling
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/interrogate -q src tests scripts bench demo
	$(BIN)/codespell

format: .venv/.tests ## Put the code into shape
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: .venv/.tests ## Measure import rate, search time and memory; writes docs/performance.md
	$(BIN)/python -m bench.run

accuracy: .venv/.tests ## Measure what is understood and what is true; writes docs/accuracy.md
	$(BIN)/python -m bench.accuracy

docs: .venv/.tests ## Write down the settings and commands as the program has them
	$(BIN)/python -m scripts.docs

catalogue: .venv/.tests ## Bring the languages' catalogues up to the texts of the code, and tell what is missing
	$(BIN)/python -m scripts.catalogue

constraints: ## Pin the newest versions that fit together
	rm -rf .cache/fresh
	$(PYTHON) -m venv .cache/fresh
	.cache/fresh/bin/pip install -q '.[test]'
	{ sed -n 1p constraints.txt; .cache/fresh/bin/pip freeze --exclude postroad; } > .cache/constraints
	mv .cache/constraints constraints.txt

clean: ## Remove everything that was made here
	rm -rf .venv .cache .demo build dist src/*.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@PYTHON=$(PYTHON) sh scripts/venv

.venv/.runs: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Installing postroad into .venv ..."
	@$(PIP) -e .
	@touch $@

.venv/.tests: pyproject.toml constraints.txt $(if $(CI),$(shell find src -type f)) | .venv/bin/python
	@echo "Installing postroad and what its tests need into .venv ..."
	@$(INSTALL) '.[test]'
	@touch $@
