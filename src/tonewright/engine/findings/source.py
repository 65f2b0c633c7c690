"""Where it came from: a codec's low-pass, padded bits, a lower rate."""

from collections.abc import Iterator

from tonewright.base.units import power_to_db
from tonewright.engine.facts import Facts
from tonewright.engine.findings.model import Finding, unit

#: Half of the rates that sounds are made or delivered at; content that ends just under one of them was there before.
_OLD_RATES_HZ = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000)
#: Content ends between these parts of half the old rate (converters' low-passes).
_NEAR = (0.90, 1.015)
#: Where codecs put their low-pass.
_CODEC_HZ = (10_500.0, 20_600.0)


def find(facts: Facts) -> Iterator[Finding]:
    edge, drop = facts.spectrum.edge_hz, facts.spectrum.edge_drop_db
    half = facts.rate_hz / 2
    if edge is not None and edge < 0.93 * half:
        old = old_rate(edge, facts.rate_hz)
        if facts.rate_hz > 50_000 and old is not None:
            yield _upsampled(edge, drop, old, facts)
        elif _CODEC_HZ[0] < edge < _CODEC_HZ[1] and facts.rate_hz >= 32_000 and old not in (22_050, 24_000):
            yield _lossy(edge, drop, facts)
        elif old is not None:
            yield _upsampled(edge, drop, old, facts)
    padded = _padded(facts)
    if padded is not None:
        yield padded


def old_rate(edge_hz: float, rate_hz: int) -> int | None:
    """The lower rate whose half the content ends at, if any."""
    fits = [old for old in _OLD_RATES_HZ if old < 0.95 * rate_hz and _NEAR[0] <= edge_hz / (old / 2) <= _NEAR[1]]
    return max(fits) if fits else None


def _lossy(edge_hz: float, drop_db: float, facts: Facts) -> Finding:
    known = facts.info is not None and facts.info.lossy
    return Finding(
        kind="lossy_source",
        severity=unit(0.15 + (20_500.0 - edge_hz) / 12_000.0),
        confidence=0.99 if known else unit(0.5 + (drop_db - 15.0) / 40.0),
        message=(
            f"Everything above {edge_hz / 1000:.1f} kHz is missing, cut as sharply as by MP3 or AAC: send the mix as "
            "it left the studio, for what a codec took can't be given back."
        ),
        evidence={"edge_hz": edge_hz, "drop_db": drop_db, "declared_lossy": known},
    )


def _upsampled(edge_hz: float, drop_db: float, old_rate_hz: int, facts: Facts) -> Finding:
    return Finding(
        kind="fake_resolution",
        severity=unit(0.1 + (22_050.0 - min(edge_hz, 22_050.0)) / 22_050.0),
        confidence=unit(0.5 + (drop_db - 15.0) / 50.0),
        message=(
            f"Nothing lies above {edge_hz / 1000:.1f} kHz: this was made at {old_rate_hz / 1000:g} kHz and converted "
            f"to {facts.rate_hz / 1000:g} kHz; send the original if there is one."
        ),
        evidence={"edge_hz": edge_hz, "drop_db": drop_db, "likely_rate_hz": old_rate_hz, "rate_hz": facts.rate_hz},
    )


def _padded(facts: Facts) -> Finding | None:
    info, used = facts.info, facts.waveform.used_bits
    if info is None or info.lossy or info.bits is None or not 0 < used <= 16:
        return None
    if info.bits <= 16 and not (info.bits == 16 and used <= 12):
        return None
    if power_to_db(float(facts.waveform.energy.max(initial=0.0))) < -60.0:
        return None
    return Finding(
        kind="fake_resolution",
        severity=unit(0.1 + (16 - used) / 12.0),
        confidence=0.97,
        message=(
            f"The file claims {info.bits} bits but uses {used}: the rest are zeros. Export it again from the session "
            f"at {max(24, info.bits)} bits."
        ),
        evidence={"claimed_bits": info.bits, "used_bits": used},
    )
