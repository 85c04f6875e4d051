# Everything a person runs. `make` alone lists it.
STACK ?= sandbox
export STACK
ARGS ?=
N ?= 20
SEED ?= 1
RECORD ?= .sandbox/soak-$(SEED)
# Twice as many as there are cores: half of the time a test waits for something. A row of the fault suite waits less.
CORES := $(shell getconf _NPROCESSORS_ONLN)
JOBS ?= $(shell expr 2 '*' $(CORES))
FAULT_JOBS ?= $(shell expr 3 '*' $(CORES) / 2)
PYTHON ?= python3
BIN := .venv/bin
# A command runs Python some twenty times: where the machine forbids bytecode, all of them would compile all again.
export PYTHONDONTWRITEBYTECODE :=
# Pulumi, Helm and kubectl live for seconds, and Go's collector at its default of 100 is a fifth of what they do.
export GOGC := 400
# Without metrics-server, which `up` installs in the background when it is done, and actionlint.
UP_TOOLS := pulumi helm etcd kubernetes kwok
UV := $(BIN)/uv pip install --quiet --system-certs --compile-bytecode

# Pythons are upgraded away, and installations interrupted: a .venv without the packages of its Python is made anew.
PACKAGES := .venv/lib/python$(shell [ -e .venv/bin/python ] && \
  .venv/bin/python -ISc 'import sys; print("%d.%d" % sys.version_info[:2])')/site-packages
INSTALLED := $(wildcard $(PACKAGES)/pulumi)
BROKEN := $(if $(INSTALLED),,$(wildcard .venv/pyvenv.cfg))

.DEFAULT_GOAL := help
.PHONY: help up preview down plan audit stacks rescue status test check lint unit engine faults soak demo k9s compare
.PHONY: tools clean up-tools lint-tools k9s-tools distclean $(if $(INSTALLED),,.venv/installed)

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

up: up-tools ## bring the stack up on the sandbox: no account needed
	@$(BIN)/python -m runner up "$$STACK" $(ARGS)

preview: up-tools ## show what `make up` would change
	@$(BIN)/python -m runner preview "$$STACK" $(ARGS)

down: up-tools ## destroy the stack, then ask the cloud what is left
	@$(BIN)/python -m runner down "$$STACK" $(ARGS)

plan: up-tools ## what a destroy of STACK would take out of its cluster
	@$(BIN)/python -m runner plan "$$STACK"

audit: up-tools ## what the sandbox's cloud holds for STACK, and its price; ARGS=--fix removes it (STACK= for all)
	@$(BIN)/python -m runner audit $${STACK:+"$$STACK"} $(ARGS)

stacks: up-tools ## the stacks that hold something in the sandbox's cloud, and what is wrong with them
	@$(BIN)/python -m runner stacks $(ARGS)

rescue: up-tools ## make STACK destroyable again when its control plane is gone for good
	@$(BIN)/python -m runner rescue "$$STACK" $(ARGS)

status: .venv/installed ## what runs, and what the simulated cloud holds
	@$(BIN)/python -m sandbox status

test: check engine ## every test but the fault suite

check: up-tools lint-tools ## `make lint` and `make unit`, side by side
	@$(MAKE) --no-print-directory -j 2 lint unit

lint: lint-tools ## format, lint, strict types, workflows
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@"$$($(BIN)/python -m tools --path actionlint)"

unit: up-tools ## tests without a network
	@$(BIN)/pytest tests/unit tests/tools tests/teardown tests/provider tests/runner -m "not engine" -n $(CORES)

engine: tools ## the real engine and real control planes against the sandbox
	@$(BIN)/pytest tests/engine tests/sandbox tests/teardown/state/test_backend.py --ignore tests/engine/faults \
	  -m "not slow" -n $(JOBS) --dist loadfile --no-loadscope-reorder

faults: tools k9s-tools ## the fault suite: what destroy guarantees, and every slow test, such as previews of each kind of change
	@$(BIN)/pytest tests/engine/faults -n $(FAULT_JOBS) --dist worksteal
	@$(BIN)/pytest tests/engine tests/sandbox --ignore tests/engine/faults -m slow -n $(FAULT_JOBS) --dist loadfile

soak: tools .venv/pictures ## N random stacks under random faults, destroyed by this program and in the classic way
	@mkdir -p $(dir $(RECORD))
	@$(BIN)/python -m tests.soak --runs $(N) --seed $(SEED) --csv $(RECORD).csv --plot $(RECORD).svg $(ARGS)

demo: up-tools .venv/pictures ## draw docs/demo.svg from a real run of `make up` and `make down`
	@$(BIN)/python -m runner.demo

k9s: up-tools k9s-tools .venv/pictures ## draw docs/k9s.svg from a real k9s on the sandbox
	@$(BIN)/python -m runner.demo.k9s

compare: tools ## the real clients and plugins that PATH has, against the sandbox; written to docs/fidelity.md
	@$(BIN)/python -m tests.compare $(ARGS)

tools: .venv/installed ## install the pinned command-line tools (first time: several minutes)
	@$(BIN)/python -m tools

up-tools: .venv/installed
	@$(BIN)/python -m tools $(UP_TOOLS)

k9s-tools: .venv/installed
	@$(BIN)/python -m tools k9s

lint-tools: .venv/installed
	@$(BIN)/python -m tools actionlint

.venv/installed: requirements.txt requirements-dev.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or later is needed, and $(PYTHON) is none: name one, as in \`make PYTHON=python3.11 up\`"; exit 1; }
	@$(if $(BROKEN),echo "the Python of .venv or its packages are gone (an upgrade, an interrupted installation)")
	@echo "installing Python packages into .venv"
	@$(PYTHON) -m venv $(if $(BROKEN),--clear) .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check "$$(sed -n 's/^\(uv==[0-9.]*\).*/\1/p' requirements-dev.txt)"
	@$(UV) -r requirements-dev.txt
	@touch $@

.venv/pictures: .venv/installed requirements-pictures.txt
	@$(UV) -r requirements-pictures.txt
	@touch $@

clean: ## stop the sandbox and forget its state
	@$(if $(INSTALLED),$(BIN)/python,$(PYTHON)) -m sandbox.stop
	@rm -rf .sandbox .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path './.venv/*' -exec rm -rf {} +

distclean: clean ## clean, and remove .venv too
	@rm -rf .venv
