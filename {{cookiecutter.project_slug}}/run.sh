#!/bin/sh
# Trains a model from raw data to metrics: sh run.sh [MODEL] [options of dvc repro]
set -eu
cd -- "$(dirname -- "$0")"
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

if ! [ -e .git ]; then
    command -v git >/dev/null || {
        echo "error: git is not installed, and DVC keeps its records in a Git repository; install git (https://git-scm.com)." >&2
        exit 1
    }
    git init --quiet
fi

sh setup.sh
PATH="$PWD/.venv/bin:$PATH"
VIRTUAL_ENV="$PWD/.venv"
export PATH VIRTUAL_ENV
git rev-parse --quiet --verify HEAD >/dev/null ||
    echo "There is no commit yet, so the model will name none as its origin: commit before training (git add . && git commit -m First)."

# Before DVC, which would stop at one broken file without naming it.
model=$(python -m src.run check ${model:+--config "models/$model/config.yaml"})

# A process group of its own, which one signal ends; it ends with this script, too.
status=0
python -m modelyard.pipeline.repro "$model" "$@" &
group=$!
# Until Python has made the group, there is only the process.
trap 'kill -s TERM -- "-$group" 2>/dev/null || kill -s TERM "$group"' INT TERM HUP
wait "$group" || status=$?
trap - INT TERM HUP
wait "$group" 2>/dev/null || true
case " $* " in *" --dry "*) exit "$status" ;; esac
[ "$status" -eq 0 ] || exit "$status"
dvc repro "$@" --quiet --single-item summary >/dev/null

echo
python -m src.run summary --dry-run
cat <<END
Next, in $PWD:
  look      . .venv/bin/activate && dvc plots show; all results are in training_metrics/$model
  keep      git add . && git commit -m "Train $model" && dvc push
  change    edit models/$model/config.yaml and run this again: only what changed runs
END
