#!/bin/sh
# Install the wheel in dist/ into a new environment, and run the README's story with it, far from
# the source: try-wheel.sh PYTHON TORCH
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

scripts/make-environment.sh "$folder/environment" "$(ls dist/*.whl)[gui]" "$1" "$2"
mkdir "$folder/scripts"
cp scripts/demo.sh "$folder/scripts"
cd "$folder"
export PATH="$folder/environment/bin:$PATH" HOME="$folder"
python -c 'import napari_drpnet as n; assert "site-packages" in n.__file__, n.__file__'
env -u DISPLAY -u WAYLAND_DISPLAY scripts/demo.sh

QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 1920x1200x24" sh -ec '
    drpnet gui --sample &
    timeout 300 xdotool search --sync --onlyvisible --name DRPnet >/dev/null
    echo "The window is open."
    kill $!'
