# Everything starts from a machine with Python 3.11 to 3.13 and make. `make run`, then `make test`.

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(VENV)/bin/pip
MADE := $(VENV)/.made

.PHONY: help setup run chapters data lab studio test test-slow lint bench train results
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help:  ## what make can do
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r target what; do printf '%-18s%s\n' "$$target" "$$what"; done

setup: $(MADE)  ## make the environment, in .venv, from uv.lock

run: $(MADE)  ## run every chapter, write it back with what it drew, list the figures
	@$(PYTHON) notebooks/run.py

chapters: data  ## the same, in full and on people's drawings: before executed notebooks are committed
	@MIDSTROKE_QUICK= $(PYTHON) notebooks/run.py --people

data: $(MADE)  ## download people's drawings for chapters and tests, about 300 MB, where they are not there
	@TF_CPP_MIN_LOG_LEVEL=2 $(PYTHON) tests/real_drawings.py

lab: $(MADE)  ## open JupyterLab on the table of contents
	$(PYTHON) -m jupyterlab --LabApp.default_url=/lab/tree/notebooks/index.ipynb

studio: $(MADE)  ## serve just the studio, as a page without code; ARGS="--Voila.ip=0.0.0.0" lets a classroom in
	JUPYTER_PATH="$(CURDIR)/notebooks" TF_CPP_MIN_LOG_LEVEL=2 \
		$(PYTHON) -m voila notebooks/studio.ipynb --template=midstroke --preheat_kernel=True --pool_size=1 $(ARGS)

test: $(MADE)  ## run the tests, but for the slow ones
	$(PYTHON) -m pytest -n 2 --dist loadscope -m "not slow"

test-slow: $(MADE)  ## run the slow tests
	$(PYTHON) -m pytest -n 2 --dist loadscope -m slow

lint: $(MADE)  ## check style, format and types
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

# early_steps.py and unlabelled.py want the runs of long trainings; precision.py trains for ten minutes and more;
# recognition.py and field.py are `make results`
LEFT_OUT = early_steps unlabelled precision recognition field
bench: $(MADE)  ## measure against peers, side by side
	@for file in $(filter-out $(LEFT_OUT:%=benchmarks/%.py),$(wildcard benchmarks/*.py)); do echo "$$file"; $(PYTHON) "$$file" || exit 1; done

results: data  ## measure every number of README's table and docs/results.md's of drawings anew; needs real drawings
	@$(PYTHON) benchmarks/field.py & field=$$!; $(PYTHON) benchmarks/recognition.py; rc=$$?; wait $$field && exit $$rc

train: $(MADE)  ## train without a notebook; ARGS="--help" lists what can be set
	$(PYTHON) -m helpers.train $(ARGS)

$(PIP):
	@fits='import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))'; \
	for python in python3.13 python3.12 python3.11 python3 python; do \
		if $$python -c "$$fits" >/dev/null 2>&1; then exec $$python -m venv --clear $(VENV); fi; \
	done; \
	echo 'No Python 3.11, 3.12 or 3.13 with its venv module was found. Install one from https://www.python.org'; \
	echo '(on Debian and Ubuntu: apt install python3 python3-venv), then run make again.'; \
	exit 1

# the uv of the lock installs all that is in the lock
$(MADE): pyproject.toml uv.lock | $(PIP)
	@echo 'Making the environment in $(VENV): about 3 GB, a few minutes.'
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check \
		"uv==$$(sed -n '/^name = "uv"$$/{n;s/version = "\(.*\)"/\1/p;}' uv.lock)"
	@UV_PROJECT_ENVIRONMENT=$(VENV) UV_PYTHON_DOWNLOADS=never $(PYTHON) -m uv sync --locked --extra dev --inexact
	@mkdir -p $(VENV)/etc/ipython # what TensorFlow's compiled code logs stays in the terminal, out of the notebooks
	@echo 'c.IPKernelApp.capture_fd_output = False' >$(VENV)/etc/ipython/ipython_kernel_config.py
	@touch $@
