"""Promises of the gate: all workers wait together, stop together, and do not come back too soon."""

import multiprocessing
import time

import pytest

from chromatrack.configuration import as_plain
from chromatrack.fetch.failures import FetchError
from chromatrack.fetch.gate import Gate, GateClosed, read_state
from chromatrack.fetch.gate_state import GateState, pause
from chromatrack.files import canonical_json
from chromatrack.settings import BackOffSettings

RULES = BackOffSettings(base=10.0, cap=100.0, stop_after=5, cool_down=3600.0)
BUSY = FetchError("rate-limited", "HTTP 429")
WALL = FetchError("rate-limited", "not a bot", bot_wall=True)


def refused(state, error=BUSY, *, asked, now):
    return state.refused(error, asked=asked, now=now, backoff=RULES, source="site")


def test_pauses_double_up_to_the_cap_and_honour_what_the_site_asks():
    assert [pause(RULES, times) for times in (1, 2, 3, 4, 5, 5000)] == [10, 20, 40, 80, 100, 100]
    assert pause(RULES, 1, retry_after=33.0) == 33
    assert pause(RULES, 3, retry_after=33.0) == 40
    assert pause(RULES, 1, retry_after=5000.0) == 100


def test_refusals_in_a_row_close_the_gate_and_an_answer_between_them_does_not():
    state, now = GateState(), 1000.0
    for times in range(1, RULES.stop_after):
        state = refused(state, asked=now, now=now + 1)
        assert (state.refusals, state.closed_at) == (times, 0)
        assert state.not_before == now + 1 + pause(RULES, times)
        now = state.not_before
    assert state.answered(asked=now) == GateState()
    state = refused(state, asked=now, now=now + 1)
    assert (state.closed_at, state.closed_until) == (now + 1, now + 1 + RULES.cool_down)
    assert refused(state, asked=now + 9, now=now + 9) == state.answered(asked=now + 9) == state


def test_requests_under_way_when_the_pause_began_count_once_and_lift_nothing():
    state = refused(GateState(), asked=100.0, now=102.0)
    for other in (100.5, 101.0, 101.9):
        state = refused(state, asked=other, now=103.0)
    assert state.refusals == 1
    assert state.answered(asked=101.0) == state
    longer = FetchError("rate-limited", "HTTP 429", retry_after=60.0)
    assert refused(state, longer, asked=101.0, now=104.0).not_before == 164.0


def test_a_bot_wall_closes_at_once_and_a_long_retry_after_lengthens_the_cool_down():
    assert refused(GateState(), WALL, asked=100.0, now=101.0).closed_at == 101.0
    assert refused(refused(GateState(), asked=100, now=102), WALL, asked=101, now=103).closed_at
    patient = FetchError("rate-limited", "HTTP 429", retry_after=9000.0, bot_wall=True)
    assert refused(GateState(), patient, asked=0.0, now=1000.0).closed_until == 10_000.0


def test_refusals_of_long_ago_do_not_count():
    state = GateState(refusals=4, refused_at=1000.0, not_before=1080.0)
    assert refused(state, asked=5000.0, now=5001.0).refusals == 1


@pytest.mark.parametrize(
    ("after", "source", "retry_failed", "opens"),
    [(1.0, "site", False, False), (3601.0, "site", False, True), (1.0, "other", False, True),
     (1.0, "site", True, False), (101.0, "site", True, True), (101.0, "site", False, False)],
)  # fmt: skip
def test_who_may_ask_again(after, source, retry_failed, opens):
    closed = refused(GateState(), WALL, asked=1000.0, now=1000.0)
    state = closed.entered(
        now=1000.0 + after, backoff=RULES, source=source, retry_failed=retry_failed
    )
    assert (state == GateState()) == opens


SHORT = BackOffSettings(base=0.3, cap=0.3, stop_after=3, cool_down=60.0)


def test_one_refusal_makes_every_worker_wait(tmp_path):
    one, two = (Gate(tmp_path / "gate.json", SHORT, source="site") for _ in range(2))
    began = one.before()
    one.refused(BUSY, asked=began)
    assert two.before() >= began + 0.3
    one.answered(asked=one.before())
    assert read_state(tmp_path / "gate.json") == GateState()


def test_a_closed_gate_stops_who_waits_and_who_starts(tmp_path):
    path = tmp_path / "gate.json"
    gate = Gate(path, SHORT, source="site")
    asked = gate.before()
    gate.answered(asked=asked)
    assert not path.exists()  # a source that never refuses leaves nothing behind
    with pytest.raises(GateClosed):
        gate.refused(WALL, asked=asked)
    for _ in range(2):
        with pytest.raises(GateClosed, match="not a bot"):
            gate.before()
        with pytest.raises(GateClosed):
            Gate(path, SHORT, source="site").before()
    Gate(path, SHORT, source="with cookies").before()
    gate.before()


def test_a_damaged_file_is_an_open_gate(tmp_path):
    path = tmp_path / "gate.json"
    for text in ("", "{", "[]", '{"refusals": "many"}', '{"closed": 1}'):
        path.write_text(text)
        assert read_state(path) == GateState()
    Gate(path, SHORT, source="site").before()


def _hammer(path):
    gate = Gate(path, BackOffSettings(0.0, 0.0, 10**6, 60.0), source="site")
    for _ in range(50):
        gate.refused(BUSY, asked=time.time() + 1)


def test_what_a_site_says_is_kept_as_it_said_it(tmp_path):
    """A "${...}" in it is no variable of ours, which would not be set: the gate stays closed."""
    state = GateState(said="pay ${price}, not $HOME", closed_at=1.0, closed_until=9.0)
    path = tmp_path / "gate.json"
    path.write_text(canonical_json(as_plain(state)))
    assert read_state(path) == state


def test_no_refusal_is_lost_between_processes(tmp_path):
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_hammer, args=(tmp_path / "gate.json",)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
    assert read_state(tmp_path / "gate.json").refusals == 200


def test_many_failures_without_an_answer_close_the_gate_and_one_answer_forgets_them(tmp_path):
    rules = BackOffSettings(base=0.0, cap=0.0, give_up_after=4, cool_down=60.0)
    gate = Gate(tmp_path / "gate.json", rules, source="site")
    turned_away = FetchError("blocked", "HTTP 403", permanent=False)
    for _ in range(3):
        gate.failed(turned_away)
    gate.answered(asked=time.time())
    for _ in range(3):
        gate.failed(turned_away)
    with pytest.raises(GateClosed) as closed:
        gate.failed(turned_away)
    assert "4 requests in a row failed (HTTP 403)" in closed.value.reason
    with pytest.raises(GateClosed):
        Gate(tmp_path / "gate.json", rules, source="site").before()


def test_a_clock_that_is_set_back_by_a_day_makes_nobody_wait_for_it(tmp_path):
    rules = BackOffSettings(base=0.05, cap=0.1, stop_after=2, cool_down=3600.0)
    path, day = tmp_path / "gate.json", 86_400.0
    ahead = GateState(refusals=1, refused_at=time.time() + day, not_before=time.time() + day + 0.05)
    path.write_text(canonical_json(as_plain(ahead)))
    begin = time.monotonic()
    gate = Gate(path, rules, source="site")
    asked = gate.before()
    assert time.monotonic() - begin < 5
    gate.answered(asked=asked)
    assert read_state(path) == GateState()  # the answer counts
    closed = GateState(closed_at=time.time() + day, closed_until=time.time() + day + 3600.0,
                       source="site")  # fmt: skip
    path.write_text(canonical_json(as_plain(closed)))
    with pytest.raises(GateClosed):
        Gate(path, rules, source="site").before()
    assert 3500 < read_state(path).closed_until - time.time() <= 3600
    near = GateState(refusals=1, refused_at=time.time() + 5, not_before=time.time() + 6)
    assert near.set_back(time.time()) == near  # another machine's clock
