"""Damage to files: bytes of any file, lines and numbers of a text, values of a JSON."""

import json
import re

NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
ODD_NUMBERS = (
    b"nan", b"NaN", b"inf", b"-inf", b"1e999", b"1e300", b"-1", b"0", b"-0.0", b"1e18", b"1_000",
    b"99999999999999999999", b"9" * 5000, b"0x10", b"1,5", b"x", b"", b" ", "٣".encode(), b"\xff",
)  # fmt: skip
ODD_VALUES = (
    None, True, [], {}, [[]], {"x": 1}, "", "nan", "x" * 300, -1, 0, 10**30, 1e300, float("nan"),
    float("inf"), "\ud800", [None], "../..",
)  # fmt: skip


def flip(data, chance):
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


def scatter(data, chance):
    changed = bytearray(data)
    for _ in range(chance.randrange(2, 20)):
        changed[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(changed)


def cut_tail(data, chance):
    return data[: chance.randrange(len(data))]


def cut_out(data, chance):
    first, last = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:first] + data[last:]


def insert(data, chance):
    place = chance.randrange(len(data))
    more = chance.choice(
        (b"\0", b"\xff\xfe", b"\r", b"\n\n", b'"', b",", b"\t", b"\xef\xbb\xbf", b"#", b"\x1a")
    )
    return data[:place] + more * chance.randrange(1, 5) + data[place:]


def empty(data, chance):
    return chance.choice((b"", b"\n", b" ", b"\0" * 64))


def other(data, chance):
    """Something else altogether."""
    return chance.choice(
        (b"<html>no</html>", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04", b"[]", b"{}", b"null",
         b"\x80\x02.",
         "ΩΩΩ\n".encode("utf-16"), b"\x1f\x8b\x08", b"0\n" * 50, b"[" * 50_000, b"&a [*a]\n")
    )  # fmt: skip


def doubled(data, chance):
    return data + data


BYTES = (flip, scatter, cut_tail, cut_out, insert, empty, other, doubled)


def number(data, chance):
    places = [match.span() for match in NUMBER.finditer(data)]
    if not places:
        return flip(data, chance)
    first, last = chance.choice(places)
    return data[:first] + chance.choice(ODD_NUMBERS) + data[last:]


def swap_numbers(data, chance):
    places = [match.span() for match in NUMBER.finditer(data)]
    if len(places) < 2:
        return flip(data, chance)
    (a, b), (c, d) = sorted(chance.sample(places, 2))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def drop_line(data, chance):
    lines = data.splitlines(keepends=True)
    del lines[chance.randrange(len(lines))]
    return b"".join(lines)


def repeat_line(data, chance):
    lines = data.splitlines(keepends=True)
    line = chance.choice(lines)
    lines.insert(chance.randrange(len(lines) + 1), line)
    return b"".join(lines)


def swap_lines(data, chance):
    lines = data.splitlines(keepends=True)
    first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b"".join(lines)


def odd_word(data, chance):
    words = re.split(rb"([\s,;:\t]+)", data)
    words[chance.randrange(len(words))] = chance.choice((*ODD_NUMBERS, b"..", b"/etc", b"~", b"$X"))
    return b"".join(words)


TEXT = (*BYTES, number, number, number, swap_numbers, drop_line, repeat_line, swap_lines, odd_word)


def json_value(data, chance):
    """One value becomes another, or goes."""
    lines = data.splitlines() if data.count(b"\n{") else [data]  # JSON, or a line of it each
    at = chance.randrange(len(lines))
    try:
        value = json.loads(lines[at])
        places = list(_places(value))
    except (ValueError, RecursionError):  # damaged before
        return flip(data, chance)
    if not places:
        return flip(data, chance)
    parent, key = chance.choice(places)
    if chance.random() < 0.2:
        del parent[key]
    else:
        parent[key] = chance.choice(ODD_VALUES)
    lines[at] = json.dumps(value, indent=None if len(lines) > 1 else 1).encode()
    return b"\n".join(lines) + b"\n"


def _places(value):
    """Every value within another, as that other and the key."""
    if not isinstance(value, dict | list):
        return
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        yield value, key
        yield from _places(inner)


JSON = (*TEXT, *[json_value] * 8)
