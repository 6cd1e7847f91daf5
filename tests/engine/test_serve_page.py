"""The page of a model of images, texts, rows or arrays, used in a browser, also on a phone."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import chromium
from playwright.sync_api import Browser, Error, Locator, Page, expect

from .serving import Grey, png, served
from .stub_kinds import VISIT, Says

LOOKS: dict[str, dict[str, Any]] = {
    "wide": {"viewport": {"width": 1100, "height": 800}},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=LOOKS)
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    page = browser.new_page(**LOOKS[request.param])
    page.set_default_timeout(60_000)
    failed = []

    def fail(error: Error) -> None:
        failed.append(error)

    page.on("pageerror", fail)
    yield page
    assert failed == []
    page.close()


def field(page: Page, column: str) -> Locator:
    return page.locator(f'[name="{column}"]')


def looked_at(page: Page, folder: Path) -> None:
    """Take a picture, and check that nothing reaches over the edge of the screen."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.screenshot(path=folder / "page.png", full_page=True)


def is_on_screen(page: Page) -> bool:
    """Say whether the answer is on the screen as a whole, or at least its first half is."""
    box = page.evaluate("document.querySelector('#answer').getBoundingClientRect().toJSON()")
    height = page.evaluate("innerHeight")
    return bool(box["top"] >= 0 and (box["bottom"] <= height or box["top"] < height / 2))


def test_an_image_is_an_example_a_file_or_drawn(page: Page, tmp_path: Path) -> None:
    model = Grey(tmp_path)
    examples = [
        {"label": label, "given": {"png": base64.b64encode(png(value)).decode()}}
        for value, label in ((0, "black"), (204, "a light grey with a name that is too long"))
    ]
    strokes = {"dark": True, "width": 1, "height": 1, "line": 0.25}
    page.emulate_media(reduced_motion="reduce", color_scheme="dark")
    page.route(
        "**/examples", lambda it: it.fulfill(json={"examples": examples, "strokes": strokes})
    )
    is_phone = page.evaluate("matchMedia('(pointer: coarse)').matches")
    with served(model) as client:
        page.goto(str(client.base_url))
        button = page.get_by_role("button", name="Example: a light grey")
        button.click()
        expect(page.locator("#summary")).to_have_text("grey, 80.0 %")
        expect(page.locator("#annotated")).to_contain_text("The test data says: a light grey with")
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_role("img", name="A test image, 8")).to_be_visible()
        assert is_on_screen(page)
        looked_at(page, tmp_path)
        for hint in ("#drop-help", "#pad-help"):
            assert page.locator(hint).is_visible() is not is_phone
        page.locator("#file").set_input_files(
            {"name": "mine.png", "mimeType": "image/png", "buffer": png(51)}
        )
        expect(page.locator("#summary")).to_have_text("grey, 20.0 %")
        expect(page.locator("#annotated")).to_be_hidden()
        expect(button).to_have_attribute("aria-pressed", "false")
        assert is_on_screen(page)
        pad = page.get_by_role("application", name="Or draw one")
        pad.focus()
        for key in ("ArrowLeft", "ArrowUp", " ", "ArrowRight", "ArrowDown", " "):
            page.keyboard.press(key)
        expect(page.get_by_role("img", name="Your drawing as the model sees it, 8")).to_be_visible()
        expect(page.locator("#summary")).to_have_text("grey, 100.0 %")  # dark on a light ground
        drawn = "[...document.querySelector('#seen').getContext('2d').getImageData(0,0,8,8).data]"
        dark = [place for place, value in enumerate(page.evaluate(drawn)[::4]) if value < 128]
        assert 27 in dark  # in the middle, as large as the images that were learned from
        assert len(dark) > 8
        pad.press("Delete")
        expect(page.locator("#summary")).to_have_text("Nothing yet: give it an image.")


def test_one_of_several_models_is_chosen(page: Page, tmp_path: Path) -> None:
    with served(Grey(tmp_path), Says(tmp_path, "text")) as client:
        page.goto(str(client.base_url))
        page.get_by_role("combobox", name="Model").select_option("says")
        page.get_by_role("textbox", name="Text").fill("def")
        page.get_by_role("button", name="Predict").click()
        expect(page.locator("#summary")).to_have_text("Python, 50.0 %")
        expect(page).to_have_url(f"{client.base_url}/?model=says")
        expect(page.get_by_role("combobox", name="Model")).to_have_value("says")
        expect(page.locator("#facts")).to_contain_text(f"{client.base_url}/models/says/predict")


def test_a_text_is_typed_and_answered(page: Page, tmp_path: Path) -> None:
    model = Says(tmp_path, "text")
    with served(model) as client:
        page.goto(str(client.base_url))
        expect(page.locator("#summary")).to_have_text("Nothing yet: give it a text.")
        page.get_by_role("button", name="Predict").click()
        expect(page.get_by_role("alert")).to_have_text("The text is empty.")
        page.get_by_role("textbox", name="Text").fill("def zoë():\n\tpass")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#summary")).to_have_text("Python, 50.0 %")
        assert model.given == ["def zoë():\n\tpass"]
        expect(page.get_by_role("alert")).to_have_count(0)
        expect(page.get_by_role("table").get_by_role("row")).to_have_count(1 + 10)
        expect(page.locator("#more")).to_have_text("and 4 more, none above 0.0 %")
        looked_at(page, tmp_path)
        page.get_by_role("button", name="Clear").click()
        expect(page.locator("#answers")).to_be_hidden()
        page.get_by_text("About this model").click()
        expect(page.locator("#facts")).to_contain_text("""curl --json '{"text": "…"}' http://""")


def test_a_row_is_filled_in_and_answered_with_a_number(page: Page, tmp_path: Path) -> None:
    model = Says(tmp_path, "table", "number")
    with served(model) as client:
        page.goto(str(client.base_url))
        page.get_by_role("button", name="Predict").click()
        expect(page.get_by_role("alert")).to_have_text("'age' is needed.")
        age = field(page, "age")
        expect(age).to_be_focused()
        expect(age).to_have_accessible_name("age")
        expect(age).to_have_accessible_description("'age' is needed.")
        page.keyboard.type("-1.5e1")
        field(page, "city").fill("Paris")  # not one of the choices
        page.keyboard.press("Enter")
        expect(page.locator("#summary")).to_have_text("pressure = -15")
        assert json.loads(model.given[0]) == {"age": -15, "city": "Paris"}  # the rest is missing
        page.get_by_role("button", name="Fill in an example").click()
        field(page, "smoker").select_option("no")
        looked_at(page, tmp_path)
        expect(field(page, VISIT)).to_have_value("2026-02-28")  # as browsers write dates
        page.get_by_role("button", name="Predict").click()
        expect(page.locator("#summary")).to_have_text("pressure = 41.5")
        wanted = {"age": 41.5, "smoker": False, VISIT: "28.02.2026"}
        assert json.loads(model.given[0]) == wanted
        expect(page.locator("#answers")).to_be_hidden()
        choices = page.locator("datalist option")
        assert [choices.nth(place).get_attribute("value") for place in (0, 1)] == ["Rome", "Oslo"]


def test_what_the_server_says_of_a_field_stands_at_the_field(page: Page, tmp_path: Path) -> None:
    refused = {"status": 422, "json": {"error": "'city' is 3, not a text."}}
    page.route("**/predict", lambda route: route.fulfill(**refused))
    with served(Says(tmp_path, "table")) as client:
        page.goto(str(client.base_url))
        field(page, "age").fill("3")
        page.get_by_role("button", name="Predict").click()
        expect(page.locator(".field", has=field(page, "city"))).to_contain_text("is 3, not a")
        expect(field(page, "city")).to_be_focused()
    field(page, "age").press("e")  # what is not a number would be sent as missing
    page.get_by_role("button", name="Predict").click()
    expect(page.get_by_role("alert")).to_have_text("'age' is not a number; correct or empty it.")


def test_values_that_a_model_does_not_know_are_named(page: Page, tmp_path: Path) -> None:
    answer = {"predictions": [{"target": "sum", "value": 1e-7}], "unknown": ["city"]}
    page.route("**/predict", lambda route: route.fulfill(json=answer))
    with served(Says(tmp_path, "table", "number")) as client:
        page.goto(str(client.base_url))
        page.get_by_role("button", name="Fill in an example").click()
        page.get_by_role("button", name="Predict").click()
        expect(page.locator("#summary")).to_have_text("sum = 1e-7")
        expect(page.locator("#note")).to_have_text("The model does not know the value of city.")


def test_arrays_are_json(page: Page, tmp_path: Path) -> None:
    about = {"kind": "arrays", "inputs": {"text": {"shape": [2, None], "dtype": "string"}}}
    with served(Says(tmp_path, "text", "labels")) as client:
        known = client.get("/model").json() | {"input": about}
        page.route("**/model", lambda route: route.fulfill(json=known))
        given = {"label": "right", "given": {"text": [["a"], ["b"]]}}
        right = {"predictions": [{"class": "right", "probability": 1}]}
        page.goto(str(client.base_url))
        page.get_by_role("button", name="Fill in an example").click()
        area = page.get_by_role("textbox", name="Example")
        expect(area).to_have_value('{\n  "text": [[""],[""]]\n}')
        area.fill('{"text": ')
        page.get_by_role("button", name="Predict").click()
        expect(page.get_by_role("alert")).to_contain_text("The JSON is not valid (Expecting value")
        area.fill('{"text": "a"}')
        page.keyboard.press("Control+Enter")
        expect(page.locator("#summary")).to_have_text("Python")  # of all labels the likely
        page.route("**/examples", lambda route: route.fulfill(json={"examples": [given]}))
        page.route("**/predict", lambda route: route.fulfill(json=right))
        page.goto(str(client.base_url))
        expect(page.get_by_role("button", name="Fill in an example")).to_be_hidden()
        page.get_by_role("button", name="right", exact=True).click()
        expect(area).to_have_value('{\n  "text": [["a"],["b"]]\n}')
        expect(page.locator("#annotated")).to_have_text("The test data says: right")
