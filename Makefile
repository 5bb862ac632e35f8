# Everything one does here. Only python3 (3.11 or newer, with its venv module) and make have to be there.

SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
RUN := $(VENV)/.run
DEV := $(VENV)/.dev
PIP := $(PY) -m pip --quiet --disable-pip-version-check install

# HOST and PORT count only as "make run PORT=9000": shells and containers export variables of these names.
given = $(if $(findstring command,$(origin $(1))),--$(2) $($(1)))

.PHONY: help run test check bench clients cover docs fuzz prove wheel
.DEFAULT_GOAL := help

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: $(RUN) ## run the gateway; PORT=9000, HOST=…, ARGS="--config my.toml"
	@exec $(PY) -m gateway serve $(call given,HOST,host) $(call given,PORT,port) $(ARGS)

# An empty home and nothing of the caller's environment: no login, key or proxy of yours is seen, let alone used.
test: $(DEV) ## run the tests, offline; ARGS="tests/kiro -k frame"
	@home=$$(mktemp -d) && trap 'rm -rf "$$home"' EXIT && \
	env -i PATH="$$PATH" HOME="$$home" TMPDIR="$${TMPDIR:-/tmp}" TERM="$${TERM:-dumb}" LANG=C.UTF-8 \
		$(PY) -m pytest -q $(ARGS)

check: $(DEV) ## all that CI checks: format, lint, types, tests
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(MAKE) --no-print-directory test

bench: $(DEV) ## measure the gateway beside a plain byte pass-through
	@$(PY) -m tests.bench $(ARGS)

clients: $(DEV) ## install real client programs and run them; ARGS="codex --output DIR"
	@$(PY) -m tests.clients $(ARGS)

fuzz: $(DEV) ## fuzz decoder, reader, turn and parsers; ARGS="--seconds 60"
	@$(PY) -m tests.fuzz $(ARGS)

prove: $(DEV) ## campaigns: kill -9 in refreshes, races, clients that leave, cuts, storms; ARGS="leaving cuts"
	@$(PY) -m tests.prove $(ARGS)

cover: $(DEV) ## run the tests and show what they do not reach
	@$(MAKE) --no-print-directory test ARGS="--cov --cov-report=term-missing:skip-covered $(ARGS)"

# The README is read after the table is made, and a file is only replaced when its page was made whole.
docs: $(RUN) ## write config.toml.example and the README's table anew from the settings
	@made=$$(mktemp -d) && trap 'rm -rf "$$made"' EXIT && \
	$(PY) -m gateway config example >"$$made/example" && $(PY) -m gateway config table >"$$made/table" && \
	awk -v table="$$made/table" '/^<!-- \/settings -->$$/ { inside = 0 } !inside { print } \
		/^<!-- settings -->$$/ { inside = 1; while ((getline line < table) > 0) print line }' README.md >"$$made/readme" && \
	cat "$$made/example" >config.toml.example && cat "$$made/readme" >README.md

wheel: $(DEV) ## build dist/*.whl
	@$(PY) -m pip --quiet --disable-pip-version-check wheel --no-deps --wheel-dir dist . && ls dist/*.whl

$(RUN): pyproject.toml | $(PY)
	@echo "Installing what the gateway needs into $(VENV) …"
	@$(PIP) --editable . && touch $@

$(DEV): pyproject.toml | $(PY)
	@echo "Installing what the gateway and its tests need into $(VENV) …"
	@$(PIP) --editable '.[dev]' && touch $(RUN) $@

# A half-made environment is removed, so that the next try begins anew.
$(PY):
	@found=; for python in $(PYTHON) python3 python3.15 python3.14 python3.13 python3.12 python3.11; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "Python 3.11 or newer is needed; python3 is $$(python3 --version 2>/dev/null || echo missing)." >&2; \
		echo "On Debian or Ubuntu: sudo apt install python3 python3-venv. Or name another: make PYTHON=/path/to/python3" >&2; \
		exit 1; \
	fi; \
	if ! "$$found" -c 'import venv, ensurepip' >/dev/null 2>&1; then \
		echo "$$found has no venv module. On Debian or Ubuntu: sudo apt install python3-venv" >&2; \
		echo "(for a python3 that is not the system's: $$("$$found" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])'))" >&2; \
		exit 1; \
	fi; \
	"$$found" -m venv $(VENV) || { rm -rf $(VENV); \
		echo "The environment could not be made. On Debian or Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
