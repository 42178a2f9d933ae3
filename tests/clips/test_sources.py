"""Promises of the sources of videos: what they give is whole, and a failure has its true status."""

import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chromatrack.data.kinetics import ClipRow
from chromatrack.errors import InputError
from chromatrack.fetch.failures import FetchError
from chromatrack.fetch.server import parse_range, serve_folder
from chromatrack.fetch.sources import open_source
from chromatrack.fetch.sources.http import address
from chromatrack.plan import layout
from chromatrack.plan.problems import check_data
from chromatrack.settings import SourceSettings, from_mapping
from tests.videos import make_video


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return make_video(tmp_path_factory.mktemp("video") / "-video.mp4", frames=50)


def row(youtube_id, start=0.0, end=2.0, label="a label", split="train"):
    return ClipRow(label, youtube_id, start, end, split)


def get(settings, wanted, target):
    with open_source(settings) as source:
        return source.get(wanted, target)


def failure(settings, wanted, target):
    """The FetchError of a download, checked to name no address and no path."""
    with pytest.raises(FetchError) as caught:
        get(settings, wanted, target)
    error = caught.value
    assert error.message
    assert "127.0.0.1" not in error.message and str(target) not in error.message
    return error


# The stand-in for a video site


def ask(url, method="GET", **headers):
    request = urllib.request.Request(url, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_the_server_offers_videos_by_id_and_nothing_else(tmp_path):
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "-a_B1.mkv").write_bytes(bytes(range(100)))
    (folder / "notes.txt").write_text("no video")
    with serve_folder(folder) as url:
        status, headers, body = ask(url.format(id="-a_B1"))
        assert (status, headers["Content-Type"], body) == (
            200, "video/x-matroska", bytes(range(100)))  # fmt: skip
        status, headers, body = ask(url.format(id="-a_B1"), "HEAD")
        assert (status, headers["Content-Length"], body) == (200, "100", b"")
        status, headers, body = ask(url.format(id="-a_B1"), Range="bytes=10-19")
        assert (status, headers["Content-Range"], body) == (
            206, "bytes 10-19/100", bytes(range(10, 20)))  # fmt: skip
        assert ask(url.format(id="-a_B1"), Range="bytes=100-")[0] == 416
        for wrong in ("nothing", "notes", "../secret", "..%2fsecret", "%2e%2e/secret.mp4", ""):
            assert ask(url.format(id=wrong))[0] == 404


@pytest.mark.parametrize(
    ("header", "expected"),
    [(None, None), ("bytes=0-", (0, 99)), ("bytes=-5", (95, 99)), ("bytes=90-500", (90, 99)),
     ("bytes=0-1,5-6", None), ("lines=1-2", None), ("bytes=9-3", None), ("bytes=-", None)],
)  # fmt: skip
def test_ranges(header, expected):
    assert parse_range(header, 100) == expected


# Sources that download


@contextmanager
def site(answer):
    """A site in which `answer(handler)` answers each request; yields its address, and what it saw.

    The list holds (path, headers) of each GET.
    """
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers))
            with suppress(ConnectionError):
                answer(self)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def sends(status, kind, body, *, claims=None, **headers):
    """An answer with this status, type and body; `claims` is the length that it says it has."""

    def answer(handler):
        handler.send_response(status)
        if kind:
            handler.send_header("Content-Type", kind)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if claims is None else claims))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def drips_body(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "video/mp4")
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while True:
        handler.wfile.write(b"x")
        time.sleep(0.1)


def drips_header(handler):
    while True:
        handler.wfile.write(b"H")
        time.sleep(0.1)


def goes_in_circles(handler):
    handler.send_response(302)
    handler.send_header("Location", handler.path)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def hangs_up(handler):
    handler.connection.close()


FAULTS = {
    "410": (sends(410, "text/html", b""), "gone", True),
    "404": (sends(404, "text/html", b"<html>"), "gone", True),
    "403": (sends(403, "text/html", b""), "blocked", False),
    "451": (sends(451, "text/html", b""), "geo", True),
    "429": (sends(429, "text/html", b""), "rate-limited", False),
    "500": (sends(500, "text/html", b""), "network", False),
    "a page": (sends(200, "text/html", b"<html><body>hello</body></html>"), "corrupt", False),
    "no byte": (sends(200, "video/mp4", b""), "corrupt", False),
    "cut short": (sends(200, "video/mp4", b"x" * 2000, claims=3000), "network", False),
    "a circle": (goes_in_circles, "network", False),
    "hanging up": (hangs_up, "network", False),
    "dripping": (drips_body, "network", False),
    "a dripping header": (drips_header, "network", False),
}


@pytest.mark.parametrize("kind", ["ytdlp", "http"])
@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_a_site_have_their_status(tmp_path, fault, kind):
    answer, status, permanent = FAULTS[fault]
    limit = 1.0 if "dripping" in fault else 60.0
    with site(answer) as (url, _):
        settings = SourceSettings(kind=kind, url=url + "/{id}", timeout=limit)
        error = failure(settings, row("-some_id"), tmp_path)
    assert (error.status, error.permanent, error.retry_after) == (status, permanent, None)
    if "dripping" in fault:
        assert error.message == "the download was not complete after 1 s"


@pytest.mark.parametrize(("host", "comes"), [("127.0.0.1", True), ("localhost", False)])
def test_a_redirect_leads_to_no_other_host(video, tmp_path, host, comes):
    with site(sends(200, "video/mp4", video.read_bytes())) as (other, asked):
        target = other.replace("127.0.0.1", host) + "/video"

        def leads_on(handler):
            handler.send_response(302)
            handler.send_header("Location", target)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        with site(leads_on) as (url, _):
            settings = SourceSettings(kind="http", url=url + "/{id}")
            if comes:
                assert get(settings, row("-some_id"), tmp_path).read_bytes() == video.read_bytes()
                return
            error = failure(settings, row("-some_id"), tmp_path)
    assert (error.status, error.permanent) == ("network", False)
    assert "leads to another host (localhost)" in error.message
    assert asked == []


@pytest.mark.parametrize("kind", ["ytdlp", "http"])
def test_a_wait_that_the_site_asks_for_is_passed_on(tmp_path, kind):
    with site(sends(429, "text/html", b"", Retry_After="17")) as (url, _):
        error = failure(SourceSettings(kind=kind, url=url + "/{id}"), row("-some_id"), tmp_path)
    assert (error.status, error.retry_after) == ("rate-limited", 17.0)


@pytest.mark.parametrize("kind", ["ytdlp", "http"])
def test_a_site_that_cannot_be_reached_is_a_network_failure(tmp_path, kind):
    settings = SourceSettings(kind=kind, url="http://127.0.0.1:9/{id}")
    error = failure(settings, row("-some_id"), tmp_path)
    assert (error.status, error.permanent) == ("network", False)
    assert error.message.startswith("the connection failed")


@pytest.mark.parametrize("kind", ["ytdlp", "http"])
def test_what_arrives_is_the_video_byte_for_byte_and_comes_through_the_proxy(video, tmp_path, kind):
    with site(sends(200, "video/mp4", video.read_bytes())) as (url, asked):
        settings = SourceSettings(kind=kind, url="http://video.invalid/{id}", proxy=url)
        path = get(settings, row("-some_id"), tmp_path)
    assert path.parent == tmp_path and path.read_bytes() == video.read_bytes()
    assert {path for path, _ in asked} == {"http://video.invalid/-some_id"}


def test_a_rate_limit_is_kept(tmp_path):
    with site(sends(200, "video/mp4", bytes(100_000))) as (url, _):
        settings = SourceSettings(url=url + "/{id}", rate_limit=10_000, timeout=2.0)
        assert "not complete after 2 s" in failure(settings, row("-some_id"), tmp_path).message


def test_ytdlp_downloads_from_the_local_server_past_the_proxy(video, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    offered, target = tmp_path / "site", tmp_path / "we ird %(id)s $HOME"
    offered.mkdir()
    target.mkdir()
    (offered / "-Abc_123-xy.mp4").write_bytes(video.read_bytes())
    settings = SourceSettings(serve=str(offered))
    path = get(settings, row("-Abc_123-xy"), target)
    assert path.parent == target
    assert path.read_bytes() == video.read_bytes()
    assert failure(settings, row("-Abc_123-xz"), target).message == "the site answered HTTP 404"


def test_cookies_reach_the_site_and_their_file_is_never_written(video, tmp_path):
    cookies = tmp_path / "$HOME cookies.txt"
    cookies.write_text(
        "# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\tsecret-4711\n"
    )
    cookies.chmod(0o444)
    before = cookies.read_bytes()
    answer = sends(200, "video/mp4", video.read_bytes(), Set_Cookie="session=other")
    with site(answer) as (url, asked):
        get(SourceSettings(url=url + "/{id}", cookies=str(cookies)), row("-some_id"), tmp_path)
    assert asked[0][1]["Cookie"] == "session=secret-4711"
    assert cookies.read_bytes() == before
    (tmp_path / "page.txt").write_text("<html>\n")
    for wrong in ("page.txt", "missing.txt"):
        settings = SourceSettings(cookies=str(tmp_path / wrong))
        with pytest.raises(InputError, match=wrong), open_source(settings):
            pass


def test_an_address_is_filled_in_percent_quoted():
    template = "http://h/{split}/{label}/{clip}.mp4?v={id}&from={start}&to={end}"
    quoted = address(template, row("-some_id", 1.5, 12.0, "a b/../é&{id}"))
    assert quoted == (
        "http://h/train/a%20b%2F..%2F%C3%A9%26%7Bid%7D/-some_id_000001500ms_000000012.mp4"
        "?v=-some_id&from=1.5&to=12"
    ).replace("000000012", "000012")


def test_an_address_of_clips_gives_ready_clips():
    for url, ready in (("http://h/{id}", False), ("http://h/{clip}", True),
                       ("http://h/{id}?from={start}", True)):  # fmt: skip
        with open_source(SourceSettings(kind="http", url=url)) as source:
            assert source.ready is ready


@pytest.mark.parametrize(
    ("given", "message"),
    [({"kind": "http", "url": "http://h/{idd}"}, "url: expected {id}, {clip}"),
     ({"kind": "http", "url": "http://h/"}, "url: expected http"),
     ({"kind": "http", "url": "file:///etc/{id}"}, "url: expected http"),
     ({"kind": "ytdlp", "url": "http://h/"}, "url: expected {id}"),
     ({"kind": "clips"}, "folder: expected a folder"),
     ({"kind": "folder"}, "folder: expected a folder"),
     ({"proxy": "http://me:secret@host"}, "proxy: a password would be written"),
     ({"timeout": 0}, "timeout: expected more than 0"),
     ({"rate_limit": 0}, "rate_limit: expected more than 0"),
     ({"sleep": -1}, "sleep: expected 0 or more")],
)  # fmt: skip
def test_a_wrong_setting_names_its_key(given, message):
    with pytest.raises(InputError) as caught:
        from_mapping({"run": "a", "data": {"title": "x", "demo": True}, "clips": {"source": given}})
    assert str(caught.value).startswith(f"clips.source.{message}")
    assert "secret" not in str(caught.value)


def test_paths_of_a_source_are_checked_before_any_job(tmp_path):
    for name in ("list.csv", "got10k/train/list.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    data = {"title": "x", "got10k": str(tmp_path / "got10k")}

    def check(source, kinetics_list="list.csv"):
        data["kinetics_list"] = str(tmp_path / kinetics_list)
        settings = from_mapping({"run": "a", "data": data, "clips": {"source": source}})
        check_data(settings)
        return layout.clip_settings(settings).source, layout.clip_list(settings)

    nowhere = str(tmp_path / "nowhere")
    for key, source in {
        "cookies": {"cookies": nowhere},
        "folder": {"kind": "clips", "folder": nowhere},
    }.items():
        with pytest.raises(InputError, match=rf"clips\.source\.{key}: .*nowhere does not exist"):
            check(source)
    with pytest.raises(InputError, match=r"clips\.source\.folder: .*nowhere/list.txt"):
        check({"kind": "got10k", "folder": nowhere})
    assert check({})[1] == tmp_path / "list.csv"
    # GOT-10k is its own list, and the run's training set where no other is named.
    source, listed = check({"kind": "got10k"}, kinetics_list="nowhere.csv")
    assert source.folder == str(tmp_path / "got10k/train")
    assert listed == tmp_path / "got10k/train/list.txt"


# The folder of full videos


def test_the_folder_source_reads_in_place(video, tmp_path):
    (tmp_path / "-id.webm").write_bytes(video.read_bytes())
    settings = SourceSettings(kind="folder", folder=str(tmp_path))
    assert get(settings, row("-id"), tmp_path) == tmp_path / "-id.webm"
    assert failure(settings, row("../-id"), tmp_path).message == "the folder has no such video"
    missing = SourceSettings(kind="folder", folder=str(tmp_path / "no"))
    with pytest.raises(InputError, match="expected a folder"), open_source(missing):
        pass
