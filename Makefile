# Two commands for a fresh machine: `make demo` and `make test`. The rest is for developers.

PYTHON ?= python3
TORCH  ?= torch==2.13.0
CORE   := .venv-core
FULL   := .venv
LOWEST := .venv-lowest
TOOLS  := .venv-package
DATA   ?= $(or $(DRPNET_SHARED),../shared)/data
VIRTUAL_DISPLAY := QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 1920x1200x24"
STRUCTURES ?= $(DATA)/structures
PRETRAINED := src/napari_drpnet/picking/networks/pretrained
# What the shipped weights learn from besides simulations; docs/accuracy.md uses the others.
EMPTY_FIELDS := --structures $(STRUCTURES) \
  --negatives $(DATA)/micrographs/unlabelled --negative-names \
  19jun18a,19oct11b_grid2Tilt2_00014gr,18sep26a,18jul13c,19aug17a,18jan09b
LABELLED_FIELDS := \
  --labelled $(DATA)/micrographs/trpv1_10059 --labelled-names 0001,0002,0003 --labelled-diameter 33.5
REAL_FIELDS := $(EMPTY_FIELDS) --negative-share 0.12 $(LABELLED_FIELDS)
# Number of damaged files for each reader in `make fuzz`: about an hour.
FUZZ ?= 20000
# `make docs LINKS=--check-extern` follows links to other sites too, which needs a network.
LINKS ?=
# Tests of what the extras bring; the others run where none is installed.
NEED_EXTRAS := tests/plugin tests/batch/workers/test_cluster.py tests/cli/test_doctor.py
ACCURACY := accuracy grid ablation robustness calibration side_by_side

.DEFAULT_GOAL := help
.PHONY: help demo test test-core test-extras test-lowest test-relion test-wheel package fuzz lint bench bench-gpu accuracy segmentation weights docs screenshots clean

help:  ## show the verbs
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(FULL)/.ready  ## install, simulate a sample micrograph, pick it, measure
	@scripts/system-packages.sh || true
	@PATH="$(CURDIR)/$(FULL)/bin:$$PATH" scripts/demo.sh

test: lint  ## everything that must hold: lint, types, contracts, tests
	@$(MAKE) -j 2 test-core test-extras

test-core: $(CORE)/.ready  ## the core tests, in an environment without Qt and napari
	@$(CORE)/bin/python -c "import importlib.util as u; assert not any(map(u.find_spec, ('napari', 'qtpy', 'PyQt6')))"
	@$(CORE)/bin/python -m pytest -q --ignore tests/plugin

test-extras: $(FULL)/.ready  ## the tests that need more: the window, clusters
	@scripts/system-packages.sh
	@$(VIRTUAL_DISPLAY) $(FULL)/bin/python -m pytest -q $(NEED_EXTRAS)

test-lowest: $(LOWEST)/.ready  ## the core tests, with the oldest packages that are allowed
	@$(LOWEST)/bin/python -m pytest -q -W default --ignore tests/plugin

test-relion: $(CORE)/.ready  ## RELION 3.1 after the picker: extraction, 2D classes, viewer
	@scripts/system-packages.sh relion relion-gui xdotool
	@DRPNET_RELION=1 $(CORE)/bin/python -m pytest -q tests/relion_run

fuzz: $(CORE)/.ready  ## read more damaged files than `make test` does: FUZZ for each reader
	@DRPNET_FUZZ=$(FUZZ) $(CORE)/bin/python -m pytest -q tests/test_fuzzing.py

lint: $(FULL)/.ready  ## style, types, and the contracts between rooms
	@$(FULL)/bin/ruff check .
	@$(FULL)/bin/ruff format --check .
	@$(FULL)/bin/mypy
	@$(FULL)/bin/lint-imports

bench: $(FULL)/.ready  ## speed and memory, as ratios against the obvious alternatives
	@for file in benchmarks/bench_*.py; do echo "== $$file"; $(VIRTUAL_DISPLAY) $(FULL)/bin/python $$file; done

bench-gpu: $(FULL)/.ready  ## the same picks on a GPU? how fast? a report (needs a GPU)
	@$(FULL)/bin/python benchmarks/gpu.py

accuracy: $(FULL)/.ready  ## the tables and curves of docs/accuracy.md (needs the data folder)
	@for name in $(ACCURACY); do echo "== $$name"; \
	  $(FULL)/bin/python benchmarks/$$name.py --write docs/accuracy.md || exit 1; done

segmentation: $(FULL)/.ready  ## the tables and the curve of docs/segmentation.md (needs the data folder)
	@for name in segmentation segmentation_training stroke_learning; do echo "== $$name"; \
	  $(FULL)/bin/python benchmarks/$$name.py --write docs/segmentation.md || exit 1; done

weights: $(FULL)/.ready  ## train the shipped weights anew (needs the data folder; five hours)
	@$(FULL)/bin/drpnet train detector $(REAL_FIELDS) --weights multiscale --overwrite \
	  --out $(PRETRAINED)/detector-default.safetensors
	@$(FULL)/bin/drpnet train classifier $(REAL_FIELDS) --weights multiscale-classifier --overwrite \
	  --out $(PRETRAINED)/classifier-default.safetensors
	@$(FULL)/bin/drpnet train segmenter $(EMPTY_FIELDS) $(LABELLED_FIELDS) --overwrite \
	  --out $(PRETRAINED)/segmenter-default.safetensors

package: $(TOOLS)/.ready  ## build the wheel into dist/, and check it and the metadata
	@rm -rf dist
	@$(TOOLS)/bin/python -m build
	@$(TOOLS)/bin/twine check --strict dist/*
	@$(TOOLS)/bin/check-wheel-contents dist/*.whl
	@$(TOOLS)/bin/npe2 validate src/napari_drpnet/napari.yaml
	@$(TOOLS)/bin/cffconvert --validate

test-wheel: package  ## the README's story with the wheel alone, in an environment without the source
	@scripts/system-packages.sh xdotool
	@scripts/try-wheel.sh '$(PYTHON)' '$(TORCH)'

docs: $(FULL)/.ready  ## build the documentation into site/, and check its links
	@$(FULL)/bin/python -m pip install -q -c constraints.txt -e '.[docs]'
	@NO_MKDOCS_2_WARNING=1 $(FULL)/bin/mkdocs build --strict
	@$(FULL)/bin/linkchecker $(LINKS) --no-status --no-warnings site/index.html

screenshots: $(FULL)/.ready  ## take the pictures of the window in docs/images anew
	@scripts/system-packages.sh
	@$(VIRTUAL_DISPLAY) $(FULL)/bin/python scripts/screenshots.py
	@$(VIRTUAL_DISPLAY) $(FULL)/bin/python scripts/recording.py

clean:  ## remove the environments and everything built
	rm -rf $(CORE) $(FULL) $(LOWEST) $(TOOLS) site dist demo

# An environment is ready when what it was made from has not changed since.
$(CORE)/.ready: pyproject.toml constraints.txt
	@scripts/make-environment.sh $(CORE) '-e .[test]' '$(PYTHON)' '$(TORCH)'

$(LOWEST)/.ready: pyproject.toml
	@scripts/make-environment.sh $(LOWEST) '-e .[test]' '$(PYTHON)' '$(TORCH)' lowest

$(TOOLS)/.ready:
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip install -q build twine check-wheel-contents npe2 cffconvert
	@touch $@

$(FULL)/.ready: pyproject.toml constraints.txt
	@scripts/make-environment.sh $(FULL) '-e .[gui,cluster,test,test-gui,lint]' '$(PYTHON)' '$(TORCH)'
