.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE VIRTUAL_ENV
uv := $(shell command -v uv || echo .uv/bin/uv)
# run.sh and the tests find the same uv.
export PATH := $(PATH):$(CURDIR)/.uv/bin

.PHONY: help demo test test-fast lint docs wheel clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' Makefile

demo: .venv/.set-up  ## bake the default answers into .demo/ and train there
	rm -rf .demo
	git clean -Xdfq -- templates '{{cookiecutter.project_slug}}'  # caches, which are no templates
	.venv/bin/cookiecutter --no-input --default-config --output-dir .demo .
	sh .demo/digit_classifier/run.sh

test: lint  ## the whole ladder, 23 to 25 minutes on two cores
	.venv/bin/pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 30

test-fast: lint  ## every bake and most of the engine, no training: under two minutes
	.venv/bin/pytest -m "not slow" -n 2

lint: .venv/.set-up  ## ruff and mypy
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

docs: .venv/.set-up  ## the documentation, into site/; no network
	.venv/bin/python scripts/reference.py
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build
	@echo "To read it: .venv/bin/python -m http.server --bind 127.0.0.1 --directory site 8001"

wheel: .venv/.set-up  ## the engine's wheel into the skeleton; once, before a landing
	.venv/bin/python scripts/wheel.py

clean:  ## remove .demo, environments and caches
	rm -rf .demo site .venv .uv .cache .mypy_cache .pytest_cache .ruff_cache dist

.venv/.set-up: pyproject.toml uv.lock
	@command -v $(uv) >/dev/null || { python3 -m venv .uv && .uv/bin/pip install --quiet "uv>=0.9,<1"; }
	$(uv) sync --quiet --locked
	@touch $@
