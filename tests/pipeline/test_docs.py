"""Releases and the documentation site: the workflows, executed, and the site in a browser."""

import functools
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from browser import chromium
from github.workflow import Results
from playwright.sync_api import Browser, Page, expect
from support import ProjectEnvironment, bake

from pipeline.cloud import Cloud
from pipeline.conftest import copied
from pipeline.stages import MODEL, Project, equipped

HOSTILE = ('v0.1.0";touch${IFS}pwned;"', "v$(touch${IFS}pwned)", "v0.1.0`touch${IFS}pwned`")
LOCK = 'version = 1\nrequires-python = ">=3.11,<3.14"\n'  # uv fills it in where it is used
WHEEL = "digit_classifier-0.1.0-py3-none-any.whl"


# What the ladder runs elsewhere, and would take minutes here.
SHORTER = {
    "\t$(bin)/ruff check .\n": "\t$(bin)/ruff check ci\n",
    "\t$(bin)/ruff format --check .\n": "",
    "\t$(bin)/mypy\n": "",
    "\t$(bin)/pytest\n": "\t$(bin)/pytest --version\n",
}


@pytest.fixture(name="untrained")
def _untrained(
    project_environment: ProjectEnvironment,
    on_github: Callable[[Project], Cloud],
    tmp_path: Path,
) -> Callable[..., Cloud]:
    """Return a function that bakes a project onto GitHub; it publishes to a folder beside."""

    def untrained(**answers: str) -> Cloud:
        project = equipped(bake(tmp_path / "user", **answers), project_environment)
        for line, shorter in SHORTER.items():
            project.replace("Makefile", line, shorter)
        project.replace("environments.yaml", "file://..", f"file://{tmp_path}")
        (project.path / "uv.lock").write_text(LOCK)
        project.run("git", "init", "--quiet")
        project.run("git", "add", ".")
        project.run("git", "commit", "--quiet", "--message", "Begin")
        return on_github(project)

    return untrained


@pytest.fixture(name="repository")
def _repository(untrained: Callable[..., Cloud]) -> Cloud:
    return untrained()


def tagged(cloud: Cloud, tag: str, **event: Any) -> Results:
    """Tag the user's commit, push the tag and run what GitHub runs then."""
    cloud.project.run("git", "tag", tag)
    cloud.project.run("git", "push", "--quiet", "origin", f"refs/tags/{tag}")
    return cloud.start("release", ref=f"refs/tags/{tag}", **event)


def outcomes(results: Results) -> list[str]:
    return [job.result for job in results.values()]


def titles(cloud: Cloud) -> list[str]:
    """Return what the version selector will show."""
    return [one["title"] for one in json.loads(cloud.show("versions.json", "gh-pages"))]


def published(cloud: Cloud) -> list[str]:
    return sorted(path.name for path in cloud.root.glob("*_packages/**/*.whl"))


def test_a_tag_tests_publishes_documents_and_releases_its_version(repository: Cloud) -> None:
    results = tagged(repository, "v0.1.0")
    logs = "\n".join(job.log for job in results.values())
    assert list(results) == ["check", "tests", "publish", "attest", "announce"]
    assert outcomes(results) == ["success"] * 5, logs
    assert "\npytest " in results["tests"].log
    engine = next((repository.project.path / "vendor").glob("*.whl")).name
    assert published(repository) == [WHEEL, engine]  # so that it can be installed from there
    assert titles(repository) == ["v0.1.0 (stable)"]
    assert f"Deployed {repository.git('rev-parse', '--short', 'main')}" in (
        repository.git("log", "--format=%s", "gh-pages")
    )
    attested = [inputs for name, inputs in repository.used if name.startswith("actions/attest")]
    assert attested == [{"subject-path": "dist/*.whl,!dist/modelyard-*.whl"}]
    [call] = repository.programs.calls("gh")
    assert call[:3] == ["release", "create", "v0.1.0"]
    assert set(call[-3:]) == {f"dist/{WHEEL}", f"dist/{engine}", "dist/package.json"}
    kept = repository.root / f"artifacts-{repository.runs}/package"
    about = json.loads((kept / "package.json").read_text())
    assert about["sha256"] == hashlib.sha256((kept / WHEEL).read_bytes()).hexdigest()
    assert about["commit"] == repository.git("rev-parse", "main")
    the_same_tag_again_changes_nothing(repository)


def the_same_tag_again_changes_nothing(cloud: Cloud) -> None:
    """Start the workflow by hand, as for a tag that no push has started it for."""
    before = cloud.git("rev-parse", "gh-pages^{tree}")
    results = cloud.start("release", ref="refs/tags/v0.1.0", name="workflow_dispatch")
    assert set(outcomes(results)) == {"success"}
    assert "version 0.1.0 is already present" in results["publish"].log
    assert cloud.git("rev-parse", "gh-pages^{tree}") == before


@pytest.mark.parametrize("tag", ["v9.9.9", *HOSTILE])
def test_another_tag_is_refused_before_anything_is_built(repository: Cloud, tag: str) -> None:
    results = tagged(repository, tag)
    assert outcomes(results) == ["failure", *["skipped"] * 4]
    said = results["check"].step("Check the tag").log
    assert f"error: The tag is {tag!r}, but pyproject.toml says version '0.1.0'" in said
    assert list(repository.root.rglob("pwned")) == []
    assert published(repository) == []
    assert repository.git("branch", "--format=%(refname:short)") == "main"


def test_a_tag_of_a_branch_that_is_not_merged_is_refused(repository: Cloud) -> None:
    repository.project.run("git", "switch", "--quiet", "--create", "try")
    repository.project.run("git", "commit", "--quiet", "--allow-empty", "--message", "Not merged")
    results = tagged(repository, "v0.1.0")
    assert outcomes(results) == ["failure", *["skipped"] * 4]
    assert "is not in origin/main" in results["check"].log
    results = repository.start("release", name="workflow_dispatch")
    assert outcomes(results) == ["failure", *["skipped"] * 4]
    assert "This run was started on the branch 'main', but only a tag" in results["check"].log


def test_a_package_that_cannot_be_published_is_not_announced(repository: Cloud) -> None:
    project = repository.project
    project.replace("environments.yaml", f"file://{repository.root}", "https://127.0.0.1:9")
    repository.commit("An environment that nobody reaches")
    results = tagged(repository, "v0.1.0")
    assert outcomes(results) == ["success", "success", "failure", "skipped", "skipped"]
    assert repository.programs.calls("gh") == []


def test_without_a_site_a_release_has_none_and_a_private_one_no_attestation(
    untrained: Callable[..., Cloud],
) -> None:
    cloud = untrained(docs="no")
    results = tagged(cloud, "v0.1.0", private=True)
    assert outcomes(results) == ["success"] * 3 + ["skipped", "success"], results["announce"].log
    assert cloud.git("branch", "--format=%(refname:short)") == "main"
    assert len(cloud.programs.calls("gh", "release create")) == 1


def test_the_default_branch_is_shown_as_latest_and_pull_requests_as_artifacts(
    repository: Cloud,
) -> None:
    assert outcomes(repository.start("docs", name="workflow_dispatch")) == ["success", "skipped"]
    assert titles(repository) == ["latest"]
    shown = repository.git("rev-parse", "gh-pages")
    repository.git("update-ref", "refs/pull/1/merge", "main")
    pull_request = {"name": "pull_request", "ref": "refs/pull/1/merge", "base_ref": "main"}
    results = repository.start("docs", **pull_request)
    assert outcomes(results) == ["skipped", "success"], results["preview"].log
    assert (repository.root / f"artifacts-{repository.runs}/site/index.html").is_file()
    assert repository.git("rev-parse", "gh-pages") == shown


@pytest.fixture(name="site", scope="module")
def _site(
    first_run: tuple[Path, str],
    project_environment: ProjectEnvironment,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """A trained and published project's site with three releases; yields its address."""
    folder = tmp_path_factory.mktemp("site")
    project = copied(first_run[0], folder, project_environment)
    project.replace("config.yaml", "buckets: []", f"buckets: ['file://{folder}/bucket']")
    project.run("modelyard", "report")
    project.run("modelyard", "zoo", "measure")
    project.run("git", "add", ".")
    project.run("git", "commit", "--quiet", "--message", "Report")
    project.run("python", "-m", "ci.publish_models")
    project.run("git", "remote", "add", "origin", "https://github.com/org/digits")
    for version in ("1.0.0", "1.1.0", "1.0.1"):
        text = (project.path / "pyproject.toml").read_text()
        text = re.sub('^version = ".*"', f'version = "{version}"', text, flags=re.MULTILINE)
        (project.path / "pyproject.toml").write_text(text)
        project.run("modelyard", "site", "release")
    project.run("modelyard", "site", "latest")
    project.run("git", "worktree", "add", "--quiet", "../pages", "gh-pages")
    quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    handler = functools.partial(quiet, directory=str(folder / "pages"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(name="browser", scope="module")
def _browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(name="page")
def _page(site: str, browser: Browser) -> Iterator[Page]:
    """A page of a new profile; in the end nothing may have gone wrong or left this machine."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    page.close()
    assert said == []
    assert [url for url in asked if not url.startswith(site)] == []


def opened(page: Page, url: str) -> Page:
    page.goto(url)
    page.wait_for_load_state("networkidle")
    return page


def test_the_root_leads_to_the_newest_release_and_the_selector_to_all(
    site: str, page: Page
) -> None:
    opened(page, site)
    page.wait_for_url(f"{site}/stable/")
    expect(page.locator(".md-version__current")).to_have_text("v1.1.0 (stable)")
    links = page.locator(".md-version__link")
    expect(links).to_have_text(["latest", "v1.1.0 (stable)", "v1.0.1"])
    page.locator(".md-version__current").focus()
    links.nth(2).click()
    page.wait_for_url(f"{site}/v1.0/**")
    expect(page.locator(".md-version__current")).to_have_text("v1.0.1")


def test_search_finds_a_word_and_leads_to_it(site: str, page: Page) -> None:
    opened(page, f"{site}/~latest/")
    page.keyboard.press("s")
    page.keyboard.type("neighbours")
    page.locator(".md-search-result__link", has_text="A model of another framework").click()
    page.wait_for_url("**#a-model-of-another-framework")
    expect(page.locator("mark").first).to_have_text("neighbours")


def test_reports_and_model_cards_are_shown(site: str, page: Page) -> None:
    opened(page, f"{site}/stable/official_models/{MODEL}/")
    expect(page.locator("article h2").first).to_contain_text("Intended use")
    expect(page.locator("article")).not_to_contain_text("library_name")
    opened(page, f"{site}/stable/reports/{MODEL}/report/")
    expect(page.locator("article img")).not_to_have_count(0)
    widths = page.eval_on_selector_all("article img", "all => all.map(one => one.naturalWidth)")
    assert min(widths) > 100


def test_links_to_code_lead_to_this_commit_of_the_repository(site: str, page: Page) -> None:
    opened(page, f"{site}/stable/")
    address = page.get_by_role("link", name="every kind of entry").get_attribute("href")
    prefix = "https://github.com/org/digits/blob/[0-9a-f]{40}"
    assert re.fullmatch(f"{prefix}/models/{MODEL}/hparam_config_example.yaml", str(address))


@pytest.mark.parametrize(("scheme", "background"), [("light", 255), ("dark", 30)])
def test_the_site_is_light_or_dark_as_the_reader_s_system(
    site: str, page: Page, scheme: str, background: int
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    opened(page, f"{site}/stable/")
    color = page.eval_on_selector("body", "one => getComputedStyle(one).backgroundColor")
    assert abs(int(re.findall(r"\d+", color)[0]) - background) < 10
