"""Example data: 2,000 snippets of source files, 400 in each of five languages.

Run as `python -m modelyard.data.snippets FOLDER`. Your own data takes its place.
The files are those of the installed packages: nothing is downloaded, and other versions of the
packages give other snippets. A snippet names its package, so that `group_column: package` keeps
what one team has written in one split. The packages keep their licences; nothing is committed.
"""

import argparse
import os
import re
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import NamedTuple

import numpy as np

from modelyard.errors import UserError
from modelyard.files import whole_folder, write_csv

SEED = 0
SNIPPETS = 400  # of each language
LINES = (12, 30)  # of a snippet
CHARACTERS = (300, 1500)  # of a snippet
WIDEST = 160  # characters of a line; what is wider is data or minified
LARGEST = 1_000_000  # bytes of a file; what is larger is generated
FROM_FILE = 40  # snippets of a file, at most
SHARE = 0.2  # of a language's snippets, from one package at most
HEAD = 1000  # characters of a file in which it says that it is generated
LANGUAGES = {
    ".cc": "cpp",
    ".cpp": "cpp",
    ".cuh": "cpp",
    ".h": "cpp",
    ".hpp": "cpp",
    ".md": "markdown",
    ".py": "python",
    ".pyi": "stub",
    ".rst": "restructuredtext",
}
DESCRIPTIONS = {"text/markdown": "markdown", "text/x-rst": "restructuredtext"}
GENERATED = re.compile(r"generated|do not edit", re.IGNORECASE)
MARKED = 3  # times; with less, a snippet could be of another language, too
MARKS = {  # of a language
    "cpp": r"\b(namespace|template|class|using|public|private|constexpr|static_cast)\b|::",
    "markdown": r"(?m)^#+ |^```|\]\(",
    "python": r"(?m)^\s*(def|import|from|return|class|if|for|with|assert|self\.\w+ =)\b",
    "restructuredtext": r"(?m)``|::$|:\w+:`|`_|^\.\. |^([=~^+*#\"'-])\1{3,}$",
    "stub": r"(?m)(:|=) \.\.\.$",
}


class Source(NamedTuple):
    """A file, its language, and the package that it is of."""

    path: Path
    language: str
    package: str


class Snippet(NamedTuple):
    """Some lines of a file, their language and package."""

    text: str
    language: str
    package: str


def collect(folders: Iterable[Path], count: int = SNIPPETS) -> Iterator[Snippet]:
    """Yield `count` snippets of each language from folders of packages, no two of them equal.

    Where the packages have fewer of a language, it says so and takes these.

    Raises:
        UserError: they have less than half of them.
    """
    sources = sorted(source for folder in folders for source in find_sources(folder))
    for language in sorted(MARKS):
        random = np.random.default_rng(SEED)
        found = list(_in_turn([one for one in sources if one.language == language], count, random))
        if 2 * len(found) < count:
            raise UserError(
                f"The installed packages have only {len(found)} snippets of {language}, {count} "
                "are needed; install all of requirements.txt, or ask for fewer by --snippets."
            )
        if len(found) < count:
            said = f"the installed packages have only {len(found)} snippets of {language}"
            print(f"note: {said}; {count} were asked for.", file=sys.stderr)
        yield from found


def find_sources(folder: Path) -> Iterator[Source]:
    """Yield the files of the languages, and the packages' descriptions, in a folder of packages."""
    for parent, _, names in os.walk(folder):
        parts = Path(parent).relative_to(folder).parts
        for name in names if parts else ():
            if name == "METADATA" and parts[0].endswith(".dist-info"):
                yield from _description(Path(parent, name))
            elif language := LANGUAGES.get(PurePath(name).suffix):
                yield Source(Path(parent, name), language, package_of(parts))


def package_of(parts: tuple[str, ...]) -> str:
    """Return the package of a file by its folders: the innermost that one team has written."""
    for marker in ("external", "third_party", "stubs", "include"):
        if marker in parts[:-1]:
            return parts[parts.index(marker) + 1]
    return parts[0].split("-")[0].lower()


def _description(path: Path) -> Iterator[Source]:
    """Yield a package's description by the markup that its metadata names."""
    head = path.read_text(encoding="utf-8", errors="replace").partition("\n\n")[0]
    kind = re.search(r"^Description-Content-Type: *([\w/-]+)", head, re.MULTILINE)
    if kind and (language := DESCRIPTIONS.get(kind[1])):
        yield Source(path, language, package_of((path.parent.name,)))


def _in_turn(sources: list[Source], count: int, random: np.random.Generator) -> Iterator[Snippet]:
    """Yield up to `count` snippets, one of each package in turn until it has given its share."""
    by_package: dict[str, list[Source]] = {}
    for position in random.permutation(len(sources)).tolist():
        by_package.setdefault(sources[position].package, []).append(sources[position])
    packages = {name: _snippets(found, random) for name, found in sorted(by_package.items())}
    given = Counter[str]()
    seen: set[str] = set()
    while packages:
        for name, snippets in list(packages.items()):
            one = next((one for one in snippets if one.text not in seen), None)
            if one is None or given[name] >= count * SHARE:
                del packages[name]
                continue
            yield one
            seen.add(one.text)
            given[name] += 1
            if len(seen) == count:
                return


def _snippets(sources: list[Source], random: np.random.Generator) -> Iterator[Snippet]:
    for source in sources:
        pieces = list(_pieces(_read(source.path), random))
        for position in random.permutation(len(pieces))[:FROM_FILE].tolist():
            piece = pieces[position]
            marks = re.finditer(MARKS[source.language], piece)
            if _is_usable(piece) and sum(1 for _ in marks) >= MARKED:
                yield Snippet(piece, source.language, source.package)


def _read(path: Path) -> str:
    """Return what somebody has written in a file; nothing if it is generated, or not UTF-8."""
    try:
        text = path.read_text(encoding="utf-8") if path.stat().st_size <= LARGEST else ""
    except UnicodeDecodeError:
        return ""
    if path.name == "METADATA":
        return text.partition("\n\n")[2]
    return "" if GENERATED.search(text[:HEAD]) else text


def _pieces(text: str, random: np.random.Generator) -> Iterator[str]:
    """Yield the pieces of a text, one after the other."""
    lines = text.split("\n")
    first = 0
    while first < len(lines):
        last = first + int(random.integers(*LINES, endpoint=True))
        yield "\n".join(lines[first:last]).strip("\n")
        first = last


def _is_usable(piece: str) -> bool:
    least, most = CHARACTERS
    return least <= len(piece) <= most and max(map(len, piece.split("\n"))) <= WIDEST


def write_snippets(folder: Path, count: int = SNIPPETS) -> None:
    """Write `snippets.csv` with the columns text, language and package."""
    paths = sysconfig.get_paths()
    packages = sorted({Path(paths["purelib"]), Path(paths["platlib"])})
    with whole_folder(folder) as temporary:
        rows = (snippet._asdict() for snippet in collect(packages, count))
        write_csv(temporary / "snippets.csv", rows)


def main() -> None:
    """Write the snippets to a folder."""
    parser = argparse.ArgumentParser(prog="python -m modelyard.data.snippets", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--snippets", type=int, default=SNIPPETS, metavar="N", help="per language")
    options = parser.parse_args()
    try:
        write_snippets(options.folder, options.snippets)
    except UserError as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
