"""YAML with places: a stretch of a value is found in the file, however it was written; reading is bounded."""

import time

import pytest

from cds_engine.pack import reading

STYLES = {
    "plain": "when: a = 'x' and WORD",
    "plain on two lines": "when: a = 'x'\n  and WORD",
    "folded": "when: >\n  a = 'x'\n  and WORD\n",
    "folded with blank lines": "when: >\n\n  a = 'x'\n\n  and WORD\n\n",
    "folded with its indentation": "when: >2\n    a = 'x'\n  and WORD",
    "folded and stripped": "when: >-\n  a = 'x' and\n  WORD",
    "folded with a comment": "when: > # WORD\n  a = 'x' and WORD",
    "literal": "when: |\n  a = 'x'\n  and WORD\n",
    "literal and kept": "when: |+\n  a = 'x'\n    and WORD\n\n\n",
    "double quotes": "when: \"a = 'x' and WORD\"",
    "double quotes on two lines": "when: \"a = 'x'\n  and WORD\"",
    "double quotes, line joined": "when: \"a = 'x' \\\n  and WORD\"",
    "double quotes with escapes": 'when: "a = \'\\"\' and\\tWORD"',
    "double quotes at both ends": 'when: "\\"a\\" = a and WORD"',
    "single quotes": "when: 'a = ''x'' and WORD'",
    "single quotes at both ends": "when: '''x'' = a and WORD'",
    "in a flow mapping": "rule: {says: WORT, when: a = 'x' and WORD}",
    "quoted in a flow mapping": "rule: {says: WORT, when: \"a = {'x', 'y'} and WORD\"}",
    "in a flow list": "[{when: a = 'x' and WORD}]",
    "after an anchor": "when: &WORD a = 'x' and WORD",
    "after an anchor, folded": "when: &WORD >\n  a = 'x' and WORD",
    "through an alias": "first: &a a = 'x' and WORD\nwhen: *a",
    "behind other letters": "ä: 😀\nwhen: \"'ä😀' = a and WORD\"",
    "after Windows line ends": "b: c\r\nwhen: >\r\n  a = 'x'\r\n  and WORD\r\n",
    "after old line ends": "b: c\rwhen: a = 'x' and WORD",
    "after a byte order mark": "\ufeffwhen: a = 'x' and WORD",
    "after a comment": "# WORD\nwhen: a = 'x' and WORD # WORD",
}


def conditions(data):
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        if key == "when":
            yield value, data.values_at[key]
        elif not isinstance(value, str):
            yield from conditions(value)


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES)
def test_a_word_is_found_in_every_style(text):
    findings = []
    data = reading.read_yaml((f"top:\n - {text}" if text[0] == "[" else text).encode(), "a.yaml", findings)
    (value, place), *_ = conditions(data)
    begin = value.rindex("WORD")
    span = place.locator(value)(begin, begin + 4)
    assert findings == []
    assert span.text[span.column - 1 : span.end - 1] == "WORD"
    assert "WORD" not in span.text[span.end - 1 :].partition("#")[0]


@pytest.mark.parametrize(("begin", "end"), [(0, 1), (0, 99), (5, 5), (99, 100), (-1, 3)])
def test_a_stretch_beyond_the_value_stays_inside_the_file(begin, end):
    data = reading.parse_yaml("when: >\n  a = b\n", "a.yaml", [])
    span = data.values_at["when"].locator("a = b")(begin, end)
    assert span.line == 2
    assert 1 <= span.column < span.end <= len(span.text) + 1 or span.column == len(span.text) + 1


def test_every_scalar_is_text():
    data = reading.parse_yaml("{a: no, b: 1e3, c: 2026-11-21, d: null, e: 0x10, f: ~, g: ''}", "a.yaml", [])
    assert dict(data) == {"a": "no", "b": "1e3", "c": "2026-11-21", "d": "null", "e": "0x10", "f": "~", "g": ""}


def test_an_alias_holds_what_its_anchor_holds():
    data = reading.parse_yaml("a: &a {b: [c]}\nd: *a\n", "a.yaml", [])
    assert data["d"] == {"b": ["c"]}
    assert data.values_at["d"].span.line == 1


LARGE = {
    "brackets": "a: " + "[" * 100_000,
    "closed brackets": "a: " + "[" * 100_000 + "]" * 100_000,
    "braces": "{a: " * 100_000,
    "dashes": "a:\n " + "- " * 100_000 + "x",
    "question marks": "? " * 100_000,
    "indentation": "\n".join(" " * depth + "a:" for depth in range(1_500)),
    "many values": "a: [" + "x, " * 200_000 + "]",
    "doubling": "\n".join(["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]),
    "doubling mappings": "a0: &a0 {x: x}\n"
    + "\n".join(f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}" for n in range(1, 60)),
    "too many bytes": "# " + "x" * 5_000_000,
    "anchors within themselves": "a: &a [&b [*a, *b]]",
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_depth_and_size_are_bounded(text):
    findings = []
    started = time.process_time()
    data = reading.read_yaml(text.encode(), "a.yaml", findings)
    assert time.process_time() - started < 30, "it hangs"
    assert data is None
    assert [finding.code for finding in findings] in (["Y105"], ["Y102"])


RUBBISH = [
    b"\x00", b"a: \x01", b"a: \x7f", b"\xff\xfea\x00", b"\xc3", b"a: \xed\xa0\x80", b"%YAML 9.9\n---\na: 1", b"!x!y a",
    b"...", b"---", b"\n\n", b"*", b"&", b"{", b"]", b"a: |9x", b"%", b"? ", b": ", b"- ", b"<<: *a",
    b"a: 1\n...\nb: 2",
]  # fmt: skip


@pytest.mark.parametrize("content", RUBBISH)
def test_rubbish_is_one_finding_with_a_place(content):
    findings = []
    reading.read_yaml(content, "a.yaml", findings)
    for finding in findings:
        assert finding.span.file == "a.yaml"
        assert finding.help
