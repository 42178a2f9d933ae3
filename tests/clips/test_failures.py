"""Promises of failures: only what surely is about the video is permanent."""

import re
from email.utils import formatdate
from pathlib import Path
from time import time
from types import SimpleNamespace

import pytest
import yt_dlp
from yt_dlp.networking.exceptions import HTTPError, TransportError
from yt_dlp.utils import DownloadError, ExtractorError, GeoRestrictedError

from chromatrack.fetch.failures import STATUSES, FetchError, classify, clean, http_failure
from chromatrack.fetch.failures import retry_after as read_retry_after
from chromatrack.fetch.sentences import meaning
from chromatrack.fetch.words import ADDRESS, COOKIES, RUNTIME, UPDATE, WAIT

HINT = (
    ". Use --cookies-from-browser or --cookies for the authentication. See  https://github.com/yt-dlp"
    "/yt-dlp/wiki/FAQ#how-do-i-pass-cookies-to-yt-dlp  for how to manually pass cookies. Also see  "
    "https://github.com/yt-dlp/yt-dlp/wiki/Extractors  for tips on effectively exporting YouTube "
    "cookies"
)
BUG = (
    "; please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= , filling out the "
    "appropriate issue template. Confirm you are on the latest version using  yt-dlp -U"
)

OF_THE_VIDEO = [
    ("private", "Private video. Sign in if you've been granted access to this video" + HINT),
    ("private", "This video is private. If the owner of this video has granted you access, please "
                "sign in."),
    ("private", "Video unavailable. This video is private"),
    ("private", "Join this channel to get access to members-only content like this video, and "
                "other exclusive perks."),
    ("private", "This video is available to this channel's members on level: Gold (or any higher "
                "level). Join this channel to get access to members-only content."),
    ("private", "This video requires payment to watch."),
    ("private", "This video is only available to Music Premium members"),
    ("gone", "This video has been removed by the uploader"),
    ("gone", "Video unavailable. This video has been removed by the uploader"),
    ("gone", "Video unavailable. This video is no longer available because the YouTube account "
             "associated with this video has been terminated."),
    ("gone", "Video unavailable. This video is no longer available because the uploader has closed "
             "their YouTube account."),
    ("gone", "This video isn’t available anymore"),
    ("gone", "This video is no longer available"),
    ("gone", "This video does not exist."),
    ("gone", "This clip is no longer available"),
    ("gone", "Incomplete YouTube ID abc. URL https://www.youtube.com/watch?v=abc looks truncated."),
    ("blocked", "This video has been removed for violating YouTube's Terms of Service"),
    ("blocked", "This video has been removed for violating YouTube's policy on hate speech. Learn "
                "more about combating hate speech in your country."),
    ("blocked", "Video unavailable. This video is no longer available due to a copyright claim by "
                "UMG"),
    ("blocked", "Video unavailable. This video contains content from WMG, who has blocked it on "
                "copyright grounds"),
    ("geo", "Video unavailable. This video contains content from SME, who has blocked it in your "
            "country on copyright grounds"),
    ("geo", "The uploader has not made this video available in your country"),
    ("geo", "This content is not available on this country domain due to a legal complaint from "
            "the government"),
    ("age", "Sign in to confirm your age. This video may be inappropriate for some users" + HINT),
    ("age", "This video is age-restricted and only available on YouTube. Learn more"),
]  # fmt: skip

OF_WHO_ASKS = [
    (RUNTIME, "Requested format is not available. Use --list-formats for a list of available "
              "formats"),
    (RUNTIME, "No video formats found!" + BUG),
    (RUNTIME, "Failed to extract any player response" + BUG),
    (RUNTIME, "This video is DRM protected"),
    (RUNTIME, "Only images are available for download. Use --list-formats to see them"),
    (RUNTIME, "Signature extraction failed: Some formats may be missing"),
    (UPDATE, "The following content is not available on this app.. Watch on the latest version of "
             "YouTube."),
    (UPDATE, "This video is unavailable on this device."),
    (UPDATE, "This video is no longer available on this app"),
    (UPDATE, "YouTube is no longer supported in this application or device."),
    (UPDATE, "The page needs to be reloaded."),
    (UPDATE, "Video unavailable. Playback on other websites has been disabled by the video owner"),
    (UPDATE, "Video unavailable. This video contains content from SME, who has blocked it from "
             "display on this website or application"),
    (UPDATE, "Unable to extract yt initial data" + BUG),
    (UPDATE, "An extractor error has occurred. (caused by KeyError('videoDetails'))" + BUG),
    (UPDATE, "YouTube said: Request contains an invalid argument."),
    (COOKIES, "Please sign in"),
    (COOKIES, "Please sign in" + HINT),
    (COOKIES, "Login details are needed to download this content" + HINT),
    (COOKIES, "This video is only available for registered users" + HINT),
    (COOKIES, "Your account does not have access to this content"),
    (COOKIES, "Your account was suspended for violating our Terms of Service"),
    (COOKIES, "This account has been terminated for violating YouTube's Community Guidelines"),
    (COOKIES, "YouTube said: The caller does not have permission"),
    (COOKIES, "Video unavailable. This video is restricted. Please check the Google Workspace "
              "administrator and/or the network administrator restrictions."),
    (COOKIES, "This video does not exist, or you must log in to see it"),
    (ADDRESS, "All player responses are invalid. Your IP is likely being blocked by Youtube"),
    (ADDRESS, "Video unavailable. This content isn’t available."),
    (ADDRESS, "YouTube is not available in your country"),
    (ADDRESS, "This service is not available in your region"),
    (ADDRESS, "Your request was blocked for violating our terms of service"),
    (ADDRESS, "This website is blocked by court order"),
    (ADDRESS, "unable to download video data: HTTP Error 403: Forbidden"),
    (WAIT, "Service Unavailable"),
    (WAIT, "HTTP Error 503: Service Unavailable"),
    (WAIT, "An error occurred. Please try again later."),
    (WAIT, "This video is temporarily unavailable"),
    (WAIT, "YouTube said: Unknown error"),
    (WAIT, "We're processing this video. Check back later."),
]  # fmt: skip

UNSURE = [
    ("gone", "Video unavailable"),
    ("gone", "This video is unavailable"),
    ("gone", "This video is not available"),
    ("gone", "Video unavailable. This video is not available"),
    ("gone", "This live stream recording is not available."),
    ("network", "This live event will begin in 3 days."),
    ("network", "Requested entity was not found."),
    ("network", "ffmpeg is not installed. Aborting"),
    ("network", "something nobody has seen before"),
    ("network", "Видео недоступно"),
    ("network", ""),
]


def said(text, **options):
    return classify(DownloadError(f"ERROR: [youtube] aBc_-123: {text}"), **options)


@pytest.mark.parametrize(("status", "text"), OF_THE_VIDEO)
def test_what_surely_is_about_the_video_is_permanent(status, text):
    error = said(text)
    assert (error.status, error.permanent, error.remedy) == (status, True, "")
    assert not error.message.startswith(("ERROR", "[")) and "://" not in error.message


@pytest.mark.parametrize(("remedy", "text"), OF_WHO_ASKS)
def test_what_is_about_who_asks_passes_and_names_the_remedy(remedy, text):
    error = said(text)
    assert (error.status, error.permanent, error.remedy) == ("site", False, remedy)
    assert not error.refusal
    assert error.at_once == (remedy == WAIT)


ABOUT_OTHERS = [
    "Access was blocked for violating our terms of service",
    "Request violates our policies",
    "Automated access violates the Terms of Service",
    "Downloading violates YouTube's Terms of Service",
    "Due to a court order your provider blocks this site",
    "The key is not valid. court order",
    "Access from your country is not allowed",
    "We are sorry, our site is geo-blocked",
    "This content does not exist for the current player",
    "This video was removed because client outdated",
    "This video is no longer available to guests",
    "This video is no longer available in HD",
    "This video was removed from the playlist",
    "This video is private for unauthenticated clients",
    "Account age-restricted: verify your identity",
    "This age-restricted video cannot be played by embedded players",
]
"""Sentences with words of a video's fate that are about access, programs or places."""


@pytest.mark.parametrize("text", ABOUT_OTHERS)
def test_a_sentence_whose_subject_is_not_the_video_passes(text):
    assert not said(text).permanent


@pytest.mark.parametrize(("status", "text"), UNSURE)
def test_what_nobody_knows_passes(status, text):
    error = said(text)
    assert (error.status, error.permanent) == (status, False)


@pytest.mark.parametrize(
    ("words", "permanent"),
    [(" on this app", False), (" Try again later.", False), (" for your account", False),
     (" from your IP address", False), (" by your network", False), ("", True)],
)  # fmt: skip
def test_words_of_who_asks_make_any_sentence_passing(words, permanent):
    for status, text in OF_THE_VIDEO:
        if not text.endswith(HINT):
            assert said(text.rstrip(".") + words).permanent == permanent, (status, text)


def literals_of_ytdlp():
    """Texts of errors in the source of the yt-dlp that is installed, of all its extractors."""
    call = re.compile(
        r"(?:ExtractorError|raise_no_formats|raise_login_required|raise_geo_restricted)\(\s*"
        r"(f?)(['\"])((?:\\.|(?!\2).)+)\2"
    )
    root = Path(yt_dlp.__file__).parent
    for path in [*sorted((root / "extractor").rglob("*.py")), root / "YoutubeDL.py"]:
        for match in call.finditer(path.read_text(encoding="utf-8")):
            yield match[3]


def test_no_sentence_of_ytdlp_about_accounts_or_programs_is_permanent():
    """Over every literal of the installed version: those with these words hold for all videos."""
    of_asker = re.compile(
        r"\b(log ?in|password|username|credential|cookies?|token|api|json|webpage|your account|"
        r"your ip|formats?|player|server|not supported|install)\b", re.IGNORECASE
    )  # fmt: skip
    texts = sorted(set(literals_of_ytdlp()))
    assert len(texts) > 500
    wrong = [text for text in texts if of_asker.search(text) and said(text).permanent]
    # Of the video after all, whatever else they say:
    about_video = re.compile(
        r"private|member|premium|subscri|(is|was|has been) (removed|deleted)|age"
    )
    assert [text for text in wrong if not about_video.search(text.lower())] == []


def test_ids_and_addresses_say_nothing():
    for hostile in ("captcha", "not_a_bot", "Private", "rate-limit"):
        error = classify(DownloadError(f"ERROR: [youtube] {hostile}: Video unavailable"))
        assert (error.status, error.permanent, error.bot_wall) == ("gone", False, False)
        text = f"ERROR: Unsupported URL: http://h/this-video-is-private/{hostile}"
        assert not classify(DownloadError(text)).permanent


def test_messages_hold_no_addresses():
    text = "\x1b[0;31mERROR:\x1b[0m [generic] -a: Got http://127.0.0.1:4/x from /tmp/a <at 0x7f01>"
    assert clean(text) == "Got (address) from (...) <at (...)>"
    assert clean("ERROR: [youtube] [jsc] a" + BUG) == "a"


RUNTIME_WARNINGS = [
    "[youtube] No supported JavaScript runtime could be found. Only deno is enabled by default; to "
    "use another runtime add  --js-runtimes RUNTIME[:PATH]  to your command/config.",
    "[youtube] aBc: n challenge solving failed: Some formats may be missing. Ensure you have a "
    "supported JavaScript runtime and challenge solver script distribution installed.",
]


@pytest.mark.parametrize("warning", RUNTIME_WARNINGS)
def test_the_warning_that_names_the_runtime_is_kept(warning):
    noise = ["[youtube] aBc: Some web client https formats have been skipped", "ffmpeg not found"]
    error = said("Requested format is not available", warnings=[*noise, warning, warning])
    assert "yt-dlp warned: " in error.message and "JavaScript runtime" in error.message
    assert error.message.count("yt-dlp warned") == 1 and "skipped" not in error.message
    assert error.remedy == RUNTIME
    # Whatever the sentence is: without a runtime it says nothing of the video.
    assert said("Video unavailable", warnings=[warning]).remedy == RUNTIME
    gone = said("This video has been removed by the uploader", warnings=[warning])
    assert (gone.permanent, gone.message) == (True, "This video has been removed by the uploader")


def test_an_old_ytdlp_is_told():
    old = "Your yt-dlp version (2025.01.01) is older than 90 days!\n         It is strongly ..."
    error = said("The page needs to be reloaded.", warnings=[old])
    assert "older than 90 days" in error.message and error.remedy == UPDATE


def test_a_bot_wall_is_told_from_a_rate_limit():
    wall = said("Sign in to confirm you’re not a bot. This helps protect our community" + HINT)
    assert wall.bot_wall and wall.refusal and not wall.permanent
    text = ("This content isn't available, try again later. The current session has been "
            "rate-limited by YouTube for up to an hour.")  # fmt: skip
    limit = said(text)
    assert (limit.status, limit.refusal, limit.bot_wall) == ("rate-limited", True, False)
    limit = http_failure(429, {"Retry-After": "7"})
    assert (limit.status, limit.retry_after) == ("rate-limited", 7.0)
    assert limit.refusal and not limit.bot_wall
    assert http_failure(503, {"Retry-After": "7"}).refusal
    assert not http_failure(503, {}).refusal
    assert not http_failure(404, {"Retry-After": "7"}).refusal
    assert not FetchError("network", "cut").refusal


def http_error(status, url="https://h/video", text="Unable to download API page"):
    response = SimpleNamespace(status=status, reason="no", headers={}, url=url, close=lambda: None)
    try:
        raise HTTPError(response)
    except HTTPError as cause:
        inner = ExtractorError(f"{text}: HTTP Error {status}: no", cause=cause, expected=True)
    return DownloadError(f"ERROR: {inner}", (type(inner), inner, None))


@pytest.mark.parametrize(
    ("status", "name", "permanent"),
    [(401, "private", False), (403, "blocked", False), (404, "gone", True), (407, "network", False),
     (410, "gone", True), (429, "rate-limited", False), (451, "geo", True), (500, "network", False),
     (400, "network", False), (503, "network", False)],
)  # fmt: skip
def test_http_statuses_of_the_video_and_of_the_sites_inner_workings(status, name, permanent):
    error = classify(http_error(status), address="https://h/video")
    assert (error.status, error.permanent) == (name, permanent)
    assert error.message == f"the site answered HTTP {status}"
    page = http_error(status, url="https://h/v2", text="Unable to download webpage")
    assert classify(page, address="https://h/video").permanent == permanent
    inner = http_error(status, url="https://h/youtubei/v1/player")
    assert not classify(inner, address="https://h/video").permanent
    known = http_error(status, text="This video has been removed by the uploader")
    assert classify(known, address="https://h/video").permanent
    assert (error.remedy != "") == (status in (401, 403, 407, 429))


def test_a_country_that_the_uploader_left_out_and_one_that_the_site_left_out():
    def raised(text):
        inner = GeoRestrictedError(text, countries=["DE"])
        hint = "\nYou might want to use a VPN or a proxy server (with --proxy) to workaround."
        return classify(DownloadError(f"ERROR: {text}{hint}", (type(inner), inner, None)))

    video = raised("The uploader has not made this video available in your country")
    assert (video.status, video.permanent) == ("geo", True) and "VPN" not in video.message
    assert raised("This video is not available from your location due to geo restriction").permanent
    site = raised("This service is not available in your country")
    assert (site.status, site.permanent, site.remedy) == ("geo", False, ADDRESS)


def test_a_connection_that_fails_is_tried_again_at_once():
    inner = TransportError("timed out")
    error = classify(DownloadError("ERROR: Unable to download webpage", (type(inner), inner, None)))
    assert (error.status, error.doubtful, error.at_once) == ("network", True, True)
    assert not said("Video unavailable").doubtful  # an answer, though it may not be true


def test_every_status_of_a_sentence_is_a_status():
    found = {meaning(text).status for _, text in OF_THE_VIDEO + OF_WHO_ASKS + UNSURE}
    assert found - {""} <= set(STATUSES)


@pytest.mark.parametrize("text", [None, "", "soon", "-1", "1e9", "Mon, 99 Foo 2026"])
def test_a_retry_after_that_says_nothing(text):
    assert read_retry_after(text) is None


def test_a_retry_after_as_a_date():
    assert read_retry_after("120") == 120.0
    assert read_retry_after(formatdate(time() + 60, usegmt=True)) == pytest.approx(60, abs=2)
    assert read_retry_after(formatdate(time() - 60, usegmt=True)) == 0.0
