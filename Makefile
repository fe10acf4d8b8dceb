# One command sets up and runs the main job (make demo), one passes all tests (make test).
SHELL := /bin/bash
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
export PATH := $(BIN):$(PATH)

.PHONY: help demo setup build develop lint types contracts unit server flow browser js test bench clean

help: ## Show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: ## Set up, build, run the example pipeline, open JupyterLab on it (NO_LAB=1: stop after the run)
	@bash scripts/demo.sh

setup: ## Make .venv with everything for development
	@bash scripts/setup.sh

build: setup ## Build the front end
	jlpm build

develop: setup ## Link the checkout into .venv, so that a rebuild is seen after a reload
	bash scripts/develop.sh

lint: setup ## Formatters and linters of both languages
	ruff check . && ruff format --check .
	jlpm lint

types: setup ## mypy and TypeScript
	mypy
	jlpm tsc --noEmit -p .

contracts: setup ## Who may import whom
	lint-imports

unit: setup ## Python unit tests
	pytest tests/unit tests/mage tests/shape

server: setup ## REST interface and drive in a real server
	pytest tests/server

flow: setup ## Real kernels, command line, kills
	bash scripts/environments.sh dbt spark xeus
	pytest tests/flow tests/cli tests/faults tests/differential tests/connectors tests/dbt tests/spark

js: setup ## TypeScript unit tests
	jlpm test

browser: setup ## JupyterLab in Chromium
	@bash scripts/browser.sh

test: ## Everything
	@bash scripts/test.sh

bench: setup ## Measure, print a table, write JSON
	python -m benchmarks

clean: ## Remove what was built
	rm -rf $(VENV) .environments lib node_modules ui-tests/node_modules mage_jlab/labextension demo build dist tsconfig.tsbuildinfo
