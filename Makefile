# What a newcomer needs: `make demo`, `make test`, `make clean`. The rest is for people who change opsharden.
SHELL := /bin/bash
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: demo test field record unit lint molecule bench collection wheel setup clean lock help

help:
	@echo "make demo      build a lab of real hosts and run the whole loop on it"
	@echo "make test      every test, on real hosts (about half an hour)"
	@echo "make field     what hosts in the field look like, on real hosts (an hour and more)"
	@echo "make record    the same, and keep what they answer for the unit tests"
	@echo "make unit      the tests that need no host"
	@echo "make lint      style, types, floors, roles"
	@echo "make molecule  the roles' molecule scenarios"
	@echo "make collection  the content as an Ansible collection, in dist/"
	@echo "make bench     measure it beside other tools on up to 100 real hosts (an hour or two; see bench/run.py)"
	@echo "make clean     remove the lab, the demo and the environment"
	@echo "make lock      renew requirements.lock"

setup: .venv/ready

.venv/ready: requirements.lock pyproject.toml .ci/prepare
	.ci/prepare

demo: setup
	docs/demo.sh

test: setup lint
	$(BIN)/pytest

field: setup
	$(BIN)/pytest tests/field

record: setup
	$(BIN)/pytest tests/field --record

unit: setup
	$(BIN)/pytest tests/unit

lint: setup
	.ci/lint

molecule: setup
	.ci/molecule

collection: setup
	$(BIN)/python .ci/collection/build.py

bench: setup
	$(BIN)/python -m bench.run

clean:
	-[ -x $(BIN)/opsharden ] && $(BIN)/opsharden lab down demo
	-podman images -q --filter reference='localhost/opsharden-lab*' 2>/dev/null | sort -u | xargs -r podman rmi 2>/dev/null # one that another lab uses stays
	rm -rf demo .venv .opsharden dist build .mypy_cache .ruff_cache .pytest_cache .ansible .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock: setup
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --extra dev --no-emit-index-url --no-header --upgrade \
	  --output-file requirements.lock pyproject.toml
