"""The page in a real browser: a sequence with its boxes and maps, masks, and similarity."""

import base64
import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from chromatrack.reporting.frames import ahead, parting

CURVE = '.viewer [role="img"].plot'


def decoded(text, kind):
    return np.frombuffer(base64.b64decode(text), dtype=kind)


def strip_of(run, name):
    (strip,) = [one for one in run.strips["sequences"] if one["name"] == name]
    return strip


def boxes(page):
    """Drawn over the picture: whose -> left, top, width, height."""
    found = page.eval_on_selector_all(
        "svg.frame rect[data-box]",
        """all => all.map((one) => [one.dataset.box,
            ["x", "y", "width", "height"].map((name) => Number(one.getAttribute(name)))])""",
    )
    assert len(dict(found)) == len(found)
    return dict(found)


def in_data(strip, position):
    """The same of the data; without those that are not there."""
    coded = {"truth": strip["truth"], **strip["boxes"]}
    values = {name: decoded(text, "<i2").reshape(-1, 4)[position] for name, text in coded.items()}
    return {name: list(value / 4) for name, value in values.items() if value[0] != -32768}


def said(page, part="viewer"):
    return page.locator(f'[data-part="{part}"] output').inner_text()


def open_sequence(page, name, first="exp 1, α = 0.3", second="SiamFC (baseline)"):
    """With two trackers compared."""
    page.locator('[data-side="first"]').select_option(label=first)
    page.locator('[data-side="second"]').select_option(label=second)
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_selector(".viewer svg.frame image")


def step(page, times=1):
    for _ in range(times):
        page.get_by_role("button", name="One frame on").first.click()


def test_a_sequence_opens_and_its_boxes_move_as_the_data_say(opened, run):
    page = opened(run.page)
    open_sequence(page, "Target3")
    strip = strip_of(run, "Target3")
    pair = {"truth", "baseline-seed0", "exp1-alpha0.3-seed0"}
    seen = []
    for position, frame in enumerate(strip["frames"]):
        expected = {k: v for k, v in in_data(strip, position).items() if k in pair}
        assert boxes(page) == expected
        assert said(page).startswith(f"frame {frame} of 39; overlap: ")
        seen.append(expected["truth"])
        step(page)
    assert len({tuple(box) for box in seen}) == len(seen) == 8
    # The last one on stays; the first one back, too.
    assert said(page).startswith("frame 39 ")
    page.get_by_role("button", name="One frame back").first.click()
    assert said(page).startswith(f"frame {strip['frames'][-2]} ")


def test_a_kept_tracker_has_its_box_and_its_curve_and_one_that_is_gone_has_no_box(opened, run):
    page = opened(run.page)
    open_sequence(page, "Target3")
    page.locator(".legend").get_by_role("button", name="kcf").click()
    strip = strip_of(run, "Target3")
    assert boxes(page)["kcf"] == in_data(strip, 0)["kcf"]
    assert said(page).endswith(" of kcf")
    assert page.eval_on_selector(CURVE, "one => one.data.length") == 3
    step(page)
    assert "kcf" not in in_data(strip, 1) and "kcf" not in boxes(page)


def test_overlaps_are_drawn_for_every_frame_as_they_were_scored(opened, run):
    page = opened(run.page)
    open_sequence(page, "Target3")
    drawn = page.eval_on_selector(CURVE, "one => one.data.map((line) => [line.name, line.y])")
    coded = strip_of(run, "Target3")["overlaps"]
    for (name, values), row in zip(drawn, ("exp1-alpha0.3-seed0", "baseline-seed0"), strict=True):
        assert name == {"e": "exp 1, α = 0.3", "b": "SiamFC (baseline)"}[row[0]]
        assert values == pytest.approx(decoded(coded[row], np.uint8) / 250)
    assert said(page).endswith(f"{drawn[1][1][0]:.2f} of SiamFC (baseline)")


@pytest.mark.parametrize(
    ("button", "rule", "told"),
    [
        ("Where they part", parting, "(first frame at which overlaps differ by 0.1 or more"),
        ("Most ahead", ahead, "(frame at which the first is ahead by most"),
        ("Most behind", lambda a, b: ahead(b, a), "(frame at which the first is behind by most"),
    ],
)
def test_buttons_jump_to_where_the_two_part_and_say_by_which_rule(button, rule, told, opened, run):
    page = opened(run.page)
    names = {"exp1-alpha0.3-seed0": "exp 1, α = 0.3", "kcf": "kcf"}
    if button == "Most behind":  # the experiment never is
        names = dict(reversed(names.items()))
    first, second = names.values()
    open_sequence(page, "Target5", first=first, second=second)
    strip = strip_of(run, "Target5")
    frame = rule(*(decoded(strip["overlaps"][name], np.uint8) / 250 for name in names))
    nearest = min(strip["frames"], key=lambda one: abs(one - frame))
    page.get_by_role("button", name=button).click()
    assert said(page).startswith(f"frame {nearest} of 39 {told}")
    assert ("without a picture" in said(page)) == (nearest != frame)
    assert boxes(page)["truth"] == in_data(strip, strip["frames"].index(nearest))["truth"]


def test_a_tracker_beside_itself_parts_nowhere(opened, run):
    page = opened(run.page)
    open_sequence(page, "Target5", second="kcf")
    assert page.get_by_role("button", name="Where they part").is_enabled()
    page.locator('[data-side="first"]').select_option(label="kcf")
    for name in ("Where they part", "Most ahead", "Most behind"):
        assert page.get_by_role("button", name=name).is_disabled()


def test_boxes_have_the_colours_of_their_curves(opened, run):
    page = opened(run.page)
    open_sequence(page, "Target3", first="kcf")
    boxes = page.eval_on_selector_all(
        "svg.frame rect[data-box]:not([class])",
        """all => Object.fromEntries(all.map((one) =>
            [one.dataset.box, getComputedStyle(one).stroke]))""",
    )
    lines = page.eval_on_selector(
        CURVE, "one => [...one.querySelectorAll('.lines path.js-line')].map((p) => p.style.stroke)"
    )
    assert [boxes["kcf"], boxes["baseline-seed0"]] == lines


def test_a_click_on_the_overlap_goes_to_that_frame(opened, run):
    page = opened(run.page)
    open_sequence(page, "Target0")
    page.eval_on_selector(CURVE, "one => one.emit('plotly_click', { points: [{ x: 21 }] })")
    frames = strip_of(run, "Target0")["frames"]
    assert said(page).startswith(f"frame {min(frames, key=lambda one: abs(one - 21))} ")
    line = page.eval_on_selector(CURVE, "one => one.layout.shapes[0].x0")
    assert said(page).startswith(f"frame {line} ")


def test_play_runs_to_the_end_and_stops(opened, run):
    page = opened(run.page)
    open_sequence(page, "Target0")
    play = page.locator('[data-part="viewer"] .player button').nth(1)
    play.click()
    assert play.inner_text() == "Pause" and play.get_attribute("aria-label") is None
    page.wait_for_function(
        """() => document.querySelector('[data-part="viewer"] output').textContent
            .startsWith("frame 39 ")"""
    )
    page.wait_for_function("() => !document.querySelector('.viewer').textContent.includes('Pause')")
    assert play.inner_text() == "Play"
    play.click()
    play.click()
    assert not said(page).startswith("frame 39 ")  # from the start again, and paused


def test_pictures_lie_under_the_boxes_and_are_of_the_size_of_the_frame(opened, run):
    page = opened(run.page)
    open_sequence(page, "Target1")
    strip = strip_of(run, "Target1")
    step(page, 2)
    shown = page.eval_on_selector(
        "svg.frame image", "one => [one.getAttribute('href'), one.getAttribute('width')]"
    )
    assert shown == [f"data:image/jpeg;base64,{strip['pictures'][2]}", str(strip["width"])]
    assert page.eval_on_selector("svg.frame", "one => one.firstElementChild.tagName") == "image"


def test_score_maps_are_shown_where_there_are_some(opened, run):
    page = opened(run.page)
    open_sequence(page, "Target0")
    found = run.maps["sequences"]["Target0"]
    assert found[0]["frame"] == 0
    texts = page.eval_on_selector_all(
        ".maps > div > span", "all => all.map(one => one.textContent)"
    )
    assert texts == [
        "SiamFC: −4.00 to 3.50", "colorization: 0.00 to 1.00", "mixed, α = 0.3: −2.00 to 2.00"
    ]  # fmt: skip
    assert boxes(page)["search"] == [10, 8, 90, 70]
    pixels = page.eval_on_selector(
        ".maps canvas",
        """one => [one.height, one.width, ...one.getContext("2d")
            .getImageData(0, 0, one.width, one.height).data]""",
    )
    colours = np.array(pixels[2:]).reshape(17, 17, 4)
    values = decoded(found[0]["siamfc"], np.uint8).reshape(17, 17)
    assert pixels[:2] == [17, 17] and (colours[..., 3] == 255).all()
    # Brighter where the score is higher.
    light = colours[..., :3] @ np.array([0.2126, 0.7152, 0.0722])
    assert np.corrcoef(light.ravel(), values.ravel())[0, 1] > 0.99
    assert colours[values == values.max()][0, :3].tolist() == pytest.approx([255, 234, 70], abs=3)
    step(page)
    assert page.locator(".maps").count() == 0 and "search" not in boxes(page)
    open_sequence(page, "Target1")
    assert page.locator(".maps").count() == 0


# Masks


def masks_shown(page, wanted):
    page.wait_for_selector(f'canvas[data-shown="{wanted}"]')
    return np.array(page.eval_on_selector(
        "canvas[data-shown]",
        """one => [...one.getContext("2d").getImageData(0, 0, one.width, one.height).data]""",
    )).reshape(60, 80, 4)[..., :3]  # fmt: skip


def test_masks_lie_over_their_frames_and_tell_j_and_f(opened, run):
    page = opened(run.page, everything=True)
    masks = run.strips["masks"][0]
    for position, frame in ((0, 0), (1, 2)):
        shown = masks_shown(page, f"pretrained:{position}")
        frame_pixels, ids = (
            np.array(Image.open(io.BytesIO(base64.b64decode(text)))).astype(int)
            for text in (masks["pictures"][position],
                         masks["methods"]["pretrained"]["masks"][position])
        )  # fmt: skip
        colour = np.array([[0, 0, 0], [128, 0, 0], [0, 128, 0]])[ids]
        mixed = np.where(ids[..., None] > 0, 0.45 * frame_pixels + 0.55 * colour, frame_pixels)
        assert np.abs(shown - mixed).max() <= 12 and np.abs(shown - mixed).mean() < 1
        told = said(page, "masks")
        assert told.startswith(f"frame {frame} of 6; object 1 J ")
        step(page)
    values = masks["methods"]["pretrained"]
    assert f"object 2 J {values['J']['2'][2]:.2f}, F {values['F']['2'][2]:.2f}" in told
    drawn = page.eval_on_selector(
        '[data-part="masks"] .plot', "one => one.data.map((line) => [line.name, line.y])"
    )
    assert drawn == [
        [f"{key}, object {number}", values[key][str(number)]] for number in (1, 2) for key in "JF"
    ]


def test_masks_of_another_method_of_the_truth_and_of_another_sequence(opened, run):
    page = opened(run.page, everything=True)
    first = masks_shown(page, "pretrained:0")
    page.get_by_label("Masks of").select_option("random weights")
    other = masks_shown(page, "random weights:0")
    assert np.abs(first - other).max() > 30
    page.get_by_label("Masks of").select_option(label="ground truth")
    truth = masks_shown(page, ":0")
    assert np.abs(first - truth).max() <= 3  # made to be equal
    assert said(page, "masks") == "frame 0 of 6"
    page.get_by_label("Sequence of masks").select_option("Target1")
    masks_shown(page, ":0")
    assert page.get_by_label("Masks of").input_value() == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_viewers_show_is_taken_away(opened, run, scheme):
    page = opened(run.page, everything=True, scheme=scheme)
    open_sequence(page, "Target3", first="kcf")
    frame = taken(page, "Frame of Target3 as SVG")
    root = ET.fromstring(frame)
    assert root.find("{http://www.w3.org/2000/svg}image") is not None
    boxes = [one for one in root.iter("{http://www.w3.org/2000/svg}rect") if one.get("data-box")]
    assert [one.get("data-box") for one in boxes] == ["truth", "kcf", "baseline-seed0"]
    shown = page.eval_on_selector_all(
        "svg.frame rect[data-box]", "all => all.map((one) => getComputedStyle(one).stroke)"
    )
    assert [one.get("stroke") for one in boxes] == shown
    picture = Image.open(io.BytesIO(taken(page, "Frame of Target3 as PNG")))
    ratio = page.eval_on_selector("svg.frame", "({viewBox: {baseVal: b}}) => b.width / b.height")
    assert picture.width >= 480 and picture.width / picture.height == pytest.approx(ratio, abs=0.01)
    assert len(picture.convert("RGB").getcolors(1 << 24)) > 3
    for name in ("Masks as PNG", "Similarity, reference as PNG"):
        assert len(Image.open(io.BytesIO(taken(page, name))).convert("RGB").getcolors(1 << 24)) > 3


def taken(page, name):
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    return download.value.path().read_bytes()


# Similarity


def weights_of(pair, cell):
    """Softmax of the inner products of a cell of the target with all cells of the reference."""
    own, reference = (
        pair["scale"] * decoded(pair[name]["embeddings"], np.int8).astype(float).reshape(-1, 8)
        for name in ("target", "reference")
    )
    products = reference @ own[cell] / pair["temperature"]
    weights = np.exp(products - products.max())
    return weights / weights.sum()


def check_similarity(page, pair, row, column):
    weights = weights_of(pair, row * 8 + column)
    best = int(weights.argmax())
    page.wait_for_function(
        """(start) => document.querySelector('[data-part="similarity"] output').textContent
            .startsWith(start)""",
        arg=f"Cell {column}, {row} ",
    )
    told = said(page, "similarity")
    assert told == (
        f"Cell {column}, {row} (from left, from top) is copied most from cell {best % 8}, "
        f"{best // 8}: {100 * weights[best]:.1f} % of its weight."
    )
    assert page.eval_on_selector("canvas[data-best]", "one => Number(one.dataset.best)") == best


def test_similarity_of_a_cell_by_click_and_by_arrow_keys(opened, run):
    page = opened(run.page, everything=True)
    target = page.get_by_role("application", name="Target frame")
    pair = run.similarity[0]
    check_similarity(page, pair, 3, 4)
    box = target.bounding_box()
    for row, column in ((0, 0), (5, 7), (2, 6)):
        target.click(position={
            "x": box["width"] * (column + 0.5) / 8, "y": box["height"] * (row + 0.5) / 6
        })  # fmt: skip
        check_similarity(page, pair, row, column)
    target.focus()
    for key, row, column in (
        ("ArrowRight", 2, 7), ("ArrowRight", 2, 7), ("ArrowUp", 1, 7), ("ArrowLeft", 1, 6),
        ("ArrowDown", 2, 6),
    ):  # fmt: skip
        page.keyboard.press(key)
        check_similarity(page, pair, row, column)


def test_similarity_of_another_network(opened, run):
    page = opened(run.page, everything=True)
    page.get_by_label("Network", exact=True).select_option("network random weights")
    check_similarity(page, run.similarity[1], 3, 4)
