# The commands of this repository; `make` alone lists them.

SHELL := /bin/bash
VENV := .venv
PYTHON := $(VENV)/bin/python
STAMP := $(VENV)/setup.stamp

# The inventory that `make demo` boots.
INVENTORY ?= inventories/nat_ha
# A checkout of evrardjp's keepalived role, for `make bench` to measure beside ours.
PEER ?=

# The parts of `make test`, in order; a part is a target of this file. The first half needs no lab.
PURE_PARTS := setup lint unit sanity
LAB_PARTS := integration molecule
# What `make test-full` runs beyond that: modules on Debian 13, and the lives of clusters on bare guests of both releases,
# of one without a daemon only there; six more scenarios, series of power cuts, the forms of self-balancing, and directors
# with ufw and firewalld, and clusters that were set up by hand.
FULL_PARTS := molecule-late adopt takeover colocated firewalls modules-trixie bare-bookworm bare-trixie

LIFE_CYCLES := tests/integration/test_lifecycle.py tests/integration/static

# For what runs before there is an environment, or repairs one: the machine's own Python.
SYSTEM_PYTHON := PATH='$(PATH)' python3

# Ansible's own programs call each other by name, and need UTF-8 where the machine sets no locale.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/$(VENV)/collections
export LC_ALL := C.UTF-8

# For what boots guests: root, and the environment with it.
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo --preserve-env env "PATH=$$PATH" "ANSIBLE_COLLECTIONS_PATH=$$ANSIBLE_COLLECTIONS_PATH" LC_ALL=C.UTF-8)
SCENARIOS := $(patsubst molecule/%/molecule.yml,%,$(wildcard molecule/*/molecule.yml))
# Those that only `make test-full` has time for.
LATE_SCENARIOS := clusterip director_full dr_ipv6 nat_ha_sync self_balanced tun

.PHONY: help setup lint unit sanity integration molecule molecule-late adopt takeover colocated firewalls modules-trixie bare-bookworm bare-trixie test test-full demo bench changelog build clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what the other commands need: Debian packages, and .venv
	@$(SYSTEM_PYTHON) tools/setup.py

# For a target that is called on its own in a fresh clone, or after a change of the pins.
$(STAMP): requirements-dev.txt
	@$(SYSTEM_PYTHON) tools/setup.py
	@touch $@

lint: $(STAMP) ## Check format, style, types, YAML, Ansible content and changelog fragments
	ruff format --check .
	ruff check .
	mypy
	yamllint --strict .
	ansible-lint
	antsibull-changelog lint

unit: $(STAMP) ## Run the tests that need no lab
	$(PYTHON) -m pytest --numprocesses auto tests/unit

sanity: $(STAMP) ## Run ansible-test's sanity tests on every supported Python that is here
	$(PYTHON) tools/sanity.py

integration: $(STAMP) ## Run the tests of the lab, and of a cluster's life in it
	$(AS_ROOT) $(PYTHON) -m pytest -m 'not late' tests/integration --ignore tests/integration/static --ignore tests/integration/takeover --ignore tests/integration/colocated --ignore tests/integration/firewalls --durations 15

molecule: $(STAMP) ## Run the Molecule scenarios, less those that only test-full runs
	@for scenario in $(filter-out $(LATE_SCENARIOS),$(SCENARIOS)); do \
		PYTEST_ADDOPTS="-m 'not late'" $(AS_ROOT) molecule test --scenario-name $$scenario || exit; \
	done

# The others once more, with the tests of them that are late.
molecule-late: $(STAMP)
	@for scenario in $(LATE_SCENARIOS) clusterip_modern fwmark_dr nat_ha; do $(AS_ROOT) molecule test --scenario-name $$scenario || exit; done

bare-bookworm bare-trixie: bare-%: $(STAMP)
	$(AS_ROOT) env LVS_LAB_IMAGE=bare LVS_TEST_RELEASE=$* $(PYTHON) -m pytest $(LIFE_CYCLES)

adopt: $(STAMP) ## Move clusters that were set up by hand to the collection
	$(AS_ROOT) $(PYTHON) -m pytest -s tests/integration/adopt tests/integration/failover

takeover: $(STAMP) ## Cut the active director's power again and again, and measure
	$(AS_ROOT) $(PYTHON) -m pytest -s tests/integration/takeover

colocated: $(STAMP) ## Compare the forms in which web servers balance themselves
	$(AS_ROOT) $(PYTHON) -m pytest -s tests/integration/colocated

firewalls: $(STAMP)
	$(AS_ROOT) $(PYTHON) -m pytest tests/integration/firewalls

modules-trixie: $(STAMP)
	$(AS_ROOT) env LVS_TEST_RELEASE=trixie $(PYTHON) -m pytest tests/integration/ipvs tests/integration/keepalived

test: ## Run all that CI runs, and say how long each part took
	@$(SYSTEM_PYTHON) tools/timed.py $(PURE_PARTS) $(LAB_PARTS)

test-full: ## Run what CI has no time for, too
	@$(SYSTEM_PYTHON) tools/timed.py $(PURE_PARTS) $(LAB_PARTS) $(FULL_PARTS)

demo: setup ## Boot INVENTORY in the lab, configure it, and send requests through it
	@tools/demo "$(INVENTORY)"

bench: setup ## Measure, and print a table and JSON
	$(AS_ROOT) $(PYTHON) -m tools.bench
	$(AS_ROOT) $(PYTHON) -m tools.ipvs_bench
	$(AS_ROOT) env PYTHONPATH=$(ANSIBLE_COLLECTIONS_PATH) $(PYTHON) -m tools.scale_bench
	$(if $(PEER),$(AS_ROOT) $(PYTHON) -m tools.peer_bench "$(PEER)")

changelog: $(STAMP) ## Turn the fragments into CHANGELOG.md for the version in galaxy.yml
	antsibull-changelog release --update-existing

build: $(STAMP) ## Make the collection's tarball in build/
	ansible-galaxy collection build --force --output-path build

clean: ## Remove what the commands above made, .venv apart
	rm -rf build .mypy_cache .pytest_cache .ruff_cache .ansible tests/output
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +
