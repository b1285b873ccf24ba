"""The site in a real Chromium: from a server and from a folder, both themes, a phone, by key."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser
PAGES = [
    "index.html",
    "search.html",
    "notebooks/01_anomaly_concept.html",
    "notebooks/05_maml_pipeline.html",
    "docs/glossary.html",
    "docs/instructors.html",
    "zh/index.html",
    "zh/notebooks/05_maml_pipeline.html",
]
PHONE = {"width": 390, "height": 844}


def open_page(page, address):
    page.goto(address)
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_stands_in_anybodys_way(page, site, name, theme):
    page.emulate_media(color_scheme=theme)
    open_page(page, f"{site}/{name}")
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    found = Axe().run(page, options=rules)
    faults = [
        f"{fault['id']}: {fault['nodes'][0]['html'][:150]}"
        for fault in found.response["violations"]
    ]
    assert faults == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_phone(page, site, name):
    page.set_viewport_size(PHONE)
    open_page(page, f"{site}/{name}")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_other_edition_opens_at_the_cell_that_is_being_read(page, site):
    open_page(page, f"{site}/notebooks/05_maml_pipeline.html")
    cells = page.locator(".cell")
    wanted = cells.nth(60).get_attribute("id")
    page.evaluate("(id) => document.getElementById(id).scrollIntoView()", wanted)
    # A click of Playwright scrolls to where the sticky header would be.
    page.get_by_role("link", name="中文").dispatch_event("click")
    page.wait_for_url(f"{site}/zh/notebooks/05_maml_pipeline.html#{wanted}")
    assert page.locator("html").get_attribute("lang") == "zh"
    assert abs(page.locator(f"#{wanted}").bounding_box()["y"]) < 400
    page.get_by_role("link", name="English").dispatch_event("click")
    page.wait_for_url(f"{site}/notebooks/05_maml_pipeline.html#{wanted}")


@pytest.mark.parametrize("name", ["docs/glossary.html", "docs/benchmarks.html", "search.html"])
def test_every_page_has_its_other_edition(page, site, name):
    open_page(page, f"{site}/{name}")
    page.get_by_role("link", name="中文").click()
    page.wait_for_url(f"{site}/zh/{name}")
    assert page.get_by_role("link", name="English").count() == 1


def test_the_search_of_the_chinese_edition_finds_chinese(page, site):
    open_page(page, f"{site}/zh/search.html?q=野猪")
    page.locator("#found li").first.wait_for()
    address = page.locator("#found a").first.get_attribute("href")
    assert page.request.get(f"{site}/zh/{address}").ok


def test_the_shift_is_played_on_the_first_page(page, site):
    open_page(page, site)
    game = page.locator(".vk-guard")
    before = game.locator("canvas").first.evaluate("(canvas) => canvas.toDataURL()")
    game.get_by_role("button", name="Watch").click()
    page.wait_for_timeout(800)
    assert game.locator("canvas").first.evaluate("(canvas) => canvas.toDataURL()") != before


def test_the_first_page_asks_for_little(page, site):
    page.set_viewport_size({"width": 1280, "height": 800})
    sizes = []
    page.on("response", lambda response: sizes.append(len(response.body())))
    page.goto(site)
    page.wait_for_timeout(1000)
    print(f"first page: {sum(sizes) / 1000:.0f} kB in {len(sizes)} files")
    assert sum(sizes) <= 1_000_000


def test_every_player_of_the_first_page_plays_when_it_is_seen(page, site):
    open_page(page, site)
    frames = page.locator("iframe")
    for i in range(frames.count()):
        frames.nth(i).scroll_into_view_if_needed()
        widget = frames.nth(i).content_frame.locator(".vadkit")
        widget.wait_for()
        # The frame is as tall as its widget: nothing has to be scrolled inside.
        page.wait_for_function(
            "(i) => document.querySelectorAll('iframe')[i].height != 600", arg=i, timeout=10_000
        )
        assert widget.bounding_box()["height"] <= frames.nth(i).bounding_box()["height"]


def test_the_search_leads_to_the_place(page, site):
    open_page(page, site)
    page.get_by_role("searchbox").fill("second derivative")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?*")
    page.locator("#found a").first.click()
    page.wait_for_url("**/*.html#*")
    place = page.evaluate("decodeURIComponent(location.hash.slice(1))")
    heading = page.locator(f'[id="{place}"]')
    heading.wait_for()
    assert heading.evaluate("element => element.tagName") in ("H1", "H2", "H3")


def test_a_search_without_a_result_says_so(page, site):
    open_page(page, f"{site}/search.html?q=xylophonist")
    assert "Nothing has" in page.locator("#count").inner_text()


def test_the_theme_stays_and_reaches_the_widgets(page, site):
    page.emulate_media(color_scheme="light")
    open_page(page, f"{site}/notebooks/05_maml_pipeline.html")
    page.get_by_role("button", name="Light or dark").click()
    assert page.evaluate("document.body.dataset.jpThemeLight") == "false"
    open_page(page, f"{site}/docs/glossary.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_code_is_copied(page, site):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page, f"{site}/notebooks/05_maml_pipeline.html")
    code = page.locator(".highlight").first
    code.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "import higher" in copied and "Copy" not in copied


def test_it_works_from_a_folder(page, site_folder):
    page.goto((site_folder / "search.html").as_uri() + "?q=boar")
    assert page.locator("#found a").count() > 3
    page.goto((site_folder / "notebooks" / "05_maml_pipeline.html").as_uri())
    page.locator(".vk-two-step canvas, .vk-two-step svg").first.wait_for()


def test_a_menu_opens_and_closes_by_keyboard(page, site):
    open_page(page, site)
    menu = page.locator("header summary").first
    menu.focus()
    page.keyboard.press("Enter")
    assert page.locator("header details[open] a").first.is_visible()
    page.keyboard.press("Escape")
    assert page.locator("header details[open]").count() == 0
