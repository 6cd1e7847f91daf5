#!/bin/sh
# Trains a model from raw data to metrics: sh run.sh [MODEL] [options of dvc repro]
set -eu
cd "$(dirname "$0")"
unset PYTHONDONTWRITEBYTECODE

model=
case "${1:-}" in
    "" | -*) ;;
    *)
        model=$1
        shift
        if ! [ -f "models/$model/config.yaml" ]; then
            known=$(for file in models/*/config.yaml; do basename "$(dirname "$file")"; done | xargs)
            echo "error: models/$model/config.yaml does not exist; known models: $known." >&2
            exit 1
        fi
        ;;
esac

sh setup.sh
PATH="$PWD/.venv/bin:$PATH"
VIRTUAL_ENV="$PWD/.venv"
export PATH VIRTUAL_ENV
[ -e .git ] || git init --quiet

# Before DVC, which would stop at one broken file without naming it.
model=$(python -m src.run check ${model:+--config "models/$model/config.yaml"})

# DVC runs in a process group of its own: ended alone, it would leave its training behind.
# Python makes the group, because macOS has no setsid command.
group_leader='import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])'
status=0
python -c "$group_leader" dvc repro "$@" "models/$model/dvc.yaml" &
group=$!
# Until Python has made the group, there is only the process.
trap 'kill -s TERM -- "-$group" 2>/dev/null || kill -s TERM "$group"' INT TERM HUP
wait "$group" || status=$?
trap - INT TERM HUP
wait "$group" 2>/dev/null || true
if [ "$status" -ne 0 ]; then
    echo "error: the run of $model did not finish; mend what is named above, then the same command continues." >&2
    exit "$status"
fi
# With the same options: --dry must write no summary either.
dvc repro "$@" --quiet --single-item summary >/dev/null

echo
python -m src.run summary --dry-run
cat <<END
Next, in $PWD:
  look      . .venv/bin/activate && dvc plots show; all results are in training_metrics/$model
  keep      git add . && git commit -m "Train $model" && dvc push
  change    edit models/$model/config.yaml and run this again: only what changed runs
END
