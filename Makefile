# Two commands do everything on a fresh machine: `make lab` and `make test`.
PYTHON ?= python3
PORT ?= 8888
PY := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)/python
# Only needed on Linux without a GPU: PyTorch's CPU index, see README.md.
TORCH_INDEX ?=
TORCH := $(shell sed -n 's/^ *"\(torch==[^"]*\)",/\1/p' pyproject.toml)
LAB_ARGS := $(if $(filter none,$(BROWSER)),--no-browser) $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: lab test browser-test lint api messages zh install lock notebooks slides site weights handout grade clean

# VADKIT_LANG=zh: the Chinese edition, and JupyterLab's own words in Chinese.
EDITION := $(filter-out en,$(VADKIT_LANG))
lab: .venv/ready $(addprefix .venv/ready-,$(EDITION))
	$(PY) tools/lab_settings.py
	$(PY) -m jupyterlab \
	  --LabApp.default_url=/lab/tree/notebooks/$(addsuffix /,$(EDITION))00_start_here.ipynb \
	  --FileContentsManager.pre_save_hook=vadcourse.saving.without_models \
	  --ServerApp.port=$(PORT) $(LAB_ARGS)

# Two test processes share the cores, so each gets one thread: with more, they wait for each
# other many times as long.
test browser-test: export OMP_NUM_THREADS ?= 1

# As in vadkit/__init__.py, for kernels that load torch first.
ifndef OMP_WAIT_POLICY
export GOMP_SPINCOUNT ?= 10000
endif

NBVAL := -q -n 2 --dist loadfile --nbval-lax --nbval-cell-timeout 600 --nbval-kernel-name python3
test: .venv/ready
	$(PY) -m pytest -q -m "not browser" -n 2 --dist loadfile tests
	$(PY) -m pytest $(NBVAL) --ignore=notebooks/zh notebooks
	VADKIT_LANG=zh $(PY) -m pytest $(NBVAL) notebooks/zh

browser-NBVAL := -q -n 2 --dist loadfile --nbval-lax --nbval-cell-timeout 600 --nbval-kernel-name python3
test: .venv/ready
	$(PY) -m pytest -q -m browser -n 2 --dist loadfile tests

lint: .venv/ready
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

# The API reference, from the docstrings, in build/api: open build/api/index.html.
api: .venv/ready
	$(PY) -m pdoc -d numpy -o build/api vadkit vadcourse vadstudies

# The catalogues of every language, brought up to date: what is new or changed is named.
messages: .venv/ready
	$(PY) tools/catalogues.py

# The Chinese edition: notebooks/zh and the documents, from the English ones and translations/zh.
zh: .venv/ready
	$(PY) tools/catalogues.py --check
	$(PY) tools/editions.py zh

install: .venv/ready

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) tools/check_python.py
	$(PYTHON) -m venv .venv
	$(PY) -m pip install -q $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) "$(TORCH)"
	$(PY) -m pip install -q -c constraints.txt -e ".[test,site]"
	touch .venv/ready

.venv/ready-%: .venv/ready
	$(PY) -m pip install -q -c constraints.txt -e ".[$*]"
	touch $@

# Renew environment.yml, and constraints.txt where pyproject.toml asks for something new.
# UPGRADE=1 takes the newest version of everything.
lock: .venv/ready
	$(PY) -m uv pip compile -q pyproject.toml --extra test --extra site --extra zh --universal --python-version 3.11 \
	  --no-annotate --strip-extras $(if $(UPGRADE),--upgrade) \
	  --custom-compile-command "make lock" -o constraints.txt
	$(PY) tools/environment.py

# Execute every notebook in place, top to bottom.
notebooks: .venv/ready
	$(PY) tools/run_notebooks.py

# Train every shipped weights file that is not there as it would be made now (stop it, and it goes
# on with the next); or these again: NAMES="maml_0 joint_0"; or all again: NAMES=--restart.
weights: .venv/ready
	$(PY) -m vadstudies.weights.run --workers 2 $(NAMES)

# The notebooks without solutions and speaker notes, for a class, in build/handout.
handout: .venv/ready
	$(PY) tools/handout.py

# Grade the hand-ins in a folder, in build/grades: docs/grading.md. WATCH=1 goes on until Ctrl-C.
grade: .venv/ready
	$(PY) tools/grade.py "$(SUBMISSIONS)" $(if $(WATCH),--watch)

# Stand-alone HTML decks, one per notebook, in build/slides: they play with no network.
slides: .venv/ready
	$(PY) tools/slides.py --check
	$(PY) tools/decks.py

# The course without an installation, in build/site: `python -m http.server -d build/site`. QUICK=1
# takes the outputs that the notebooks have: the largest widgets are pictures, there are no decks.
site: .venv/ready
	$(PY) tools/build_site.py $(if $(QUICK),--saved)

clean:
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache .hypothesis
