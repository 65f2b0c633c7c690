# Everything a newcomer needs: `make help`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV ?= .venv
BIN := $(VENV)/bin
SONG ?=
OUT ?= out
export SONG OUT

# The first Python that is new enough; `make test PYTHON=python3.12` chooses another.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done)

# uv when it is there, else pip: the same pinned, hashed versions either way
UV := $(shell command -v uv 2>/dev/null)
INSTALL := $(if $(UV),uv pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)
# a virtual environment counts when what installs into it works: a broken one is made anew
VENV_WORKS := $(BIN)/python -c '$(NEW_ENOUGH)' $(if $(UV),,&& $(BIN)/python -m pip --version) >/dev/null 2>&1
VENV_MAKE := $(if $(UV),uv venv --quiet --clear --python $(PYTHON) $(VENV),$(PYTHON) -m venv --clear $(VENV))

# the studio's pages: Node 20.19 or newer builds them; a wheel has them built in
UI := src/tonewright/server/static/ui/index.html
UI_SOURCES := $(shell find ui/src ui/public -type f 2>/dev/null) ui/index.html ui/vite.config.ts ui/svelte.config.js

.PHONY: help run test quick check ui ui-check format docs screens bench lock clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/.installed: requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Tonewright needs Python 3.11 or newer: install it, or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c '$(NEW_ENOUGH)' || { echo "$(PYTHON) is older than Python 3.11, or is not there. Name a newer one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Setting up $(VENV) (once; a minute or two)"
	@$(VENV_WORKS) || $(VENV_MAKE) || { echo "$(PYTHON) can't make a virtual environment. On Debian and Ubuntu: apt install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

ui/node_modules/.installed: ui/package-lock.json
	@command -v npm >/dev/null || { echo "The studio's pages are built with Node 20.19 or newer and npm: install them (nodejs.org), or install a wheel of Tonewright, which has them built in." >&2; exit 1; }
	@cd ui && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(UI): ui/node_modules/.installed $(UI_SOURCES)
	@cd ui && npm run build --silent -- --logLevel warn
	@touch $@

ui: $(UI) ## build the studio's pages

ifeq ($(SONG),)
run: $(VENV)/.installed $(UI) ## bring the service up with a demo song; or SONG=path/to/mix.wav masters that into out/
	@$(BIN)/tonewright serve
else
run: $(VENV)/.installed
	@$(BIN)/python -m tonewright.cli.first_run "$$SONG" "$$OUT"
endif

test: check ui-check ## every check and every test
	$(BIN)/python -m pytest -n auto --dist loadgroup

quick: check ui-check ## the checks, and the tests that take seconds
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not slow"

check: $(VENV)/.installed ## lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

ui-check: $(UI) ## types, lint, tests and size of the studio's pages
	@cd ui && npm run check --silent && npm test --silent && npm run size --silent

format: $(VENV)/.installed ## put the code into the house's shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed ## write the generated pages of docs/ anew
	$(BIN)/python docs/generate.py

screens: $(VENV)/.installed $(UI) ## take the pictures of docs/screens anew
	$(BIN)/python docs/screens.py

bench: $(VENV)/.installed ## the benchmarks that need nothing else installed
	$(BIN)/python -m benchmarks.startup
	$(BIN)/python -m benchmarks.meter
	$(BIN)/python -m benchmarks.preview
	$(BIN)/python -m benchmarks.master
	$(BIN)/python -m benchmarks.control_to_sound --warm
	$(BIN)/python -m benchmarks.service --alone

lock: ## write requirements/*.txt anew from pyproject.toml (needs uv)
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links -q pyproject.toml --extra server -o requirements/run.txt
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links -q pyproject.toml --extra server --group dev -c requirements/run.txt -o requirements/dev.txt

clean: ## remove what was made
	rm -rf $(VENV) $(OUT) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache ui/node_modules src/tonewright/server/static/ui
