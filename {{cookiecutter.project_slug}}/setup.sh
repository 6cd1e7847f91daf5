#!/bin/sh
# Makes or updates .venv: sh setup.sh [options of uv sync, such as --extra gpu]
# Does nothing, and needs no network, when .venv is up to date; remembers the options.
set -eu
cd "$(dirname "$0")"
unset PYTHONDONTWRITEBYTECODE  # without compiled files every start of TensorFlow takes twice as long

stamp=.venv/.set-up  # written last: an interrupted set-up is done again
options=$*
if [ -z "$options" ] && [ -f "$stamp" ]; then
    options=$(cat "$stamp")
fi
# vendor/ holds the engine's wheel; with an index of your own there is none.
newer=$(find requirements.txt pyproject.toml uv.lock vendor -newer "$stamp" 2>/dev/null || true)
if [ $# -eq 0 ] && [ -f "$stamp" ] && [ -f uv.lock ] && [ -z "$newer" ]; then
    exit 0
fi

uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    uv=.uv/bin/uv
    if ! [ -x "$uv" ]; then
        echo "Fetching uv, which manages the environment (once) …"
        if ! { python3 -m venv .uv && .uv/bin/pip install --quiet --disable-pip-version-check uv; }; then
            rm -rf .uv
            echo "error: uv could not be fetched; install it (https://docs.astral.sh/uv) and try again." >&2
            exit 1
        fi
    fi
fi

echo "Setting up .venv …"
if [ -f "$stamp" ]; then  # what is interrupted from here on is done again, with these options
    echo "$options" >"$stamp"
    touch -t 200001010000 "$stamp"
fi
# Another project's environment, active here, must not be the one that changes.
# shellcheck disable=SC2086 # options are words
env -u VIRTUAL_ENV -u UV_PROJECT_ENVIRONMENT "$uv" sync --quiet --project . $options
echo "$options" >"$stamp"
