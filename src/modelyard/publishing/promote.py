"""Let MODEL@staging or MODEL@production name a version of an official model."""

import argparse
import shutil
import sys
from pathlib import Path

from modelyard.command import finish, program
from modelyard.errors import UserError
from modelyard.files import whole_folder
from modelyard.git import check_identity
from modelyard.official.history import version_folder
from modelyard.official.lifecycle import Promotion, save_lifecycle
from modelyard.official.naming import STAGES
from modelyard.official.places import OFFICIAL_MODELS
from modelyard.official.record import DESCRIPTION, load_official

from .official.committing import alone, commit_only, how_to_push
from .official.published import Published, find_published, now, who
from .official.versions import assign, commit_of


def promote(text: str, stage: str) -> bool:
    """Let a stage name a version: for readers, in the record, and by a tag as GTO sets it.

    Raises:
        UserError: there is no such version, it was withdrawn, or Git refuses; the same command goes
            on where it was interrupted.
    """
    with alone():
        published = find_published(text)
        model, version = published.model, published.version
        if found := published.lifecycle.withdrawal(version):
            raise UserError(
                f"{model}@{version} was withdrawn: {found.why.rstrip('.')}; promote another."
            )
        commit_of(model, version)  # or nothing is written
        check_identity()
        before = published.lifecycle.named_by(stage)
        made = commit_only(_written(published, stage), f"Promote {model} {version} to {stage}")
        tag = assign(model, version, stage)
    if before == version and not (made or tag):
        print(f"{model}@{stage} is {version} already.")
        return True
    was = f"; it was {before}" if before and before != version else ""
    print(f"{model}@{stage} is {version} now{was}.")
    done = [f"Committed as {made[:10]}" if made else "", f"Tagged {tag}" if tag else ""]
    print(f"{'; '.join(filter(None, done))}; next: {how_to_push(made, tag)}")
    return True


def _written(published: Published, stage: str) -> list[Path]:
    """Write the record, and what describes the version for readers; return their paths."""
    model, version, lifecycle = published.model, published.version, published.lifecycle
    folder = OFFICIAL_MODELS / f"{model}@{stage}"
    config = OFFICIAL_MODELS / model / "config.yaml"
    here = load_official(config).version == version
    source = config.parent if here else version_folder(config, version)
    with whole_folder(folder) as temporary:
        for name in (config.name, DESCRIPTION):
            shutil.copy(source / name, temporary)
    before = lifecycle.named_by(stage)
    if before != version:
        move = Promotion(stage=stage, before=before, version=version, when=now(), who=who())
        lifecycle = lifecycle.model_copy(update={"promoted": [*lifecycle.promoted, move]})
    return [save_lifecycle(OFFICIAL_MODELS, model, lifecycle), folder]


def main(arguments: list[str] | None = None) -> int:
    """Promote a version; return 1 after a sentence on what to mend."""
    parser = argparse.ArgumentParser(prog=program("ci.promote"), description=__doc__)
    parser.add_argument("version", metavar="MODEL@VERSION", help="or MODEL@STAGE")
    parser.add_argument("stage", choices=STAGES)
    options = parser.parse_args(arguments)
    return finish(lambda: promote(options.version, options.stage))


if __name__ == "__main__":
    sys.exit(main())
