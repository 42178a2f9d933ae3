"""The page in a real browser: its plots, filters and tables, and what is taken away from it."""

import csv
import io
import re
import xml.etree.ElementTree as ET

import pytest
from PIL import Image

from chromatrack.reporting.manifest import read_manifest
from chromatrack.stages.report.page import make_page
from tests.report.pages import draw_all, made_up

OF_TRACKERS = ["curve-success", "curve-precision", "curve-normalized_precision", "attributes"]
WHERE = "Made_up_run_synthetic_first_40_frames"
"""The data, as file names have it."""
LEARNING = ["learning-0", "learning-1", "learning-2"]


def traces(page, plot):
    """Of each trace of a plot: whose it is, and the opacity that it is drawn in."""
    return page.evaluate(
        """(name) => {
            const box = document.querySelector(`[data-plot="${name}"]`);
            return box.calcdata.map((one) => {
                const { trace } = one[0], group = box.querySelector(`.trace${trace.uid}`);
                const drawn = [...group.querySelectorAll(".js-line, .point, .js-fill")];
                const seen = (node) => node === group.parentElement ? 1
                    : Number(getComputedStyle(node).opacity) * seen(node.parentElement);
                return { meta: trace.meta ?? null, name: trace.name, drawn: drawn.length,
                         opacity: Math.max(...drawn.map(seen)) };
            });
        }""",
        plot,
    )


def texts(page, selector):
    return page.eval_on_selector_all(selector, "all => all.map(one => one.textContent)")


def rows_of(page, name):
    """The cells of a table as they are shown."""
    return page.evaluate(
        """(name) => [...document.querySelector(`table[data-table="${name}"]`).rows].map(
            (row) => [...row.cells].map((cell) => cell.innerText.trim()))""",
        name,
    )


def button(page, name):
    return page.get_by_role("group", name="Trackers", exact=True).get_by_role(
        "button", name=name, exact=True
    )


def test_every_plot_draws_its_traces(opened, run):
    page = opened(run.page, everything=True)
    drawn = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".plot")].map((plot) => [
            plot.dataset.plot ?? plot.parentElement.querySelector("h3").textContent,
            [Number(plot.dataset.traces), plot.querySelectorAll(".scatterlayer .trace").length],
        ]))"""
    )
    assert list(drawn) == ["gain", *OF_TRACKERS, "J and F of each object", *LEARNING, "centroids"]
    # Three experiments with a band, and the thesis's; baseline, kcf and the chosen alphas.
    assert drawn["gain"] == [9, 9]
    assert all(drawn[name] == [5, 5] for name in OF_TRACKERS[:3])
    assert drawn["attributes"] == [5 + 4, 9]  # the thesis has a line of the baseline, too
    assert all(drawn[name] == [3 * 2, 6] for name in LEARNING)
    for name in ["gain", *OF_TRACKERS, *LEARNING, "centroids"]:
        assert all(trace["drawn"] > 0 for trace in traces(page, name)), name


def test_plots_wait_until_they_are_near(opened, run):
    page = opened(run.page)
    assert page.eval_on_selector_all(".plot[data-traces]", "all => all.length") < 10
    page.locator('[data-plot="centroids"]').scroll_into_view_if_needed()
    page.wait_for_selector('[data-plot="centroids"] .main-svg')


def test_the_first_screen_holds_the_verdicts_and_the_gain(opened, run):
    page = opened(run.page)
    seen = page.evaluate(
        """() => [...document.querySelectorAll("h1, h2, .banner, .verdict, .plot, table")]
            .filter((one) => one.getBoundingClientRect().bottom < innerHeight)
            .map((one) => one.dataset.plot ?? one.className ?? one.tagName)"""
    )
    assert seen == ["", "banner", "verdict", "gain"]


@pytest.mark.parametrize("name", ["exp 2, α = 0.3", "kcf"])
def test_a_click_on_a_name_keeps_its_curves_and_dims_the_others_in_every_plot(opened, run, name):
    page = opened(run.page, everything=True)
    mine = int(button(page, name).get_attribute("data-tracker"))
    button(page, name).click()
    assert button(page, name).get_attribute("aria-pressed") == "true"
    for plot in OF_TRACKERS:
        own = [one for one in traces(page, plot) if one["meta"] == mine]
        others = [one for one in traces(page, plot) if one["meta"] != mine]
        assert own and others
        assert all(one["opacity"] <= 0.13 for one in others), plot
        assert max(one["opacity"] for one in own) == 1
        # The interval of a kept tracker is drawn where its overlaps are known.
        assert any("interval" in one["name"] for one in own) == (plot == "curve-success")
    told = {one["meta"]: one["opacity"] for one in traces(page, "gain") if one["name"][:3] == "exp"}
    assert told == pytest.approx({0: 0.12, 1: 1 if "exp" in name else 0.12, 2: 0.12}, abs=0.01)
    kept = {one["opacity"] > 0.5: one["meta"] for plot in LEARNING for one in traces(page, plot)}
    assert kept.get(True) == (mine if "exp" in name else None) and kept[False] != mine
    button(page, name).click()
    for plot in ["gain", *OF_TRACKERS, *LEARNING]:
        assert all(one["opacity"] >= 0.12 for one in traces(page, plot))
        assert max(one["opacity"] for one in traces(page, plot)) == 1


def test_a_click_on_a_curve_and_on_the_legend_of_the_gain_keep_as_well(opened, run):
    page = opened(run.page, everything=True)
    page.evaluate("""document.querySelector('[data-plot="curve-success"]').emit(
        "plotly_click", { points: [{ data: { meta: 1 } }] })""")
    assert texts(page, '.legend [aria-pressed="true"]') == ["kcf"]
    page.get_by_role("button", name="Keep none").click()
    assert texts(page, '.legend [aria-pressed="true"]') == []
    page.locator('[data-plot="gain"] .legendtoggle').nth(1).click()
    page.wait_for_selector('.legend [aria-pressed="true"]')
    assert texts(page, '.legend [aria-pressed="true"]') == ["exp 2, α = 0.3"]
    opacities = {
        one["meta"]: one["opacity"] for one in traces(page, "gain") if "exp" in one["name"]
    }
    assert opacities[1] == 1 and opacities[0] < 0.13


def test_filters_change_what_is_visible(opened, run):
    page = opened(run.page, everything=True)
    kinds = ["SiamFC (baseline)", "kcf"]

    def shown():
        names = texts(page, ".legend button")
        curves = [re.sub(r" \[.*", "", one["name"]) for one in traces(page, "curve-precision")]
        heads = [cell.removesuffix(" ↕") for cell in rows_of(page, "Sequences")[0][4:]]
        assert curves == names and set(names) <= set(heads)
        return names

    assert shown() == [*kinds, *(f"exp {number}, α = 0.3" for number in (1, 2, 3))]
    page.get_by_label("2", exact=True).uncheck()
    assert shown() == [*kinds, "exp 1, α = 0.3", "exp 3, α = 0.3"]
    assert {one["name"] for one in traces(page, "gain") if "exp" in one["name"]} == {
        "exp 1", "exp 3", "thesis, exp 1", "thesis, exp 3"
    }  # fmt: skip
    page.get_by_role("checkbox", name="classical").uncheck()
    page.get_by_role("checkbox", name="baseline").uncheck()
    assert shown() == ["exp 1, α = 0.3", "exp 3, α = 0.3"]
    page.get_by_role("combobox", name="α", exact=True).select_option("0.6")
    assert shown() == ["exp 1, α = 0.6", "exp 3, α = 0.6"]
    page.get_by_role("combobox", name="α", exact=True).select_option("all")
    assert len(shown()) == 6
    page.get_by_role("checkbox", name="published").uncheck()
    assert [one["name"] for one in traces(page, "gain") if "thesis" in one["name"]] == []
    assert [one["name"] for one in traces(page, "attributes") if "thesis" in one["name"]] == []


def test_curves_tell_the_colour_blind_apart(opened, run):
    """Each line of a plot has a colour and a dash of its own."""
    page = opened(run.page, everything=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        styles = page.evaluate("""() => [...document.querySelectorAll(
            '[data-plot="curve-success"] .js-line')].map((line) => [
                line.style.stroke, line.style.strokeDasharray])""")
        colours, dashes = zip(*styles, strict=True)
        assert len(set(colours)) == 5 and len(set(dashes)) >= 4


def test_a_table_is_sorted_by_its_heads(opened, run):
    page = opened(run.page)
    before = rows_of(page, "Trackers")
    head = page.locator('table[data-table="Trackers"]').get_by_role("button", name="success AUC")
    head.click()
    rows = rows_of(page, "Trackers")
    values = [float(row[4].split()[0]) for row in rows[1:]]
    assert values == sorted(values) and sorted(rows[1:]) == sorted(before[1:])
    head.click()
    values = [float(row[4].split()[0]) for row in rows_of(page, "Trackers")[1:]]
    assert values == sorted(values, reverse=True)
    sorts = page.eval_on_selector_all(
        'table[data-table="Trackers"] th[aria-sort]', "all => all.map(one => one.ariaSort)"
    )
    assert sorts == ["none"] * 4 + ["descending"] + ["none"] * 3
    page.locator('table[data-table="Trackers"]').get_by_role("button", name="difference").click()
    cells = [row[5].replace("−", "-") for row in rows_of(page, "Trackers")[1:]]
    # What is not there stands last; a minus is a minus.
    assert cells[-1] == "–" and float(cells[0].split()[0]) < 0 < float(cells[-2].split()[0])


def test_the_paired_difference_is_that_of_the_two_that_are_chosen(opened, run):
    page = opened(run.page)
    page.locator('[data-side="first"]').select_option(label="kcf")
    page.locator('[data-side="second"]').select_option(label="exp 3, α = 0.6")
    head, *rows = rows_of(page, "Sequences")
    head = [cell.rstrip(" ↕↑↓") for cell in head]
    first, second = head.index("kcf"), head.index("exp 3, α = 0.6")
    scores = {one["tracker"]: one["evaluation"] for one in run.manifest["rows"]}
    assert len(rows) == 9 and "exp3-alpha0.6-seed1" in scores
    for row in rows:
        expected = float(row[first]) - float(row[second])
        assert float(row[2].replace("−", "-")) == pytest.approx(expected, abs=0.0011)
    told = [float(row[2].replace("−", "-")) for row in rows]
    assert told == sorted(told)
    bars = page.eval_on_selector_all(
        ".bar i", "all => all.map(one => [one.className, parseFloat(one.style.width)])"
    )
    assert {kind for kind, _ in bars} == {"less"}
    assert bars[0][1] == pytest.approx(50)
    assert bars[-1][1] == pytest.approx(50 * told[-1] / told[0], abs=0.5)


def test_an_order_and_an_open_sequence_outlive_a_change_of_filters(opened, run):
    page = opened(run.page)
    page.locator('table[data-table="Sequences"]').get_by_role("button", name="sequence").click()
    page.get_by_role("button", name="Target4", exact=True).click()
    page.get_by_label("3", exact=True).uncheck()
    names = [row[0] for row in rows_of(page, "Sequences")[1:]]
    assert names == [f"Target{number}" for number in range(9)]
    assert texts(page, "tr.current th") == ["Target4"]


# Taken away


def taken(page, name):
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    assert download.value.failure() is None
    return download.value.suggested_filename, download.value.path().read_bytes()


def test_a_table_is_taken_as_csv(opened, run):
    page = opened(run.page)
    for table in ("Trackers", "Sequences", "Experiments", "By attribute"):
        name, content = taken(page, f"{table} as CSV")
        assert name == f"{table.replace(' ', '_')}-{WHERE}.csv"
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        shown = [[cell.rstrip(" ↕↑↓") for cell in row] for row in rows_of(page, table)]
        shown = [["" if c == "–" else c.replace("−", "-") for c in row] for row in shown]
        if table == "Sequences":  # without the column of bars, which has no name
            shown = [row[:3] + row[4:] for row in shown]
        if table == "Trackers":  # the value and the ends of its interval are three columns
            shown = [row[:4] + apart(row[4]) + apart(row[5]) + row[6:] for row in shown]
        assert rows == shown and len(set(rows[0])) == len(rows[0])


def apart(text):
    """A cell as it is in a CSV: a value, and the ends of its interval."""
    found = re.fullmatch(r"(\S+) \[(\S+), (\S+)\]", text)
    head = [text, f"{text}, low", f"{text}, high"]
    return list(found.groups()) if found else head if text[:1].isalpha() else [text, "", ""]


def test_long_tables_have_a_filter_that_stays_while_they_are_made_anew(opened, tmp_path):
    page = opened(made_up(tmp_path, targets=tuple(f"Target{i}" for i in range(30))).page)
    box = page.get_by_label("Rows of Sequences that hold")
    box.fill("get2")
    visible = "rows => rows.filter((row) => !row.hidden).length"
    rows = '[data-table="Sequences"] tbody tr'
    assert page.eval_on_selector_all(rows, visible) == 11  # 2 and 20 to 29
    assert page.locator('[data-part="sequences"] output').inner_text() == "11 of 30 rows"
    page.locator('[data-side="first"]').select_option(label="kcf")
    assert box.input_value() == "get2" and page.eval_on_selector_all(rows, visible) == 11
    box.fill("")
    assert page.eval_on_selector_all(rows, visible) == 30
    assert page.get_by_label("Rows of Experiments that hold").count() == 0


def test_one_of_many_learning_curves_can_be_chosen(opened, tmp_path):
    page = opened(made_up(tmp_path, seeds=(0, 1, 2)).page, everything=True)
    plot = page.locator('figure:has(select):has([data-plot^="learning-"])').first
    names = plot.locator("option").all_inner_texts()
    assert len(names) == 10 and names[0] == "all"
    plot.locator("select").select_option(index=3)
    strengths = plot.locator(".plot").evaluate("one => one.data.map((line) => line.opacity)")
    assert strengths.count(1) == 1 and strengths[2] == 1


def test_a_table_is_taken_as_latex(opened, run):
    page = opened(run.page)
    name, content = taken(page, "Trackers as LaTeX")
    text = content.decode()
    assert name == f"Trackers-{WHERE}.tex"
    assert text.startswith("% Made-up run (synthetic; first 40 frames)\n% Best success AUC: ")
    lines = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len(lines) == 1 + len(rows_of(page, "Trackers")) - 1
    assert {line.count(" & ") for line in lines} == {7}
    assert r"\begin{tabular}{llllrrrr}" in text and r"$\alpha$" in lines[0]
    plain = re.sub(r"\\[\\{}$&%#_]", "", text)
    assert plain.count("{") == plain.count("}") and plain.count("$") % 2 == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_plot_is_taken_as_svg_and_png_on_white(opened, run, scheme):
    page = opened(run.page, scheme=scheme, everything=True)
    name, content = taken(page, "Success as SVG")
    assert name == f"Success-{WHERE}.svg"
    root = ET.fromstring(content)
    words = ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert (
        "SuccessMade-up run (synthetic; first 40 frames)" in words and "overlap threshold" in words
    )
    assert any("The mouse on a curve" in word for word in words)
    assert sum(word.startswith("exp 1, α = 0.3 [0.") for word in words) == 1
    assert len(re.findall(b'<g class="trace scatter', content)) == 5
    name, content = taken(page, "Gain over the baseline by α as PNG")
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    assert name == f"Gain_over_the_baseline_by-{WHERE}.png" and picture.width == 1800
    assert picture.getpixel((2, 2)) == (255, 255, 255)
    colours = {colour for _, colour in picture.getcolors(1 << 24)}
    assert (0, 0x72, 0xB2) in colours and (0x1C, 0x20, 0x24) in colours
    # The page itself is as dark as it was.
    assert page.evaluate("document.documentElement.dataset.light") is None


def test_a_picture_is_taken_as_it_lies_in_the_page(opened, run):
    page = opened(run.page)
    name, content = taken(page, "A picture of Made-up run as PNG")
    assert name == f"A_picture_of_Made_up_run-{WHERE}.png"
    assert Image.open(io.BytesIO(content)).size == (256, 256)


def test_a_change_of_the_colour_scheme_draws_again(opened, run):
    page = opened(run.page)
    draw_all(page)

    def ink():
        return page.evaluate(
            """getComputedStyle(document.querySelector('[data-plot="gain"] .xtick text')).fill"""
        )

    assert ink() == "rgb(28, 32, 36)"
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        """() => getComputedStyle(document.querySelector('[data-plot="gain"] .xtick text')).fill
            === "rgb(231, 234, 237)" """
    )


def test_runs_on_one_page_have_their_own_data_and_filters(opened, run, tmp_path):
    other = made_up(tmp_path, title="Another run", experiments=("7",), targets=("Lone", "Star"))
    manifests = [read_manifest(one.page.parent / "manifest.json") for one in (run, other)]
    make_page(manifests, tmp_path / "both.html")
    page = opened(tmp_path / "both.html", everything=True)
    first, second = page.locator("article.run").all()
    assert first.locator("h2").first.inner_text() == "Made-up run"
    assert second.locator("tr[data-sequence]").count() == 2
    first.get_by_role("checkbox", name="classical").uncheck()
    buttons = [part.locator("div.legend button").all_inner_texts() for part in (first, second)]
    assert "kcf" not in buttons[0] and buttons[1] == ["SiamFC (baseline)", "kcf", "exp 7, α = 0.3"]
    for part, name in ((second, "Star"), (first, "Target3")):
        part.get_by_role("button", name=name, exact=True).click()
        assert part.locator(".viewer h3").first.inner_text() == name
    assert second.locator(".viewer h3").first.inner_text() == "Star"
    assert (
        page.evaluate("""() => {
        const ids = [...document.querySelectorAll("[id]:not(svg *)")].map((one) => one.id);
        return ids.length - new Set(ids).size;
    }""")
        == 0
    )
    for link in page.locator("nav a").all():
        assert page.locator(f'[id="{link.get_attribute("href")[1:]}"]').count() == 1
