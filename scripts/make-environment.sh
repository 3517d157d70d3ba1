#!/bin/sh
# Make a virtual environment with this project in it:
#   make-environment.sh FOLDER WHAT PYTHON TORCH [lowest]
#
# WHAT are arguments of pip, such as '-e .[test]'.
# With the word `lowest`, the packages that pyproject.toml names are the oldest that it allows, but
# torch is the given one.
#
# Torch goes first, and on its own: where there is no NVIDIA GPU its CPU build is wanted, which is
# a tenth of the size. For Linux PyPI holds only the CUDA build, so PyTorch's own index of CPU
# builds is asked too, unless pip is set up with a folder of wheels to find it in.
set -eu
folder=$1 what=$2 python=$3 torch=$4

[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
pip="$folder/bin/python -m pip"
quiet="-q --disable-pip-version-check"
if ! "$folder/bin/python" -c 'import torch' 2>/dev/null; then
    index=
    if [ "$(uname)" = Linux ] && ! command -v nvidia-smi >/dev/null 2>&1 &&
        ! $pip config list | grep -q find-links; then
        index="--extra-index-url https://download.pytorch.org/whl/cpu"
    fi
    echo "installing $torch into $folder"
    # shellcheck disable=SC2086
    $pip install $quiet $index "$torch"
fi
echo "installing $what into $folder"
if [ "${5:-}" = lowest ]; then
    # shellcheck disable=SC2086
    $pip install $quiet uv
    # shellcheck disable=SC2086
    "$folder/bin/uv" pip install -q --python "$folder/bin/python" --resolution lowest-direct \
        --upgrade-package filelock --upgrade-package jinja2 \
        "$torch" $what
else
    # shellcheck disable=SC2086
    $pip install $quiet -c constraints.txt $what
fi
touch "$folder/.ready"
