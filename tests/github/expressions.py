"""GitHub's expressions, evaluated by GitHub's own evaluator."""

import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from nodejs import PROGRAMS, installed

SOURCES = Path(__file__).with_name("node")
Contexts = dict[str, Any]
STATUS_FUNCTIONS = ("success", "failure", "always", "cancelled")
INSERTED = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


class ExpressionError(Exception):
    """GitHub's evaluator refused an expression."""


@cache
def _process() -> "subprocess.Popen[str]":
    """Start the evaluator once; it ends with this process, which closes its input."""
    return subprocess.Popen(
        [str(PROGRAMS / "node"), "expressions.mjs"],
        cwd=installed(SOURCES),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )


def stop() -> None:
    """End the evaluator, if it runs."""
    if _process.cache_info().currsize:
        process = _process()
        process.communicate()
        _process.cache_clear()


def _ask(expression: str, contexts: Contexts, status: str) -> dict[str, Any]:
    functions = {name: name in {status, "always"} for name in STATUS_FUNCTIONS}
    question = {"expression": expression.strip(), "contexts": contexts, "status": functions}
    process = _process()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(question) + "\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    if "error" in answer:
        raise ExpressionError(f"{expression.strip()}: {answer['error']}")
    return answer


def evaluate(expression: str, contexts: Contexts, status: str = "success") -> Any:
    """Return the value of an expression, written without its `${{ }}`."""
    return _ask(expression, contexts, status)["value"]


def interpolate(text: object, contexts: Contexts, status: str = "success") -> str:
    """Return a text with its `${{ }}` filled in."""
    if isinstance(text, bool):
        return str(text).lower()
    return INSERTED.sub(lambda found: str(_ask(found[1], contexts, status)["text"]), str(text))


def condition(text: object, contexts: Contexts, status: str) -> bool:
    """Say whether a job or step with this `if` runs after what went before.

    Without a status function in it, `success()` is asked as well.
    """
    expression = "" if text is None else str(text).strip()
    if whole := re.fullmatch(r"\$\{\{(.*)\}\}", expression, re.DOTALL):
        expression = whole[1]
    asks = any(re.search(rf"\b{name}\s*\(", expression) for name in STATUS_FUNCTIONS)
    if not asks:
        expression = f"success() && ({expression})" if expression else "success()"
    return bool(evaluate(f"!!({expression})", contexts, status))
