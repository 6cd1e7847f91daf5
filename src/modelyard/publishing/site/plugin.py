"""The mkdocs plugin `modelyard`: shows the pages that mkdocs.yml names where they are written.

A page keeps its path, so that links from page to page hold on the site as in the repository. A link
to any other file of the repository leads there, at this commit; where the repository's address is
not known, it becomes plain text.
"""

import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from modelyard.git import run_git

PICTURES = {".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp"}
NAMELESS = {"README.md", "report.md"}  # called by their folder's name
STYLE = "site.css"
REMOTES = (  # an address on the web, one for ssh, which says nothing of the port on the web
    re.compile(r"https://(?:[^/@]*@)?([\w.-]+(?::\d+)?)/(.+?)(?:\.git)?/?"),
    re.compile(r"ssh://git@([\w.-]+)(?::\d+)?/(.+?)(?:\.git)?/?"),
    re.compile(r"git@([\w.-]+):(.+?)(?:\.git)?/?"),
)
BEFORE_MKDOCS = 1  # its own look at links has priority 0


class Links(Treeprocessor):  # type: ignore[misc]
    """Leads the links of one page to other pages, or into the repository."""

    def __init__(self, page: File, files: Files, config: MkDocsConfig) -> None:
        super().__init__()
        self.page, self.files = page, files
        self.code = config.extra["code"]
        self.root, self.docs = _root(config), Path(config.docs_dir).name

    def run(self, root: Element) -> None:
        """Change the links in the page's tree."""
        for element in root.iter():
            if key := {"a": "href", "img": "src"}.get(element.tag):
                self._lead(element, key)

    def _lead(self, element: Element, key: str) -> None:
        link = urlsplit(element.get(key, ""))
        if link.scheme or link.netloc or not link.path or link.path.startswith("/"):
            return
        home = "" if self.page.generated_by else self.docs  # where the page is written
        folder = posixpath.join(home, posixpath.dirname(self.page.src_uri))
        target = posixpath.normpath(posixpath.join(folder, unquote(link.path)))
        fragment = f"#{link.fragment}" if link.fragment else ""
        if page := self._page(target):
            path = posixpath.relpath(page, posixpath.dirname(self.page.src_uri) or ".")
            element.set(key, quote(path) + fragment)
        elif element.tag == "a" and not target.startswith("../") and (self.root / target).exists():
            self._lead_to_code(element, quote(target) + fragment)

    def _page(self, target: str) -> str | None:
        """Return the site's path of a file of the repository, or of a folder's README."""
        for path in (target, posixpath.normpath(f"{target}/README.md")):
            uri = path.removeprefix(f"{self.docs}/")
            if self.files.get_file_from_path(uri):
                return uri
        return None

    def _lead_to_code(self, element: Element, path: str) -> None:
        if self.code:
            element.set("href", f"{self.code}/{path}")
        else:
            element.tag = "span"
            del element.attrib["href"]


class LinksExtension(Extension):  # type: ignore[misc]
    """Puts `Links` before what mkdocs does with links."""

    links: Links

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 (Markdown's name)
        """Register it."""
        md.treeprocessors.register(self.links, "repository_links", BEFORE_MKDOCS)


class RepositoryPages(BasePlugin):  # type: ignore[type-arg,no-untyped-call]
    """Shows the pages of a repository where they are written, and leads links to its code."""

    extension = LinksExtension()

    def on_config(self, config: MkDocsConfig) -> None:
        """Find the repository; show the versions where there are several."""
        repository = config.repo_url or _remote()
        config.repo_url = ""  # the theme would ask GitHub for its stars on every page
        here = f"blob/{_git('rev-parse', 'HEAD')}/{_git('rev-parse', '--show-prefix')}".rstrip("/")
        config.extra["code"] = f"{repository}/{here}" if repository else ""
        if repository:
            icon = "fontawesome/brands/git-alt"
            config.extra["social"] = [{"icon": icon, "link": repository, "name": "Repository"}]
        if "MIKE_DOCS_VERSION" in os.environ:  # without mike, a page would look for them in vain
            config.extra["version"] = {"provider": "mike"}
        config.markdown_extensions.append(self.extension)
        config.extra_css.append(STYLE)

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Bring the pages that `nav` names, each with the pictures beside it."""
        root = _root(config)
        style = str(Path(__file__).with_name(STYLE))
        files.append(File.generated(config, STYLE, abs_src_path=style))
        config.nav = list(_entries(root, config.nav or []))
        for page in _paths(config.nav):
            if not (root / page).is_file() or files.get_file_from_path(page):
                continue
            beside = (path for path in (root / page).parent.iterdir() if path.suffix in PICTURES)
            for name in [page, *(path.relative_to(root).as_posix() for path in beside)]:
                if not files.get_file_from_path(name):
                    files.append(File.generated(config, name, abs_src_path=str(root / name)))
        return files

    def on_page_markdown(
        self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files
    ) -> str:
        """Tell the extension which page comes; read Markdown inside <details>, as GitHub does.

        A page that begins with a heading of the second level, as a report that is a comment too,
        gets headings one level higher; else the theme would put its title above it once more.
        """
        self.extension.links = Links(page.file, files, config)
        if markdown.startswith("## "):
            markdown = re.sub("^#(#+ )", r"\1", markdown, flags=re.MULTILINE)
        return re.sub("^<details>", "<details markdown>", markdown, flags=re.MULTILINE)


def _root(config: MkDocsConfig) -> Path:
    """Return the repository's folder, where mkdocs.yml lies."""
    return Path(config.config_file_path or "mkdocs.yml").resolve().parent


def _entries(root: Path, entries: Iterable[Any]) -> Iterator[Any]:
    """Yield the entries of `nav`; one with * becomes a section of what is found, or nothing."""
    for entry in entries:
        [(title, target)] = entry.items() if isinstance(entry, dict) else [(None, entry)]
        if isinstance(target, list):
            yield {title: list(_entries(root, target))}
        elif "*" not in target:
            yield entry
        elif found := _found(root, target):
            yield {title: [{_name(path): path.as_posix()} for path in found]}


def _found(root: Path, pattern: str) -> list[Path]:
    """Return what a pattern finds, without half-written folders and other hidden ones."""
    paths = sorted(path.relative_to(root) for path in root.glob(pattern))
    return [path for path in paths if not any(part.startswith(".") for part in path.parts)]


def _paths(entries: Iterable[Any]) -> Iterator[str]:
    """Yield every path in `nav`."""
    for entry in entries:
        for target in entry.values() if isinstance(entry, dict) else [entry]:
            yield from [target] if isinstance(target, str) else _paths(target)


def _name(path: Path) -> str:
    return path.parent.name if path.name in NAMELESS else path.stem


def _remote() -> str:
    """Return the address of the repository by Git's remote `origin`, without any password in it."""
    address = _git("remote", "get-url", "origin")
    found = next(filter(None, (one.fullmatch(address) for one in REMOTES)), None)
    return f"https://{found[1]}/{found[2]}" if found else ""


def _git(*arguments: str) -> str:
    return run_git(*arguments).stdout.decode().strip()
