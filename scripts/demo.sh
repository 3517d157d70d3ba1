#!/bin/sh
# The story on one simulated micrograph: make it, pick it, measure. `make demo` runs this.
set -eu
cd "$(dirname "$0")/.."

show() {  # print a command as the user would type it, then run it
    printf '\n$ %s\n' "$*"
    "$@"
}

# The seed is fixed, so that everyone gets the same micrograph. It is made again only when the
# parameters here have changed.
parameters="--seed 16 --shape barrel --width 2560 --particles 130 --clumped 0.1 --carbon \
--ice-crystals 5 --junk 5 --ice-thickness 600 --dose 30"
if [ "$(cat demo/parameters.txt 2>/dev/null)" = "$parameters" ]; then
    printf '\ndemo/sim_0001.mrc is there from the last time.\n'
else
    # shellcheck disable=SC2086
    show drpnet simulate --out demo $parameters --overwrite
    printf '%s\n' "$parameters" >demo/parameters.txt
fi
show drpnet pick demo/sim_0001.mrc --diameter 180 --out demo/picks --preview --resume
show drpnet evaluate demo/picks/sim_0001_autopick.star demo/sim_0001.csv \
    --diameter 180 --pixel-size 1.5

cat <<'END'

Particles at the edge of the micrograph are not picked, but count as missed here.

  The picks, for RELION:  demo/picks/sim_0001_autopick.star
  A picture of them:      demo/picks/sim_0001_preview.png

Now a micrograph of your own. Put the longest side of your particle, in Å, in place of 180:

  . .venv/bin/activate
  drpnet pick YOUR_MICROGRAPH.mrc --diameter 180 --out picks --preview

What to do next is in README.md.
END

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ "$(uname)" != Linux ]; then
    printf '\nThe same micrograph in the window:\n'
    show drpnet gui --sample
else
    printf '\nThere is no display here. Where there is one, see it in the window: drpnet gui --sample\n'
fi
