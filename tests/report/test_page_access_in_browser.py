"""The page in a real browser for everyone: by keyboard, read out, on a telephone, on paper."""

import re

import pytest

from tests.report.pages import DRAWN, NARROW, WIDE, draw_all

AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
       "resultTypes": ["violations"]}  # fmt: skip
FOCUSABLE = 'a[href], button, select, input, summary, [tabindex="0"]'
OUTSIDE = """() => {
    const scrolls = (one) => one && one !== document.body &&
        (/auto|scroll|hidden/.test(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
    return [...document.querySelectorAll("body *")].filter((one) => {
        const box = one.getBoundingClientRect();
        return box.width && (box.right > innerWidth + 1 || box.left < -1) && !scrolls(one);
    }).map((one) => `${one.tagName} ${one.className?.baseVal ?? one.className}`);
}"""

CROSSING = """() => [...document.querySelectorAll(".plot")].flatMap((plot) => {
    const slanted = (one) => /rotate\\((?!0|-90)/.test(one.getAttribute("transform") ?? "");
    const words = [...plot.querySelectorAll("text")].filter(
        (one) => one.textContent.trim() && !slanted(one));
    const boxes = words.map((one) => one.getBoundingClientRect());
    const cross = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
    return words.flatMap((one, i) => words.slice(i + 1)
        .filter((other, j) => cross(boxes[i], boxes[i + 1 + j]))
        .map((other) => `${plot.dataset.plot}: ${one.textContent} / ${other.textContent}`));
})"""


def opened_wholly(opened, run, **options):
    """With a sequence open, and a tracker kept."""
    page = opened(run.page, everything=True, **options)
    page.get_by_role("button", name="Target0", exact=True).click()
    page.wait_for_selector(".maps canvas")
    page.locator(".legend button").nth(1).click()
    draw_all(page)
    return page


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(opened, run, size, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe-core").Axe()
    page = opened_wholly(opened, run, size=size, scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = axe.run(page, options=AXE).response["violations"]
    told = [
        (one["id"], one["impact"], [node["html"][:120] for node in one["nodes"]][:4])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert told == []


@pytest.mark.parametrize("width", [375, 768, 1280])
def test_the_page_does_not_scroll_sideways(opened, run, width):
    page = opened_wholly(opened, run, size=(width, 700))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OUTSIDE) == []
    # What is wider than the screen says so, and scrolls by itself.
    wide = page.eval_on_selector_all(
        ".wide",
        """all => all.filter((one) => one.scrollWidth > one.clientWidth + 4).map((one) => [
            one.classList.contains("more"), one.nextElementSibling.innerText])""",
    )
    assert all(more and "More columns to the right." in text for more, text in wide)
    assert len(wide) >= (5 if width == 375 else 0)


def test_a_screen_that_is_turned_draws_its_plots_anew(opened, run):
    page = opened(run.page, size=NARROW, everything=True)
    page.set_viewport_size({"width": 700, "height": 375})
    page.wait_for_function(
        """() => [...document.querySelectorAll(".plot")].every((plot) =>
            Math.abs(plot.querySelector(".main-svg").clientWidth - plot.clientWidth) < 2)"""
    )


def test_words_of_a_plot_do_not_lie_over_each_other(opened, run):
    for size in (WIDE, NARROW):
        page = opened(run.page, size=size, everything=True)
        assert page.evaluate(CROSSING) == []


def test_the_keyboard_reaches_everything_and_one_sees_where_it_is(opened, run):
    page = opened_wholly(opened, run)
    page.evaluate(
        """(focusable) => {
            scrollTo(0, 0);
            document.querySelectorAll(focusable).forEach((one, i) => { one.dataset.stop = i; });
        }""",
        FOCUSABLE,
    )
    wanted = set(page.evaluate(
        """(focusable) => [...document.querySelectorAll(focusable)].filter(
            (one) => one.checkVisibility() && !one.disabled).map((one) => one.dataset.stop)""",
        FOCUSABLE,
    ))  # fmt: skip
    page.mouse.click(3, 3)  # Tab goes on from here
    reached, unseen = [], []
    for _ in range(len(wanted) + 5):
        page.keyboard.press("Tab")
        stop, outline, shown = page.evaluate(
            """() => {
                const one = document.activeElement, style = getComputedStyle(one);
                const box = one.getBoundingClientRect();
                const shown = box.bottom > 0 && box.top < innerHeight;
                const outlined = style.outlineStyle !== "none"
                    && parseFloat(style.outlineWidth) >= 2;
                return [one.dataset.stop ?? null, outlined, shown];
            }"""
        )
        if stop is None:
            break
        reached.append(stop)
        if not outline or not shown:
            unseen.append(stop)
    assert wanted - set(reached) == set() and len(wanted) > 60
    assert unseen == []
    assert [int(stop) for stop in reached] == sorted(int(stop) for stop in reached)


def test_everything_works_by_keyboard(opened, run):
    page = opened(run.page)

    def focused():
        return page.evaluate("document.activeElement.textContent")

    button = page.locator(".legend button").nth(1)
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "true" and focused() == "kcf"
    page.keyboard.press("Space")
    assert button.get_attribute("aria-pressed") == "false" and focused() == "kcf"
    page.get_by_role("checkbox", name="classical").focus()
    page.keyboard.press("Space")
    assert "kcf" not in page.locator("div.legend").inner_text()
    head = page.locator('table[data-table="Trackers"] thead button').nth(0)
    head.focus()
    page.keyboard.press("Enter")
    assert page.locator('table[data-table="Trackers"] th').nth(0).get_attribute("aria-sort") == (
        "ascending"
    )
    page.get_by_role("button", name="Target2", exact=True).focus()
    page.keyboard.press("Enter")
    assert focused() == "Target2"  # its heading, from where Tab goes on
    output = page.locator('[data-part="viewer"] output')
    slider = page.get_by_role("slider", name="Frame", exact=True)
    slider.focus()
    page.keyboard.press("End")
    assert output.inner_text().startswith("frame 39 ")
    assert slider.get_attribute("aria-valuetext") == output.inner_text()
    page.keyboard.press("ArrowLeft")
    assert not output.inner_text().startswith("frame 39 ")
    page.locator('[data-side="first"]').focus()
    before = page.locator('[data-side="first"]').input_value()
    page.keyboard.press("ArrowUp")
    assert page.locator('[data-side="first"]').input_value() != before
    summary = page.locator("details > summary").last
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").last.get_attribute("open") is not None


def test_no_request_leaves_the_page(opened, run):
    """The fixture counts; here the network is there, and what a reader does is done."""
    page = opened_wholly(opened, run, offline=False)
    with page.expect_download():
        page.get_by_role("button", name="Success as PNG").click()


def test_nothing_moves_for_those_who_ask_for_it(opened, run):
    page = opened(run.page)
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="Target0", exact=True).click()
    before = page.evaluate("scrollY")
    page.wait_for_timeout(300)
    assert page.evaluate("scrollY") == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_paper_everything_is_open_light_and_within_the_paper(opened, run, scheme):
    page = opened(run.page, scheme=scheme, size=(700, 900))
    page.get_by_role("button", name="Target0", exact=True).click()
    page.emulate_media(media="print", color_scheme=scheme)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function(DRAWN)
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    assert page.evaluate(OUTSIDE) == []
    cut = page.eval_on_selector_all(
        ".wide, pre, .plot",
        "all => all.filter((one) => one.scrollWidth > one.clientWidth + 1).length",
    )
    assert cut == 0 and page.locator("details:not([open])").count() == 0
    ink, paper = page.evaluate("""() => [
        getComputedStyle(document.querySelector('[data-plot="gain"] .xtick text')).fill,
        getComputedStyle(document.body).backgroundColor]""")
    assert ink == "rgb(28, 32, 36)" and paper == "rgb(251, 251, 250)"
    assert page.get_by_text("run: made-up").is_visible()  # of the configuration
    assert page.get_by_role("button", name="Trackers as CSV").count() == 0
    assert page.eval_on_selector("figure > img", "one => one.complete && one.naturalWidth > 0")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0
    assert page.evaluate("'light' in document.documentElement.dataset") is False


def test_the_page_prints(opened, run):
    page = opened(run.page, scheme="dark")
    content = page.pdf(format="A4")
    assert content.startswith(b"%PDF") and len(re.findall(rb"/Type\s*/Page\b", content)) >= 6
    page.wait_for_function("() => !('light' in document.documentElement.dataset)")
    # Those that nobody had scrolled to are printed, too.
    assert page.evaluate(DRAWN)
