"""What tests of the page share: a run that was never made, its page, and what that may not do."""

from pathlib import Path

import pytest

from tests.report.pages import WIDE, MadeUp, draw_all, made_up


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> MadeUp:
    """A page of a small run."""
    return made_up(tmp_path_factory.mktemp("made-up"))


@pytest.fixture
def opened(browser):
    """Opens a page by its path; in the end, no page said, asked for or threw anything."""
    contexts, complaints = [], []

    def open_page(path: Path, size=WIDE, scheme="light", offline=True, everything=False):
        address = path.as_uri()
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme,
            offline=offline, accept_downloads=True,
        )  # fmt: skip
        contexts.append(context)
        context.set_default_timeout(60_000)

        def decide(route):
            if route.request.url.split("#")[0] == address:
                return route.continue_()
            complaints.append(f"asks for {route.request.url}")
            return route.abort()

        def watch(request):
            if not request.url.startswith(("data:", "blob:", address)):
                complaints.append(f"requests {request.url}")

        context.route("**/*", decide)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(f"throws {error}"))
        page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
        context.on("page", lambda other: complaints.append(f"opens {other.url}"))
        context.on("request", watch)
        page.goto(address)
        page.wait_for_selector(".plot .main-svg")
        if everything:
            draw_all(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
