# `make` alone lists the targets. Nothing needs to be prepared: `make up` makes the environment, starts the emulator, builds.

SCENARIO ?= base
INVENTORY ?= inventories/local
ARGS ?=
# LONG=1: `make test` and `make integration` with the tests that take long (those of servers: Linux, as root).
LONG ?=
# INSTANCES=1: the emulator boots a machine for each EC2 instance and database (Linux, as root).
INSTANCES ?=
# The emulator is for inventories/local alone: any other environment is an account of AWS.
ifeq ($(notdir $(patsubst %/,%,$(INVENTORY))),local)
export AWS_ENDPOINT_URL ?= http://127.0.0.1:4566
PLACE = emulator
endif

PLAY = .venv/bin/ansible-playbook -i $(INVENTORY) playbooks/$(SCENARIO).yml $(ARGS)
READY = .venv/ready

.DEFAULT_GOAL := help
.PHONY: help setup emulator up plan down stop test lint sanity unit molecule integration bench picture report verify policy app-requirements node-requirements docs clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(READY): pyproject.toml tools/setup
	@tools/setup
	@touch $@

setup: $(READY) ## only the environment: .venv/ with ansible-playbook, molecule, python

emulator: $(READY)
	@.venv/bin/python -m emulator.background start $(if $(INSTANCES),--instances)

up: $(READY) $(PLACE) ## build SCENARIO (base) in INVENTORY (inventories/local, on the emulator)
	@$(PLAY)
	$(if $(INSTANCES),@.venv/bin/python -m emulator.background curl)

plan: $(READY) $(PLACE) ## what `make up` would change, without changing it
	@$(PLAY) --check --diff

down: $(READY) $(PLACE) ## remove SCENARIO
	@$(PLAY) -e stack_state=absent

stop: $(READY) ## stop the emulator that `make up` started
	@.venv/bin/python -m emulator.background stop

test: $(READY) ## all tests
	@$(MAKE) --no-print-directory -j 2 -O lint sanity
	@$(MAKE) --no-print-directory unit molecule integration

lint: $(READY) ## ruff, shellcheck and ansible-lint (profile production)
	@.venv/bin/ruff check .
	@git ls-files -z '*.sh' .ci/run tools/setup tools/sanity | xargs -0 .venv/bin/shellcheck
	@.venv/bin/ansible-lint --offline

sanity: $(READY) ## ansible-test sanity on the collection
	@tools/sanity

unit: $(READY) ## unit tests
	@.venv/bin/python -m pytest -n 3 tests/unit

molecule: $(READY) ## Molecule scenarios of the roles (ROLE=network for one)
	@.venv/bin/python tools/molecule $(ROLE)

integration: $(READY) ## the engine on the emulator, from plan to removal
	@.venv/bin/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m 'not timing$(if $(LONG),, and not long)' tests/integration
	$(if $(LONG),@.venv/bin/python -m pytest -rP -m timing tests/integration)

bench: $(READY) ## against Terraform on the same emulator, with one and five environments; and what servers cost
	@.venv/bin/python -m tests.bench
	@.venv/bin/python -m tests.bench.servers

app-requirements: $(READY) ## pins and hashes of the sample service
	@cd files/apps/app && ../../../.venv/bin/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-annotate --no-header \
	  --no-emit-index-url requirements.in -o requirements.txt

node-requirements: $(READY) ## pins and hashes of what configures a node, for each Python that nodes may have
	@cd files/nodes && for python in 3.11 3.12 3.13; do ../../.venv/bin/uv pip compile --quiet --generate-hashes --python-version $$python \
	  --only-binary :all: --no-annotate --no-header --no-emit-index-url requirements.in -o python-$$python.txt || exit 1; done

picture: $(READY) ## docs/architecture/SCENARIO.{svg,png,pdf}
	@.venv/bin/python -m tools.architecture $(SCENARIO)

report: $(READY) $(PLACE) ## the page and the picture of what stands in INVENTORY
	@.venv/bin/ansible-playbook -i $(INVENTORY) playbooks/report.yml -e stack_scenario=$(SCENARIO)

verify: $(READY) $(PLACE) ## check what stands in INVENTORY from outside
	@.venv/bin/ansible-playbook -i $(INVENTORY) playbooks/verify.yml -e stack_scenario=$(SCENARIO) $(if $(INSTANCES),-e verify_servers=true) $(ARGS)

policy: $(READY) ## the deployer's least-privilege policies, from recorded calls (docs/policies/)
	@.venv/bin/python -m tools.deployer_policy $(SCENARIO) --inventory $(INVENTORY)

docs: $(READY) ## generated tables of the roles' READMEs
	@.venv/bin/python -m tools.role_readmes

clean: ## remove .venv and build
	rm -rf .venv build
