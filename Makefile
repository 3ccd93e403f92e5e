# Works with GNU Make 3.81 (macOS) and newer. Only `make lock` needs more than Python and pip.

.DEFAULT_GOAL := help
SHELL := /bin/bash

VENV   := .venv
PY     := $(VENV)/bin/python
IN_BACKEND := cd backend && ../$(PY) -m
LOCK   := backend/requirements.lock
# What the venv was made from; written last, so that a half-made venv never counts as complete.
STAMP  := $(VENV)/.installed
NODE   := backend/tests/node
UI     := frontend
BUILT  := backend/mlx_manager/web_ui/static

PYTHON      ?=
PYTEST_ARGS ?=
UI_ARGS     ?=
BENCH_ARGS  ?=
LOCK_ARGS   ?=

.PHONY: help install node-sdks ui run test test-all bench check ui-check ui-test screenshots format lock docs clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Variables: PYTHON=python3.12 (install), PYTEST_ARGS='-k name' (test, test-all), BENCH_ARGS=--help (bench), LOCK_ARGS=--upgrade (lock)"

# Without a terminal a command's output is shown only when it fails.
QUIETLY := quietly() { \
		if [ -t 1 ]; then "$$@"; return; fi; \
		log=$$(mktemp); \
		if "$$@" >"$$log" 2>&1; then rm -f "$$log"; else cat "$$log" >&2; rm -f "$$log"; return 1; fi; \
	}

# A Python fits if it runs (a pyenv shim may not), is 3.11 or newer, can make a venv, and is native on
# macOS: there is no MLX for Intel, nor for a Python that Rosetta translates.
FITS := import sys, platform, venv, ensurepip; \
	sys.exit(sys.version_info < (3, 11) or (sys.platform == "darwin" and platform.machine() != "arm64"))
VERSION := import sys; print(sys.version_info[:2])

# --no-compile: compiling everything takes longer than the rest. What each server and worker imports anew is
# compiled here once, whatever PYTHONDONTWRITEBYTECODE says; the import also shows that the set-up works.
IMPORTED := import mlx_manager.mlx_server.main, mlx_lm.utils, mlx_lm.models.llama, mlx_lm.models.cache; \
	from transformers import AutoTokenizer, PreTrainedTokenizerFast
# Compares contents, not times: a branch switched back and forth installs nothing.
install: ## Make .venv with the locked dependencies (a no-op when nothing changed)
	@set -eu -o pipefail; \
	state() { echo "$(CURDIR)"; cat $(LOCK) backend/pyproject.toml; }; \
	if [ -f $(STAMP) ] && $(PY) -c '' 2>/dev/null && state | cmp -s - $(STAMP); then \
		[ -n "$(PYTHON)" ] || exit 0; \
		[ "$$("$(PYTHON)" -c '$(VERSION)')" != "$$($(PY) -c '$(VERSION)')" ] || exit 0; \
	fi; \
	python=; \
	for candidate in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
		if "$$candidate" -c '$(FITS)' >/dev/null 2>&1; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "make install: no fitting Python ($(or $(PYTHON),python3.13 python3.12 python3.11 python3)):" \
			"needs 3.11 or newer with venv (on Debian: python3-venv; on macOS: an arm64 build);" \
			"name one with PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi; \
	echo "Installing into $(VENV) with $$("$$python" -V) (the first time takes a minute or two)"; \
	$(QUIETLY); \
	export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1; \
	rm -f $(STAMP); \
	quietly "$$python" -m venv --clear $(VENV); \
	quietly $(PY) -m pip install --no-compile --require-hashes -r $(LOCK); \
	quietly $(PY) -m pip install --no-deps --no-build-isolation -e backend; \
	PYTHONDONTWRITEBYTECODE= quietly $(PY) -c '$(IMPORTED)'; \
	state >$(STAMP)

NODE_FITS := process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)
# The product needs no Node, so neither a missing one nor npm's failure ends `make test`: the tests that want
# these packages skip then, and in continuous integration they fail.
node-sdks: ## Fetch the Node SDKs that tests use, where there is Node 20 (a no-op when nothing changed)
	@set -eu -o pipefail; \
	state() { (cd $(NODE) && cat .npmrc package.json package-lock.json); }; \
	fetch() { cd $(NODE) && npm ci; }; \
	without() { echo "make node-sdks: $$1: THE TESTS THROUGH THE NODE SDKS WILL NOT RUN" >&2; exit 0; }; \
	stamp=$(NODE)/node_modules/.installed; \
	node -e '$(NODE_FITS)' >/dev/null 2>&1 || without "no Node 20 or newer"; \
	if [ -f $$stamp ] && state | cmp -s - $$stamp; then exit 0; fi; \
	npm --version >/dev/null 2>&1 || without "no npm"; \
	echo "Fetching the Node SDKs that tests use into $(NODE)/node_modules"; \
	rm -f $$stamp; \
	$(QUIETLY); \
	(quietly fetch) || without "npm failed"; \
	state >$$stamp

UI_NODE_FITS := const [major, minor] = process.versions.node.split("."); \
	process.exit(major > 20 || (major == 20 && minor >= 19) ? 0 : 1)
UI_STAMP := $(UI)/node_modules/.installed
# What decides how the built pages look. Contents are compared, not times.
UI_SOURCES := find $(UI)/src $(UI)/static $(UI)/scripts $(UI)/*.js $(UI)/*.ts $(UI)/package*.json -type f 2>/dev/null | LC_ALL=C sort
# Without Node the programs work all the same, so this never ends `make run`; the page at / says how to get it.
ui: ## Build the web UI, where there is Node 20.19 (a no-op when nothing changed)
	@set -eu -o pipefail; \
	without() { echo "make ui: $$1: THERE WILL BE NO WEB UI" >&2; exit 0; }; \
	node -e '$(UI_NODE_FITS)' >/dev/null 2>&1 || without "no Node 20.19 or newer"; \
	npm --version >/dev/null 2>&1 || without "no npm"; \
	$(QUIETLY); \
	packages() { cat $(UI)/.npmrc $(UI)/package.json $(UI)/package-lock.json; }; \
	fetch() { (cd $(UI) && npm ci); }; \
	build() { (cd $(UI) && npx --no-install vite build); }; \
	sources() { $(UI_SOURCES) | while read -r file; do echo "$$file"; cat "$$file"; done; }; \
	if ! { [ -f $(UI_STAMP) ] && packages | cmp -s - $(UI_STAMP); }; then \
		echo "Fetching what the web UI is built with into $(UI)/node_modules (half a minute)"; \
		rm -f $(UI_STAMP); \
		quietly fetch || without "npm failed"; \
		packages >$(UI_STAMP); \
	fi; \
	if ! { [ -f $(BUILT)/.sources ] && sources | cmp -s - $(BUILT)/.sources; }; then \
		echo "Building the web UI (half a minute)"; \
		rm -f $(BUILT)/.sources; \
		quietly build; \
		sources >$(BUILT)/.sources; \
	fi

run: install ui ## Start the server, ask the demo model one question, keep serving (Ctrl-C stops it)
	@exec $(PY) scripts/run.py

# A file's tests share servers, so that they stay together. Most of a test's time is a server's start, on one core.
IN_TWO := -n 2 --dist loadfile

test: check node-sdks ui-check ## Run the checks and the tests, of the long ones a seeded sample
	@$(MAKE) --no-print-directory ui-test UI_ARGS="--grep @short"
	@$(IN_BACKEND) pytest $(IN_TWO) -m "not full" --sample $(PYTEST_ARGS)

test-all: check node-sdks ui-check ## The same with the long tests (marked `full`) as well
	@$(MAKE) --no-print-directory ui-test
	@$(IN_BACKEND) pytest $(IN_TWO) $(PYTEST_ARGS)

bench: install ## Measure the server beside its peers; results go to docs/benchmarks
	@$(PY) scripts/bench_serving.py $(BENCH_ARGS)

# The scripts have no pyproject.toml above them, so ruff is told which one holds for them.
RUFF_PATHS := --config pyproject.toml . ../scripts

check: install ## Check style, types and the import contract
	@$(IN_BACKEND) ruff check $(RUFF_PATHS)
	@$(IN_BACKEND) ruff format --check $(RUFF_PATHS)
	@$(IN_BACKEND) mypy mlx_manager ../scripts
	@cd backend && ../$(VENV)/bin/lint-imports --no-logo

ui-check: install ui ## Check the web UI: types, style, API types, unit tests
	@set -eu; \
	if [ ! -f $(UI_STAMP) ]; then echo "make ui-check: THE WEB UI IS NOT CHECKED" >&2; exit 0; fi; \
	$(PY) scripts/generate_api_types.py --check; \
	cd $(UI); \
	npm run --silent check; \
	npm run --silent test

CHROMIUM ?=
# The system's own; nothing downloads one.
FIND_CHROMIUM := chromium="$(CHROMIUM)"; \
	for name in chromium chromium-browser google-chrome-stable google-chrome \
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
		"/Applications/Chromium.app/Contents/MacOS/Chromium"; do \
		[ -n "$$chromium" ] || chromium=$$(command -v "$$name" || true); \
	done
TRY := CHROMIUM="$$chromium" PYTHON="$(CURDIR)/$(PY)" npx --no-install playwright test
ui-test: install ui ## Try the web UI in a real browser, where one is found (UI_ARGS='--grep chat')
	@set -eu; \
	if [ ! -f $(UI_STAMP) ]; then echo "make ui-test: no Node: THE WEB UI IS NOT TRIED IN A BROWSER" >&2; exit 0; fi; \
	$(FIND_CHROMIUM); \
	if [ -z "$$chromium" ]; then \
		echo "make ui-test: no Chromium or Chrome (CHROMIUM=/path): THE WEB UI IS NOT TRIED IN A BROWSER" >&2; \
		[ -z "$${CI:-}" ]; exit $$?; \
	fi; \
	cd $(UI) && $(TRY) $(UI_ARGS)

screenshots: install ui ## Make the pictures of every page in docs/screenshots
	@set -eu; $(FIND_CHROMIUM); cd $(UI) && SCREENSHOTS=1 $(TRY) screenshots

format: install ## Put imports and layout in order
	@$(IN_BACKEND) ruff check --fix $(RUFF_PATHS)
	@$(IN_BACKEND) ruff format $(RUFF_PATHS)

lock: ## Rewrite backend/requirements.lock (needs uv)
	@python3 scripts/lock.py $(LOCK_ARGS)

docs: install ## Rewrite the references of errors, fields and settings, and the API client's types, from the code
	@$(PY) scripts/generate_error_docs.py
	@$(PY) scripts/generate_conformance.py
	@$(PY) scripts/generate_settings_docs.py
	@if [ -f $(UI_STAMP) ]; then $(PY) scripts/generate_api_types.py; fi

clean: ## Remove .venv, Node packages, the built web UI and every cache, nothing else
	rm -rf $(VENV) $(NODE)/node_modules $(UI)/node_modules $(UI)/.svelte-kit $(BUILT) .pytest_cache backend/.pytest_cache .mypy_cache backend/.mypy_cache \
		.ruff_cache backend/.ruff_cache .import_linter_cache backend/.import_linter_cache backend/.hypothesis
	find backend scripts -name __pycache__ -type d -prune -exec rm -rf {} +
