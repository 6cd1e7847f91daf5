.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE VIRTUAL_ENV
uv := $(shell command -v uv || echo .uv/bin/uv)
# run.sh and the tests find the same uv.
export PATH := $(PATH):$(CURDIR)/.uv/bin

.PHONY: help demo test test-fast lint clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' Makefile

demo: .venv/.set-up  ## bake the default answers into .demo/ and train there
	rm -rf .demo
	.venv/bin/cookiecutter --no-input --default-config --output-dir .demo .
	sh .demo/digit_classifier/run.sh

test: lint  ## the whole ladder, twenty to twenty-five minutes
	.venv/bin/pytest -m "not slow" -n 2
	.venv/bin/pytest -m slow

test-fast: lint  ## every bake, no training: half a minute
	.venv/bin/pytest -m "not slow" -n 2

lint: .venv/.set-up  ## ruff and mypy
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

clean:  ## remove .demo, environments and caches
	rm -rf .demo .venv .uv .cache .mypy_cache .pytest_cache .ruff_cache

.venv/.set-up: pyproject.toml uv.lock
	@command -v $(uv) >/dev/null || { python3 -m venv .uv && .uv/bin/pip install --quiet "uv>=0.9,<1"; }
	$(uv) sync --quiet --locked
	@touch $@
