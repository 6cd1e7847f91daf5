"""A trained model is served, and its page used in a browser as people use it."""

import csv
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import chromium
from playwright.sync_api import Browser, Page, expect
from support import ProjectEnvironment

from pipeline.conftest import copied
from pipeline.stages import MODEL, Project

SEVEN = [(0.3, 0.2), (0.7, 0.2), (0.5, 0.5), (0.42, 0.85)]
LOOKS: dict[str, dict[str, Any]] = {
    "wide": {"viewport": {"width": 1100, "height": 800}},
    "dark": {"viewport": {"width": 1100, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
# What a model of masks says: the middle columns of an image of 80 x 40 pixels.
OBJECTS = {
    "width": 80,
    "height": 40,
    "predictions": [
        {
            "class": "7",
            "probability": 0.9,
            "box": [20, 0, 60, 40],
            "mask": {"size": [40, 80], "counts": "Pi0Pb1Pi0"},
        },
        {"class": "1", "probability": 0.4, "box": [0, 20, 40, 40]},
    ],
}


@pytest.fixture(scope="module")
def project(
    first_run: tuple[Path, str],
    project_environment: ProjectEnvironment,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    return copied(first_run[0], tmp_path_factory.mktemp("served"), project_environment)


@pytest.fixture(scope="module")
def url(project: Project) -> Iterator[str]:
    """Serve as the README says; yield the address."""
    server = subprocess.Popen(
        ["make", "--no-print-directory", "serve", "PORT=0"],
        cwd=project.path,
        env=os.environ | project.environment.variables,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert server.stdout
    with server:
        try:
            said = server.stdout.readline()
            assert said.startswith(f"Serving {MODEL} at http://127.0.0.1:"), said
            yield said.split()[3]
        finally:
            os.killpg(server.pid, 15)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, url: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Open the page; in the end nothing was complained of, and nobody else was asked."""
    page = browser.new_page(**getattr(request, "param", LOOKS["wide"]))
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    expect(page.get_by_role("heading", level=1)).to_have_text(MODEL)
    yield page
    page.close()
    refused = "the server responded with a status of 422"  # the browser says this of itself
    assert [one for one in complaints if refused not in one] == []
    assert [one for one in asked if not one.startswith((url, "blob:", "data:"))] == []


def draw(page: Page, line: list[tuple[float, float]]) -> None:
    pad = page.locator("#pad")
    expect(pad).to_be_visible()  # as soon as the page knows how its training images look
    box = pad.bounding_box()
    assert box
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in line]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=5)
    page.mouse.up()


@pytest.mark.parametrize("page", LOOKS.values(), ids=LOOKS, indirect=True)
def test_a_digit_that_is_drawn_is_read(
    page: Page, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    draw(page, SEVEN)
    expect(page.locator("#summary")).to_contain_text("7, ")
    rows = page.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(1 + 10)
    expect(page.locator("#picture")).to_be_visible()
    page.get_by_text("About this model").click()
    expect(page.locator("#facts")).to_contain_text("8 pixels, grey")
    expect(page.locator("#card p").first).to_contain_text("Intended use")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot = page.screenshot(path=tmp_path / f"{request.node.callspec.id}.png", full_page=True)
    assert len(shot) > 10_000
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#answers")).to_be_hidden()


def test_keys_draw_too(page: Page) -> None:
    pad = page.get_by_role("application", name="Or draw one")
    page.keyboard.press("Tab")
    expect(page.locator("#file")).to_be_focused()
    page.keyboard.press("Tab")
    expect(pad).to_be_focused()
    for key in ["ArrowUp"] * 5 + [" "] + ["ArrowDown"] * 10 + [" "]:
        page.keyboard.press(key)
    expect(page.locator("#summary")).to_contain_text("1, ")
    expect(page.locator("#pen")).to_have_text("Pen up")
    page.keyboard.press("Delete")
    expect(page.locator("#summary")).to_have_text("Nothing yet: give it an image.")


def test_an_image_is_answered_as_evaluation_did(page: Page, project: Project) -> None:
    with (project.path / f"training_metrics/{MODEL}/predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[:5]
    for row in rows:
        image = project.path / "data/raw/digits" / row["path"]
        page.locator("#file").set_input_files(image)
        expect(page.locator("#caption")).to_have_text(image.name)
        percent = f"{100 * float(row['probability']):.1f} %"
        expect(page.locator("#summary")).to_have_text(f"{row['predicted']}, {percent}")


def test_what_is_no_image_is_said(page: Page, project: Project) -> None:
    page.locator("#file").set_input_files(project.path / "README.md")
    expect(page.get_by_role("alert")).to_contain_text("cannot be read as an image")
    expect(page.locator("#answers")).to_be_hidden()
    draw(page, SEVEN)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_an_answer_of_somebody_else_is_said(page: Page, url: str) -> None:
    gateway = {"status": 200, "content_type": "text/html", "body": "<h1>Log in</h1>"}
    page.route("**/predict", lambda route: route.fulfill(**gateway))
    draw(page, SEVEN)
    sentence = "The answer is not JSON (status 200); try again later."
    expect(page.get_by_role("alert")).to_have_text(sentence)
    page.route("**/model", lambda route: route.fulfill(**gateway))
    page.goto(url)
    expect(page.get_by_role("alert")).to_have_text(sentence)
    expect(page.locator("#file")).to_be_disabled()


def test_objects_are_drawn_where_they_are(page: Page, url: str, tmp_path: Path) -> None:
    model = page.request.get(f"{url}/model").json() | {"task": "instance_segmentation"}
    page.route("**/model", lambda route: route.fulfill(json=model))
    page.route("**/predict", lambda route: route.fulfill(json=OBJECTS))
    page.goto(url)
    draw(page, SEVEN)
    expect(page.locator("#summary")).to_have_text("2 objects: 7, 1")
    frame, box = (page.locator(name).bounding_box() for name in ("#frame", ".box:last-child"))
    assert frame
    assert box
    assert abs(box["x"] - frame["x"] - frame["width"] / 4) < 1
    assert abs(box["width"] - frame["width"] / 2) < 1
    painted = page.evaluate(
        """() => {
            const canvas = document.getElementById("masks");
            const row = canvas.getContext("2d").getImageData(0, canvas.height / 2, canvas.width, 1);
            const places = [0.1, 0.24, 0.26, 0.5, 0.74, 0.76];
            return places.map((share) => row.data[4 * Math.floor(share * canvas.width) + 3]);
        }"""
    )
    assert [alpha > 0 for alpha in painted] == [False, False, True, True, True, False]
    page.screenshot(path=tmp_path / "objects.png", full_page=True)
