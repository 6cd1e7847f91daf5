#!/bin/sh
# Makes or updates .venv: sh setup.sh [options of uv sync, such as --extra gpu]
# Does nothing, and needs no network, when .venv is up to date; remembers the options.
set -eu
cd -- "$(dirname -- "$0")"
unset PYTHONDONTWRITEBYTECODE  # without compiled files every start of TensorFlow takes twice as long
[ -z "${UV_NO_SYNC:-}" ] || exit 0  # as uv itself: use .venv as it is

# Lines: the options, the folder, then checksums of what decides which packages are installed.
# These come last: a set-up that did not finish leaves "unfinished" and its process there.
stamp=.venv/.set-up
kept='' made='' state=''
[ ! -f "$stamp" ] || { IFS= read -r kept && IFS= read -r made && state=$(cat); } <"$stamp" || true
options=${*:-$kept}
# The programs in .venv name the folder that it was made in: a moved or copied one runs the old ones.
here=$(pwd -P)
if [ -z "$made" ] && grep -qF "$here/.venv" .venv/bin/activate 2>/dev/null; then
    made=$here
fi
moved=
if [ -d .venv/bin ] && ! [ -L .venv ] && [ "$made" != "$here" ]; then
    moved=true
fi
# vendor/ holds the engine's wheel; with an index of your own there is none.
inputs=$(cksum requirements.txt pyproject.toml .python-version vendor/* 2>/dev/null || true)
locked() { printf '%s\n%s' "$inputs" "$(cksum uv.lock)"; }
if [ $# -eq 0 ] && [ -z "$moved" ] && [ -f uv.lock ] && [ "$state" = "$(locked)" ] &&
    [ -x .venv/bin/python ]; then  # or the Python that it was made with is gone
    exit 0
fi

other=${state#unfinished }
runs() { ps -o args= -p "$other" 2>/dev/null | grep -q "sh .*setup\.sh"; }
if [ "$other" != "$state" ] && [ "$other" != $$ ] && runs; then
    echo "Waiting for another set-up of this project (PID $other) …"
    while runs; do sleep 1; done
    exec sh setup.sh "$@"
fi

uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    uv=.uv/bin/uv
    if ! [ -x "$uv" ]; then
        echo "Fetching uv, which manages the environment (once) …"
        if ! { python3 -m venv .uv && .uv/bin/python -m pip install --quiet --disable-pip-version-check uv; }; then
            rm -rf .uv
            echo "error: uv could not be fetched, which needs the network, and python3 with its module venv; install uv (https://docs.astral.sh/uv) and try again." >&2
            exit 1
        fi
    fi
fi

# Another project's environment, active here, must not be the one that changes.
unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT
anew() {
    rm -rf .venv/bin .venv/lib .venv/lib64
    "$uv" venv --quiet --allow-existing --prompt="${here##*/}" .venv
}
# shellcheck disable=SC2086 # options are words
sync() { "$uv" sync --quiet --project . $options; }
# A killed uv leaves packages that lack files and that it takes for installed.
whole() {
    PYTHONPATH=$(printf '%s:' vendor/*.whl .venv/lib/python*/site-packages) \
        .venv/bin/python -S -m modelyard.pipeline.environment .venv 2>/dev/null
}

doubtful=
if [ "$moved" ]; then
    echo "This project was in ${made:-another folder} before: making .venv anew …"
else
    echo "Setting up .venv …"
    case "$state" in "" | unfinished*) doubtful=$(ls .venv 2>/dev/null || true) ;; esac
fi
mkdir -p .venv
printf '%s\n%s\nunfinished %s\n' "$options" "$made" $$ >"$stamp"
status=0
if [ "$moved" ] || ! [ -x .venv/bin/python ] || ! [ -f .venv/pyvenv.cfg ]; then
    anew || status=$?
fi
[ "$status" -ne 0 ] || sync || status=$?  # waits for a uv that outlived its setup.sh
if [ "$doubtful" ] && ! whole; then
    echo "The last set-up did not finish and left packages that lack files: making .venv anew …"
    status=0
    { anew && sync; } || status=$?
fi
said="error: .venv is not ready; uv says above why. Mend that and run the same command again; \`make doctor\` looks for what else may be wrong."
[ "$status" -eq 0 ] || { echo "$said" >&2; exit "$status"; }
printf '%s\n%s\n%s\n' "$options" "$here" "$(locked)" >"$stamp"
