# The commands of this repository; `make` alone lists them.

SHELL := /bin/bash
VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/setup.stamp

# The inventory that `make demo` boots.
INVENTORY ?= inventories/nat_ha
# What must have run: ci, or full.
RAN ?= ci
# A checkout of evrardjp's keepalived role, for `make bench` to measure beside ours.
PEER ?=

# The parts of `make test` after setup. In its first half these two lanes share the processors, because neither needs both all
# the time. The first boots guests, the second begins with what boots none; each ends with scenarios that measure nothing, and
# `docs` is where both take about as long. Then come the scenarios that measure, and last `ran`.
LAB_PARTS := integration docs molecule-first
PURE_PARTS := lint unit sanity molecule-second
ALONE_PARTS := molecule-alone
# What `make test-full` runs beyond that: Galaxy's own checks and the demo from an installed copy; modules on Debian 13, and the
# lives of clusters on bare guests of both releases, of one without a daemon only there; all scenarios with all their tests on
# both, series of power cuts, the forms of self-balancing, and directors with ufw and firewalld, and clusters that were set up by
# hand; and last README's two commands on machines that have just been installed, which is all of `make test` for each release.
FULL_PARTS := importer installed versions awx eda molecule-bookworm molecule-trixie adopt takeover colocated firewalls modules-trixie bare-bookworm bare-trixie tree-bookworm tree-trixie

# Folders of tests/integration that have commands of their own.
APART := colocated firewalls qemu static takeover trees
LIFE_CYCLES := tests/integration/test_lifecycle.py tests/integration/static

# For what runs before there is an environment, or repairs one: the machine's own Python.
SYSTEM_PYTHON := PATH='$(PATH)' python3

# Ansible's own programs call each other by name, and need UTF-8 where the machine sets no locale.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/$(VENV)/collections
export LC_ALL := C.UTF-8
# A border before each line would hide from tools/timed.py what pytest said.
export MOLECULE_COMMAND_BORDERS := no

# For what boots guests: root, and the environment with it. It leaves nothing of Python's in the tree that its owner can't remove.
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo --preserve-env --set-home env "PATH=$$PATH:/usr/local/sbin:/usr/sbin:/sbin" "ANSIBLE_COLLECTIONS_PATH=$$ANSIBLE_COLLECTIONS_PATH" LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1)
# For what has parts that boot guests beside parts that don't, and all of them write to the same folders.
NEED_ROOT = $(if $(filter 0,$(shell id -u)),,$(error $@ needs root for all of it: become root first, or say sudo make $@))
SCENARIOS := $(patsubst molecule/%/molecule.yml,%,$(wildcard molecule/*/molecule.yml))
# Those whose tests measure nothing, and may have anything beside them: for either lane, so that both take about as long.
FIRST_SCENARIOS := dr_ipv6
SECOND_SCENARIOS := director_full tun
SHARED_SCENARIOS := $(FIRST_SCENARIOS) $(SECOND_SCENARIOS)

.PHONY: help setup lint unit sanity integration molecule molecule-first molecule-second molecule-alone molecule-bookworm molecule-trixie adopt takeover colocated firewalls modules-trixie bare-bookworm bare-trixie tree-bookworm tree-trixie test test-full test-qemu demo bench changelog build docs awx eda ran support versions importer installed clean

##@ To use the collection
# In an installed copy, which has no tests, only these work, and only these are listed.
help: ## List the commands
	@awk -F ':.*## ' -v all='$(wildcard tests)' '\
		/^##@ / { if (sections++ && !all) exit; printf "%s%s\n", (sections > 1 ? "\n" : ""), substr($$0, 5) } \
		/^[a-z][a-z -]*:.*## / { count = split($$1, names, " "); \
			for (i = 1; i <= count; i++) printf "  make %-17s  %s\n", names[i], $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## Install Debian packages and .venv, as far as missing
	@$(SYSTEM_PYTHON) tools/setup.py

demo: setup ## Boot INVENTORY in the lab, configure it, send requests
	@tools/demo "$(INVENTORY)"

##@ To change and test it
# For a target that is called on its own in a fresh clone, or after a change of the pins.
$(STAMP): requirements-dev.txt
	@$(SYSTEM_PYTHON) tools/setup.py
	@touch $@

lint: $(STAMP) ## Check format, style, types, YAML, Ansible, changelog
	ruff format --check .
	ruff check .
	mypy
	mypy tests molecule
	yamllint --strict .
	ansible-lint
	antsibull-changelog lint

unit: $(STAMP) ## Run the tests that need no lab
	$(PYTHON) -m pytest --numprocesses auto tests/unit

sanity: $(STAMP) ## Run ansible-test on each supported Python found here
	$(PYTHON) tools/sanity.py

integration: $(STAMP) ## Test the lab, and a cluster's life in it
	$(AS_ROOT) $(PYTHON) -m pytest -m 'not late' tests/integration $(APART:%=--ignore tests/integration/%) --durations 15

molecule: molecule-first molecule-second molecule-alone ## Run all scenarios, as CI does

molecule-first: $(STAMP) ## Run those in the first lane of make test
	PYTEST_ADDOPTS="-m 'not late' --durations 10" $(AS_ROOT) $(PYTHON) -m tools.scenario_runs --together 1 $(FIRST_SCENARIOS)

molecule-second: $(STAMP) ## Run those in its second lane
	PYTEST_ADDOPTS="-m 'not late' --durations 10" $(AS_ROOT) $(PYTHON) -m tools.scenario_runs --together 1 $(SECOND_SCENARIOS)

molecule-alone: $(STAMP) ## Run the others, on a machine with nothing beside them
	PYTEST_ADDOPTS="-m 'not late' --durations 10" $(AS_ROOT) $(PYTHON) -m tools.scenario_runs $(filter-out $(SHARED_SCENARIOS),$(SCENARIOS))

molecule-bookworm molecule-trixie: molecule-%: $(STAMP) ## Run all scenarios on that release, with late tests
	$(AS_ROOT) env LVS_TEST_RELEASE=$* $(PYTHON) -m tools.scenario_runs \
		$$(LVS_TEST_RELEASE=$* $(PYTHON) -m tools.scenarios among $(SCENARIOS))

bare-bookworm bare-trixie: bare-%: $(STAMP) ## Live a cluster's life on bare guests of a release
	$(AS_ROOT) env LVS_LAB_IMAGE=bare LVS_TEST_RELEASE=$* $(PYTHON) -m pytest $(LIFE_CYCLES)

tree-bookworm tree-trixie: tree-%: $(STAMP) ## Run the two commands on a machine just installed
	$(AS_ROOT) env LVS_TEST_RELEASE=$* $(PYTHON) -m pytest -s tests/integration/trees

adopt: $(STAMP) ## Take in clusters that were set up by hand
	$(AS_ROOT) $(PYTHON) -m pytest -s tests/integration/adopt tests/integration/failover

takeover: $(STAMP) ## Cut the active director's power often, and measure
	$(AS_ROOT) $(PYTHON) -m pytest -s tests/integration/takeover

colocated: $(STAMP) ## Compare the forms of self-balancing
	$(AS_ROOT) $(PYTHON) -m pytest -s tests/integration/colocated

firewalls: $(STAMP) ## Run directors beside ufw and firewalld
	$(AS_ROOT) $(PYTHON) -m pytest tests/integration/firewalls

versions: $(STAMP) ## Check with every supported ansible-core
	$(PYTHON) -m tools.versions

awx: $(STAMP) ## Test AWX's objects, and its jobs in the lab
	$(AS_ROOT) $(PYTHON) -m pytest tests/integration/awx

eda: $(STAMP) ## Test the event source and the rulebook
	@$(SYSTEM_PYTHON) tools/setup.py --eda
	$(PYTHON) -m venv build/venv-eda
	build/venv-eda/bin/pip install --quiet --requirement requirements-eda.txt
	$(AS_ROOT) $(PYTHON) -m pytest tests/integration/eda

modules-trixie: $(STAMP) ## Run the modules' tests on Debian 13 guests
	$(AS_ROOT) env LVS_TEST_RELEASE=trixie $(PYTHON) -m pytest tests/integration/ipvs tests/integration/keepalived

ran: $(STAMP) ## Compare what has run with README's support table
	$(PYTHON) tools/support.py --ran $(RAN)

test: ## Run all that CI runs, and say how long each part took
	@$(NEED_ROOT)rm -rf build/ran
	@$(SYSTEM_PYTHON) tools/timed.py setup '$(LAB_PARTS) & $(PURE_PARTS)' $(ALONE_PARTS) ran

test-full: export RAN = full
test-full: ## Run what CI has no time for, too
	@$(NEED_ROOT)rm -rf build/ran
	@$(SYSTEM_PYTHON) tools/timed.py setup '$(LAB_PARTS) & $(PURE_PARTS)' $(ALONE_PARTS) $(FULL_PARTS) ran

test-qemu: $(STAMP) ## Run inventories on Debian's own kernels, in QEMU
	@$(SYSTEM_PYTHON) tools/setup.py --qemu
	$(AS_ROOT) $(PYTHON) -m pytest -s tests/integration/qemu

##@ To measure and release it
bench: setup ## Measure runs, takeovers and tables
	$(AS_ROOT) $(PYTHON) -m tools.bench
	$(AS_ROOT) $(PYTHON) -m tools.ipvs_bench
	$(AS_ROOT) env "PYTHONPATH=$(ANSIBLE_COLLECTIONS_PATH)" $(PYTHON) -m tools.scale_bench
	$(if $(PEER),$(AS_ROOT) $(PYTHON) -m tools.peer_bench "$(PEER)")

docs: $(STAMP) ## Build the documentation site; warnings are errors
	$(PYTHON) -m tools.docs
	$(PYTHON) -m pytest tests/docs

support: $(STAMP) ## Write README's support table from what is declared
	$(PYTHON) tools/support.py --write

changelog: $(STAMP) ## Turn fragments into CHANGELOG.md for this version
	antsibull-changelog release --update-existing

build: $(STAMP) ## Make the collection's tarball in build/
	ansible-galaxy collection build --force --output-path build

importer: $(STAMP) ## Run Ansible Galaxy's own checks on the tarball
	$(PYTHON) -m tools.release_check

installed: $(STAMP) ## Install the tarball, and run the demo from there
	$(AS_ROOT) $(PYTHON) -m pytest tests/integration/release

clean: ## Remove what these commands made, .venv apart
	rm -rf build .mypy_cache .pytest_cache .ruff_cache .ansible tests/output
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +
