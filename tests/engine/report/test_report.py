"""The report page: complete, harmless, the same every time, and honest where nothing is known."""

import base64
import copy
import hashlib
import math
import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from tonewright.engine.report import report_document, report_html
from tonewright.engine.targets import targets

HOSTILE = (
    "</title></svg><script>alert(1)</script>\"' onload=x & \u202egnp.exe \x00\x07 \udcff <img src=//evil.example/x>"
)


class Page(HTMLParser):
    """Reads a page strictly: every element has to be closed where it was opened."""

    VOID = frozenset({"meta", "br", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {tag}"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def side(lufs: float | None, peak: float | None, duration_s: float = 240.0) -> dict[str, Any]:
    hops = int(duration_s * 10) - 30
    centre = [1000.0 * 2 ** (n / 3) for n in range(-17, 14)]
    return {
        "version": 1,
        "input": {"path": "/music/song.wav", "rate_hz": 44_100, "channels": 2, "frames": 10_584_000, "bits": 24},
        "measurements": {
            "duration_s": duration_s, "rate_hz": 44_100, "channels": 2, "integrated_lufs": lufs, "lra_lu": 6.25,
            "true_peak_dbtp": peak, "sample_peak_dbfs": peak, "plr_db": None, "psr_min_db": math.nan,
            "short_term_series": {
                "hop": 0.1, "start": 3.0,
                "values": [None if lufs is None else lufs + 3 * math.sin(n / 90) for n in range(hops)],
            },
        },
        "spectrum": {"centre_hz": centre, "level_db": [-20 - abs(n) for n in range(-17, 14)]},
        "stereo": {
            "centre_hz": centre, "correlation": [0.5] * 31, "width_db": [None, *[-9.0] * 30],
            "balance_db": [0.0] * 31,
        },
        "sections": [
            {"label": "A", "start_s": 0.0, "end_s": 100.0}, {"label": "B", "start_s": 100.0, "end_s": duration_s},
        ],
    }  # fmt: skip


def document(**changes: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "before": side(-20.3, -6.0),
        "after": side(-14.0, -1.0),
        "title": "Song",
        "findings": [
            {
                "kind": "uneven_level", "severity": 0.62, "confidence": 0.8, "regions": [[61.2, 95.04]],
                "evidence": {"difference_db": -4.5, "bands": 28}, "message": "The second verse is quieter.",
                "remedy": {"step": "leveller", "params": {}, "effect": {"range_lu": -1.2}, "note": "Ride it."},
            },
            {
                "kind": "clipping", "severity": 0.9, "confidence": 0.97, "regions": [[1.0, 1.1], [200.0, 201.5]],
                "evidence": {"clip_level_dbfs": -0.3}, "message": "Peaks are cut off.", "remedy": None,
            },
        ],
        "decisions": [
            {"step": "leveller", "effect": "up to +3.5 dB",
             "because": [{"text": "It is uneven.", "evidence": {"step_db": 4.5}}, "The second verse is quieter."]},
            {"step": "maximiser", "effect": {"drive_db": 6.3}, "because": ["Streaming asks for it."]},
        ],
        "shortfalls": [{"text": "Stops 0.4 LU short."}],
        "recipe": {"version": 1, "input": {"sha256": "ab" * 32},
                   "steps": [{"id": "maximiser", "params": {"drive_db": 6.3}}]},
        "step_words": {"maximiser": "driven by 6.3 dB"},
        "intent": {"target_title": "Streaming", "lufs": -14.0, "ceiling_dbtp": -1.0},
        "platforms": [target.on_this(-14.0, -1.0) for target in targets()],
        "limiter": {"hop": 0.01, "start": 0.0, "values": [-3.0 * (n % 997 == 0) for n in range(24_000)]},
        "tone_target": {"centre_hz": [100.0, 1000.0, 8000.0], "median_db": [3.0, 0.0, -6.0],
                        "sigma_db": [4.0, 3.0, 5.0]},
        "files": {"master": "/out/song.wav"},
        "seconds": 3.9,
    }  # fmt: skip
    return report_document(**(parts | changes))


def strings_replaced(value: Any, by: str) -> Any:
    if isinstance(value, dict):
        return {key: strings_replaced(item, by) for key, item in value.items()}
    if isinstance(value, list):
        return [strings_replaced(item, by) for item in value]
    return by if isinstance(value, str) else value


def test_it_is_well_formed_and_says_it_all_in_order() -> None:
    html = report_html(document())
    words = Page(html).text
    expected = [
        "−20.3", "is now a master for Streaming", "−14.0", "Not done: stops 0.4 LU short.",
        "Better mended in the mix than here: clipping.", "Before and after", "Integrated loudness", "+6.3",
        "What was found", "uneven level", "The second verse is quieter.", "marked", "strong", "1:01.2–1:35.0",
        "difference", "−4.5", "Peaks are cut off.", "For the mix, not for the master.", "What was done, and why",
        "leveller", "up to +3.5 dB", "It is uneven.", "because of",
        "finding 1, uneven level", "maximiser", "Streaming asks for it.", "Loudness over time",
        "Spectrum", "Stereo field", "Limiter activity", "On the platforms", "Spotify", "Recipe: 1 step,", "ab" * 32,
        "song.wav",
    ]  # fmt: skip
    place = words.index("Mastering report")
    for item in expected:
        found = words.find(item.replace("\u202f", " "), place)
        assert found >= 0, f"{item!r} missing after {words[place : place + 60]!r}"
        place = found


def test_nothing_is_fetched_and_nothing_can_be() -> None:
    html = report_html(document())
    page = Page(html)
    for name, attributes in page.elements:
        assert name not in {"link", "iframe", "object", "embed", "base", "form", "img", "image", "use"}
        assert not {"src", "href", "xlink:href", "style", "action", "srcset"} & set(attributes)
        assert not [key for key in attributes if key.startswith("on")]
    assert not re.search(r"url\(|@import|https?:", html)
    policy = next(a["content"] for n, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for name in ("style", "script"):
        (inline,) = re.findall(f"<{name}>(.*?)</{name}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy


def test_hostile_strings_stay_text() -> None:
    hostile = strings_replaced(document(), HOSTILE)
    html = report_html(hostile)
    html.encode("utf-8")  # half surrogates would fail
    page = Page(html)
    assert [name for name, _ in page.elements].count("script") == 1
    assert "img" not in {name for name, _ in page.elements}
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", html)
    assert "alert(1)" in page.text
    harmless = {name for name, _ in Page(report_html(document())).elements}
    assert {name for name, _ in page.elements} <= harmless


def test_it_is_accessible() -> None:
    html = report_html(document())
    page = Page(html)
    attributes = [a for _, a in page.elements]
    ids = [a["id"] for a in attributes if "id" in a]
    assert len(set(ids)) == len(ids)
    for key in ("aria-labelledby", "aria-describedby"):
        assert {a[key] for a in attributes if key in a} <= set(ids)
    assert next(a for n, a in page.elements if n == "html")["lang"] == "en"
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    figures = sum(name == "figure" for name, _ in page.elements)
    assert figures == 4
    assert sum(name == "figcaption" for name, _ in page.elements) == figures
    assert all(
        "role" in a or "aria-hidden" in a or "preserveaspectratio" in a for n, a in page.elements if n == "svg"
    )
    tables = sum(name == "table" for name, _ in page.elements)
    assert sum(name == "caption" for name, _ in page.elements) == tables


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_have_the_contrast_that_wcag_asks_for() -> None:
    """WCAG 2.2: 4.5 for text (1.4.3), 3 for lines that carry meaning (1.4.11)."""
    style = re.search("<style>(.*?)</style>", report_html(document()), re.DOTALL)
    assert style is not None
    themes = re.findall(r":root \{(.*?)\}", style[1], re.DOTALL)
    assert len(themes) == 3
    for theme in themes:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]+)", theme))
        colours = {
            name: value if len(value) != 4 else "#" + "".join(2 * c for c in value[1:])
            for name, value in colours.items()
        }
        paper = luminance(colours["paper"])
        for name, least in {"ink": 7.0, "soft": 4.5, "found": 4.5, "after": 4.5, "before": 3.0}.items():
            low, high = sorted([paper, luminance(colours[name])])
            assert (high + 0.05) / (low + 0.05) >= least, (name, colours[name])
        # told apart without colour: lightness differs between before and after
        assert abs(luminance(colours["before"]) - luminance(colours["after"])) > 0.08


def test_every_finding_and_decision_is_there_however_many() -> None:
    one = document()["findings"][0]
    findings = [one | {"message": f"Remark {n}.", "regions": [[n * 3.0, n * 3.0 + 2]]} for n in range(60)]
    decisions = [{"step": f"step-{n}", "effect": f"Effect {n}.", "because": []} for n in range(20)]
    words = Page(report_html(document(findings=findings, decisions=decisions))).text
    assert all(f"Remark {n}." in words for n in range(60))
    assert all(f"Effect {n}." in words for n in range(20))


def test_a_shortfall_that_is_a_finding_is_named_once() -> None:
    twice = document(shortfalls=[{"text": "The second verse is quieter."}, "Stops short."])
    verdict = Page(report_html(twice)).text.split("Before and after")[0]
    assert "Better mended in the mix than here: uneven level, clipping." in verdict
    assert "Not done: stops short." in verdict
    assert "Not done: the second" not in verdict


def test_an_instant_is_one_time_and_an_unknown_service_is_said_to_be() -> None:
    finding = document()["findings"][0] | {"regions": [[96.01, 96.02]]}
    words = Page(report_html(document(findings=[finding]))).text
    assert "1:36.0 " in words
    assert "1:36.0–" not in words
    row = {"title": "Somewhere", "gain_db": None, "plays_at_lufs": None}
    for normalises, expected in (("unknown", "not known"), ("no", "not changed")):
        words = Page(report_html(document(platforms=[row | {"normalises": normalises}]))).text
        assert f"Somewhere {expected}" in words


def test_what_is_undefined_is_a_dash() -> None:
    quiet = document(before=side(None, None), after=side(None, None), limiter=None, tone_target=None, platforms=[])
    words = Page(report_html(quiet)).text
    assert "– –" in words
    assert not re.search(r"\b(nan|inf|None|null)\b", words)
    assert "Loudness over time" not in words
    assert "Limiter" not in words


def test_an_almost_empty_document_is_still_a_page() -> None:
    words = Page(report_html(report_document(before={}, after={}, findings=[]))).text
    assert "Untitled" in words
    assert "Nothing had to be changed." in words
    mono = copy.deepcopy(document())
    mono["before"]["stereo"] = mono["after"]["stereo"] = None
    assert "Stereo field" not in Page(report_html(mono)).text


def test_size_and_repeatability() -> None:
    long = document(before=side(-20.3, -6.0, 300.0), after=side(-14.0, -1.0, 300.0))
    long["limiter"] = {"hop": 0.01, "start": 0.0, "values": [abs(math.sin(n)) for n in range(30_000)]}
    html = report_html(long)
    assert len(html.encode()) < 200_000
    assert html == report_html(copy.deepcopy(long))


@pytest.mark.parametrize("seconds", [0.5, 7.0, 3 * 3600.0])
def test_any_length(seconds: float) -> None:
    found = document(before=side(-20.0, -3.0, seconds), after=side(-14.0, -1.0, seconds))
    assert "NaN" not in report_html(found)


def test_nothing_is_said_twice() -> None:
    because = [
        {"text": "You asked for warmth +15.", "evidence": {"warmth": 15.0}},
        {"text": "The second verse is quieter.", "evidence": {"difference_db": -4.5}},
        {"text": "It rings.", "evidence": {"notes": 3.0, "ring_db": 8.3}},
    ]
    words = Page(report_html(document(decisions=[{"step": "tone", "effect": "a bell", "because": because}]))).text
    assert "(warmth" not in words
    assert "(difference" not in words  # it stands with the finding
    assert "(notes 3; ring 8.3" in words
