"""Promises of failures: what a site or yt-dlp says has its one status."""

from email.utils import formatdate
from time import time

import pytest

from chromatrack.fetch.failures import FetchError, classify, clean, http_failure, retry_after


@pytest.mark.parametrize(
    ("said", "status"),
    [("[youtube] abc: Private video. Sign in if you've been granted access", "private"),
     ("[youtube] abc: Video unavailable", "gone"),
     ("[youtube] abc: This video has been removed by the uploader", "gone"),
     ("[youtube] abc: Sign in to confirm you’re not a bot. Use --cookies", "rate-limited"),
     ("[youtube] abc: Sign in to confirm your age.", "age"),
     ("[youtube] abc: The uploader has not made this video available in your country", "geo"),
     ("[youtube] abc: Video unavailable. Blocked on copyright grounds", "blocked"),
     ("[youtube] abc: something nobody has seen before", "network")],
)  # fmt: skip
def test_what_the_site_says_has_its_status(said, status):
    import yt_dlp

    error = classify(yt_dlp.utils.DownloadError(f"ERROR: {said}"))
    assert error.status == status
    assert not error.message.startswith(("ERROR", "["))


def test_messages_hold_no_addresses():
    text = "\x1b[0;31mERROR:\x1b[0m [generic] -a: Got http://127.0.0.1:4/x from /tmp/a <at 0x7f01>"
    assert clean(text) == "Got (address) from (...) <at (...)>"


def test_a_bot_wall_is_told_from_a_rate_limit():
    import yt_dlp

    wall = classify(yt_dlp.utils.DownloadError("ERROR: Sign in to confirm you’re not a bot"))
    assert wall.bot_wall and wall.refusal and not wall.permanent
    limit = http_failure(429, {"Retry-After": "7"})
    assert (limit.status, limit.retry_after) == ("rate-limited", 7.0)
    assert limit.refusal and not limit.bot_wall
    assert http_failure(503, {"Retry-After": "7"}).refusal
    assert not http_failure(503, {}).refusal
    assert not http_failure(404, {"Retry-After": "7"}).refusal
    assert not FetchError("network", "cut").refusal


@pytest.mark.parametrize("text", [None, "", "soon", "-1", "1e9", "Mon, 99 Foo 2026"])
def test_a_retry_after_that_says_nothing(text):
    assert retry_after(text) is None


def test_a_retry_after_as_a_date():
    assert retry_after("120") == 120.0
    assert retry_after(formatdate(time() + 60, usegmt=True)) == pytest.approx(60, abs=2)
    assert retry_after(formatdate(time() - 60, usegmt=True)) == 0.0
