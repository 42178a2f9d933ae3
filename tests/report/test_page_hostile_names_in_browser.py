"""The page in a real browser, with names that attack: they do nothing and are shown as they are."""

import csv
import io

import pytest

from tests.report.pages import NARROW, WIDE, draw_all, made_up
from tests.report.test_page_access_in_browser import OUTSIDE

NAMES = (
    "<script>window.hit = 1</script>",
    "<img src=x onerror='window.hit=1'>",
    "</script><script>window.hit=1</script>",
    "</textarea></title></style><b id=injected>",
    "\"'`><b id='injected'>",
    "long " + "x" * 295,
    "$x^2$ \\frac{1}{2}",
    "%{x} %{meta} %{text}",
    "__proto__",
    "constructor",
    "toString",
    "עברית \u202e🦊👩‍👩‍👧 مرحبا",
    "=HYPERLINK(\"http://example.org\")&amp;<br>",
    "javascript:window.hit=1",
    "+1+cmd|' /C calc'!A0",
    "[0.5] a length to LaTeX",
)  # fmt: skip
TITLE = " ".join(name for name in NAMES if "long" not in name)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Targets, experiments and trackers of those names, in a run of such a title."""
    return made_up(
        tmp_path_factory.mktemp("hostile"), title=TITLE, targets=NAMES, seeds=(0,),
        alphas=(0.0, 0.3), experiments=NAMES[:1] + NAMES[5:10], classical=NAMES, frames=20,
    )  # fmt: skip


def look_everywhere(page):
    draw_all(page)
    for place in range(len(NAMES)):
        page.locator("tr[data-sequence] button").nth(place).click()
        page.wait_for_selector(".viewer svg.frame image")
    for label in ("Masks of", "Sequence of masks"):
        chooser = page.get_by_label(label, exact=True)
        for option in range(chooser.locator("option").count()):
            chooser.select_option(index=option)
    page.get_by_role("combobox", name="α", exact=True).select_option("all")
    for button in page.locator("div.legend button").all()[:4]:
        button.click()
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_hostile_names_do_nothing_and_nothing_overflows(opened, hostile, size):
    page = opened(hostile.page, size=size)
    look_everywhere(page)
    assert page.evaluate("window.hit") is None
    assert page.locator("#injected, img[src=x], .plot b").count() == 0
    scripts = page.eval_on_selector_all("script", "all => all.map((one) => one.dataset.kind ?? '')")
    assert scripts == ["main", "", "", "strips", "masks", "maps", "similarity"]
    assert page.evaluate("({}).polluted === undefined && Object.keys(Object.prototype).length") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.evaluate(OUTSIDE) == []
    beyond = page.evaluate("""() => [...document.querySelectorAll(".plot")].flatMap((plot) => {
        const edge = plot.getBoundingClientRect();
        return [...plot.querySelectorAll("text")].filter((one) => {
            const box = one.getBoundingClientRect();
            return box.width && (box.right > edge.right + 2 || box.left < edge.left - 2);
        }).map((one) => `${plot.dataset.plot}: ${one.textContent}`);
    })""")
    assert beyond == []


def test_hostile_names_are_shown_as_they_are(opened, hostile):
    page = opened(hostile.page)
    look_everywhere(page)
    assert page.locator("h1").inner_text() == TITLE
    assert page.title() == f"chromatrack: {TITLE}"
    rows = page.eval_on_selector_all(
        "tr[data-sequence]",
        """all => all.map((row) => [row.dataset.sequence, row.cells[0].innerText,
            row.querySelector("button").title])""",
    )
    assert sorted(name for name, _, _ in rows) == sorted(NAMES)
    for name, shown, title in rows:
        assert title == name and (shown == name or shown == f"{name[:39]}…")
    kept = page.eval_on_selector_all("div.legend button", "all => all.map((one) => one.title)")
    assert kept[:1] == ["SiamFC (baseline)"] and set(NAMES) <= set(kept)
    assert f"exp {NAMES[8]}, α = 0.3" in kept
    legend = page.locator('[data-plot="gain"] .legendtext').all_text_contents()
    assert set(legend) == {
        f"exp {name if len(name) <= 24 else name[:23] + '…'}" for name in NAMES[:1] + NAMES[5:10]
    }
    options = page.locator('[data-side="first"] option').all_text_contents()
    assert {"%{x} %{meta} %{text}", "__proto__", "constructor"} <= set(options)


def test_hostile_names_open_their_own_sequence(opened, hostile):
    """Also those that every object of a script has."""
    page = opened(hostile.page)
    strips = {one["name"]: one for one in hostile.strips["sequences"]}
    for name in ("__proto__", "constructor", "toString", NAMES[0]):
        page.locator("tr[data-sequence] button").get_by_text(name, exact=True).click()
        assert page.locator(".viewer h3").first.inner_text() == name
        picture = page.locator("svg.frame image").get_attribute("href")
        assert picture.endswith(strips[name]["pictures"][0])
    assert page.locator(".maps").count() == 1  # of the first sequence alone


def test_hostile_names_are_kept_by_what_is_taken_away(opened, hostile):
    page = opened(hostile.page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Sequences as CSV", exact=True).click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    names = [row[0] for row in csv.reader(io.StringIO(text, newline=""))][1:]
    # A spreadsheet takes no name for a formula.
    assert sorted(names) == sorted(f"'{name}" if name[0] in "=+" else name for name in NAMES)
    with page.expect_download() as download:
        page.get_by_role("button", name="Sequences as LaTeX", exact=True).click()
    text = download.value.path().read_text(encoding="utf-8")
    assert r"\textless{}script\textgreater{}window.hit = 1" in text
    assert r"\$x\textasciicircum{}2\$ \textbackslash{}frac\{1\}\{2\}" in text
    assert "\n{}[0.5] a length to LaTeX & " in text
    assert r"\%\{x\} \%\{meta\}" in text and r"\_\_proto\_\_" in text
    for button in ("Success as SVG", "Gain over the baseline by α as PNG"):
        with page.expect_download() as download:
            page.get_by_role("button", name=button, exact=True).click()
        assert download.value.failure() is None
