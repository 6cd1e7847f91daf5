"""The engine's house: rooms in one order, arrows downwards only, files and functions of a size."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import modelyard

ENGINE = Path(modelyard.__file__).parent
# From top to bottom; what lies above all rooms is in order too.
ABOVE = ["ci", "completion", "__main__", "doctor", "checking", "cli", "moved"]
ROOMS = [
    "model_tests", "publishing", "cloud", "report", "serving", "zoo", "adopting", "search",
    "training", "recipe", "official", "saved", "adapter", "tasks", "data", "pipeline", "config",
]  # fmt: skip
BELOW = [
    "command",
    "errors",
    "imports",
    "faults",
    "disk",
    "damage",
    "files",
    "documents",
    "git",
    "bars",
    "store_errors",
    "stores",
    "startup",
    "terminal",
    "yaml_text",
    "strict_yaml",
    "redaction",
]
LEVEL = {name: level for level, name in enumerate([*ABOVE, *ROOMS])}
LEVEL |= dict.fromkeys(BELOW, len(LEVEL))
PROJECTS_OWN = {"src", "ci"}  # packages of a project; `find_project` imports it by name
BY_NAME = {
    "__main__.py": "commands",
    "adopting/kinds.py": "what adopts each kind",
    "adapter/beside.py": "modules beside a model's adapter.py",
    "data/annotations/__init__.py": "formats of annotations",
    "data/preparing.py": "what prepares each task's data",
    "adapter/source_name.py": "`src` of an installed project, for adapters",
    "model_tests/driver.py": "the project of an environment, which it starts; its engine",
    "moved/__init__.py": "what an old name stands for",
    "tasks/__init__.py": "heads",
    "tasks/kinds/__init__.py": "kinds",
}
LONGEST_FILE, LONGEST_FUNCTION = 220, 55

FILES = sorted(ENGINE.rglob("*.py"))
MODULES = {
    ".".join(("modelyard", *file.relative_to(ENGINE).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): file
    for file in FILES
}

Import = tuple[str, int, str]  # file, line, module


def imports() -> Iterator[Import]:
    """Yield every import of the engine, also those inside functions, by the module's full name."""
    for file in FILES:
        for node in ast.walk(tree(file)):
            for module in imported(node, package(file)):
                yield shown(file), getattr(node, "lineno", 0), module


def imported(node: ast.AST, package: list[str]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = package[: len(package) + 1 - node.level] if node.level else []
    module = ".".join([*base, *([node.module] if node.module else [])])
    # `from modelyard import git` names a module, or a value of the package itself.
    names = [f"{module}.{alias.name}" for alias in node.names]
    return [name if name in MODULES else module for name in names]


def package(file: Path) -> list[str]:
    return ["modelyard", *file.relative_to(ENGINE).parent.parts]


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"), str(file))


def shown(file: Path) -> str:
    return file.relative_to(ENGINE).as_posix()


def room_of_file(file: str) -> str:
    return Path(file).parts[0].removesuffix(".py")


def arrows() -> Iterator[tuple[Import, str, str]]:
    """Yield each import that leads from one room to another, with both."""
    for found in imports():
        here, there = room_of_file(found[0]), [*found[2].split("."), ""][1]
        if found[2].startswith("modelyard.") and there in LEVEL and there != here:
            yield found, here, there


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for file in FILES:
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield shown(file), node


def public(node: ast.Module | ast.ClassDef, place: str) -> Iterator[tuple[str, ast.AST]]:
    """Yield module or class and every public function and class in it, each by its name."""
    yield place, node
    for inner in node.body:
        if isinstance(inner, ast.ClassDef) and not inner.name.startswith("_"):
            yield from public(inner, f"{place}: {inner.name}")
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and documented(inner):
            yield f"{place}: {inner.name}", inner


def documented(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Say whether a function needs a docstring; of a property with a setter, the property does."""
    decorators = [ast.unparse(one).rpartition(".")[2] for one in function.decorator_list]
    return not function.name.startswith("_") and "setter" not in decorators


def test_every_module_lies_in_a_known_room() -> None:
    rooms = {room_of_file(shown(file)) for file in FILES} - {"__init__"}
    assert rooms == set(LEVEL)


def test_no_module_imports_a_project() -> None:
    found = [one for one in imports() if one[2].split(".")[0] in PROJECTS_OWN]
    assert found == []


def test_what_is_imported_by_name_is_known() -> None:
    """One module imports a project; the others import what the engine has, or a model's adapter."""
    imports = {"import_module", "spec_from_file_location", "__import__", "run_module", "run_path"}
    found = {
        shown(file)
        for file in FILES
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in imports
    }
    assert found == {"config/project.py", *BY_NAME}


def test_imports_of_every_kind_are_seen() -> None:
    rooms = {(here, there) for _, here, there in arrows()}
    expected = {("search", "training"), ("cli", "errors"), ("__main__", "command")}
    assert {*expected, ("pipeline", "git")} <= rooms
    assert any(
        file == "adapter/loading.py" and module == "modelyard.config.project"
        for file, _, module in imports()
    )


def test_imports_lead_downwards_only() -> None:
    upwards = [
        f"{file}, line {line}: {here} imports {there}"
        for (file, line, _), here, there in arrows()
        if LEVEL[there] < LEVEL[here]
    ]
    assert upwards == []


def test_no_modules_import_each_other() -> None:
    """Not even inside functions."""
    graph = {
        name: {
            module
            for node in ast.walk(tree(file))
            for module in imported(node, package(file))
            if module in MODULES and module != name
        }
        for name, file in MODULES.items()
    }
    assert len([*TopologicalSorter(graph).static_order()]) == len(MODULES)  # or a CycleError


def test_files_are_short() -> None:
    lengths = {shown(file): len(file.read_text("utf-8").splitlines()) for file in FILES}
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    lengths = {
        f"{file}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for file, node in functions()
    }
    assert len(lengths) > 500
    assert {name: n for name, n in lengths.items() if n > LONGEST_FUNCTION} == {}


def test_every_public_name_has_a_docstring() -> None:
    named = [one for file in FILES for one in public(tree(file), shown(file))]
    missing = [place for place, node in named if not ast.get_docstring(node)]  # type: ignore[arg-type]
    assert missing == []
