"""Judge results by `acceptance` in config.yaml, and say what came out: `modelyard acceptance`."""

import argparse
import os
import sys
from pathlib import Path

from modelyard.command import finish
from modelyard.config.loading import load_config
from modelyard.config.models import config_paths
from modelyard.errors import UserError

from .gate import Judgement, judge, print_judgement
from .sections import verdict
from .tables import cell


def _check(configs: list[Path], base: str | None, *, summary: bool) -> bool:
    """Judge every model before the first mistake ends it: all that is wrong is named at once."""
    problems, judgements = [], list[Judgement]()
    for path in configs:
        try:
            judgements.append(judge(load_config(path), base))
        except UserError as error:
            problems.append(str(error))
            continue
        print_judgement(judgements[-1])
        problems += [f"{path}: acceptance: {line}." for line in judgements[-1].violations]
    if summary and not problems and all(map(_judged_nothing, judgements)):
        problems.append(
            "Nothing was judged, so nothing can be accepted: no model has a requirement that could "
            f"be judged; write `acceptance` in {' or '.join(map(str, configs)) or 'a model'}."
        )
    if summary and (file := os.environ.get("GITHUB_STEP_SUMMARY")):
        _append(Path(file), judgements, problems)
    if problems:
        raise UserError("\n".join(problems))
    return True


def _judged_nothing(judgement: Judgement) -> bool:
    return all(verdict.not_judged for verdict in judgement.verdicts)


def _append(summary: Path, judgements: list[Judgement], problems: list[str]) -> None:
    """Add the verdicts to a job's summary, as the report has them, and what is no verdict."""
    violations = {line for one in judgements for line in one.violations}
    others = [line for line in problems if not any(known in line for known in violations)]
    with summary.open("a", encoding="utf-8") as file:
        for judgement in judgements:
            file.write("\n".join(verdict(judgement)) + "\n")
        file.writelines(f"- ❌ {cell(line)}\n" for line in others)


def main(arguments: list[str] | None = None) -> int:
    """Judge one model or all; return 1 if any requirement is not met."""
    parser = argparse.ArgumentParser(prog="modelyard acceptance", description=__doc__)
    parser.add_argument("--config", type=Path, help="models/<model>/config.yaml; default: all")
    parser.add_argument("--base", help="branch or commit to compare with; default: origin/HEAD")
    parser.add_argument(
        "--summary",
        action="store_true",
        help="as a check on GitHub: add a table to the job's summary, fail if nothing is judged",
    )
    options = parser.parse_args(arguments)
    configs = [options.config] if options.config else config_paths()
    return finish(lambda: _check(configs, options.base, summary=options.summary))


if __name__ == "__main__":
    sys.exit(main())
