#!/bin/sh
# Install the wheel in an image of Debian 12: install-in-image.sh INDEX WHEEL
#
# Dockerfile and napari-drpnet.def call it. PyTorch comes from the index: the one of its CPU builds
# makes an image a tenth of the size of that with the CUDA build from PyPI.
set -eu
[ $# -eq 2 ] || { echo "usage: $0 INDEX WHEEL; one wheel, not $(($# - 1))" >&2; exit 2; }
index=$1 wheel=$2

apt-get update -qq
apt-get install -y -qq --no-install-recommends python3 python3-venv ca-certificates
rm -rf /var/lib/apt/lists/*

python3 -m venv /opt/drpnet
/opt/drpnet/bin/pip install --no-cache-dir --index-url "$index" torch
/opt/drpnet/bin/pip install --no-cache-dir "$wheel"
/opt/drpnet/bin/drpnet doctor
