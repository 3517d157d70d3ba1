#!/bin/sh
# Install the wheel in an image of Debian 12: install-in-image.sh WHEEL [INDEX OF TORCH]
#
# Dockerfile and napari-drpnet.def call it. The index is the one of the CPU build, a tenth of the size
# of the CUDA build on PyPI; /opt/drpnet then has the command line without the window.
set -eu
wheel=$1 index=${2:-https://download.pytorch.org/whl/cpu}

apt-get update -qq
apt-get install -y -qq --no-install-recommends python3 python3-venv ca-certificates
rm -rf /var/lib/apt/lists/*

python3 -m venv /opt/drpnet
/opt/drpnet/bin/pip install --no-cache-dir --index-url "$index" torch
/opt/drpnet/bin/pip install --no-cache-dir "$wheel"
/opt/drpnet/bin/drpnet doctor
