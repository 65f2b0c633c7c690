"""The loop of active_band.py: three state-variable filters, the powers, and once per tick the gain.

Apart from its callers only because it is compiled.
"""

import math

from tonewright.base.kernels import kernel

#: State below this is nothing (-1200 dB), and would only slow the arithmetic down.
_NOTHING = 1e-60
#: Added to powers before the logarithm.
_TINY = 1e-30

# Rows and columns of the kernel's tables.
_SENSE, _AGAINST, _SOUND, _SUMS = range(4)
_THRESHOLD, _SLOPE, _KNEE, _RANGE, _FALL, _FLOOR = range(6)
_COUNT, _GAIN, _STEP, _HELD, _TARGET = range(5)


@kernel
def follow(  # type: ignore[no-untyped-def]
    heard,
    sound,
    filters,
    mixes,
    settings,
    flags,
    level_weights,
    levels,
    rise_weights,
    rises,
    state,
    control,
    change,
):
    """One band over one block: what is to be added to the sound, and the state after it.

    heard, sound, change: (channels, frames). filters: (3, 7), see _SENSE: the filter as a state space,
        s1' = m11·s1 - m21·s2 + m21·x,   s2' = m21·s1 + m22·s2 + m23·x,
        v1 = a1·s1 + a2·(x - s2),        v2 = s2 + a2·s1 + a3·(x - s2)       (v1: band-pass over k, v2: low-pass)
    mixes: (4, 3), weights of x, v1 and v2: what is sensed, what it is held against, what G - 1 and √G - 1 multiply.
    flags: tick, reference (0 none, 1 less what is sensed, 2 plain), whether there is a √G. levels: (2, ticks) and
    rises: (ticks,), oldest first. state: (channels, 4, 2), of the filters and, last, the powers summed so far.
    control: (5,).
    """
    channels, frames = heard.shape
    tick, reference, rooted = flags[0], flags[1], flags[2]
    l11, l21, l22, l23, la1, la2, la3 = filters[_SENSE]
    r11, r21, r22, r23, ra1, ra2, _ = filters[_AGAINST]
    m11, m21, m22, m23, ma1, ma2, ma3 = filters[_SOUND]
    sense_x, sense_1, sense_2 = mixes[0]
    against_1 = mixes[1, 1]
    gain_x, gain_1, gain_2 = mixes[2]
    root_1 = mixes[3, 1]
    less = 1.0 if reference == 1 else 0.0
    n = 0
    while n < frames:
        count = int(control[_COUNT])
        stop = min(frames, n + tick - count)
        base, step = control[_GAIN], control[_STEP]
        for c in range(channels):
            l1, l2 = state[c, _SENSE, 0], state[c, _SENSE, 1]
            r1, r2 = state[c, _AGAINST, 0], state[c, _AGAINST, 1]
            s1, s2 = state[c, _SOUND, 0], state[c, _SOUND, 1]
            power, reference_power = state[c, _SUMS, 0], state[c, _SUMS, 1]
            for i in range(n, stop):
                x = heard[c, i]
                sensed = sense_x * x + sense_1 * (la1 * l1 + la2 * (x - l2))
                sensed += sense_2 * (l2 + la2 * l1 + la3 * (x - l2))
                l1, l2 = l11 * l1 + (l21 * x - l21 * l2), l22 * l2 + (l21 * l1 + l23 * x)
                power += sensed * sensed
                if reference > 0:
                    rest = against_1 * (ra1 * r1 + ra2 * (x - r2)) - less * sensed
                    r1, r2 = r11 * r1 + (r21 * x - r21 * r2), r22 * r2 + (r21 * r1 + r23 * x)
                    reference_power += rest * rest
                x = sound[c, i]
                v1 = ma1 * s1 + ma2 * (x - s2)
                v2 = s2 + ma2 * s1 + ma3 * (x - s2)
                s1, s2 = m11 * s1 + (m21 * x - m21 * s2), m22 * s2 + (m21 * s1 + m23 * x)
                gain = base + step * (count + i - n + 1)
                add = (gain - 1.0) * (gain_x * x + gain_1 * v1 + gain_2 * v2)
                if rooted:
                    add += (math.sqrt(gain) - 1.0) * (root_1 * v1)
                change[c, i] = add
            state[c, _SENSE, 0], state[c, _SENSE, 1] = l1, l2
            state[c, _AGAINST, 0], state[c, _AGAINST, 1] = r1, r2
            state[c, _SOUND, 0], state[c, _SOUND, 1] = s1, s2
            state[c, _SUMS, 0], state[c, _SUMS, 1] = power, reference_power
        control[_COUNT] += stop - n
        n = stop
        if control[_COUNT] == tick:
            power, reference_power = 0.0, 0.0
            for c in range(channels):
                power += state[c, _SUMS, 0] / (tick * channels)
                reference_power += state[c, _SUMS, 1] / (tick * channels)
                state[c, _SUMS, 0], state[c, _SUMS, 1] = 0.0, 0.0
                for f in range(3):
                    for j in range(2):
                        if abs(state[c, f, j]) < _NOTHING:
                            state[c, f, j] = 0.0
            for t in range(levels.shape[1] - 1):
                levels[0, t], levels[1, t] = levels[0, t + 1], levels[1, t + 1]
            levels[0, -1], levels[1, -1] = power, reference_power
            _tick(settings, tick, reference, level_weights, levels, rise_weights, rises, control)


@kernel
def _tick(settings, tick, reference, level_weights, levels, rise_weights, rises, control):  # type: ignore[no-untyped-def]
    """The end of a tick: from the powers of the last ticks to where the gain goes over the next one."""
    power, rest = 0.0, 0.0
    for t in range(levels.shape[1]):
        power += level_weights[t] * levels[0, t]
        rest += level_weights[t] * levels[1, t]
    if reference == 0:
        rest = 1.0
    # How far the level is on the acting side; the logarithm only where it is.
    amount = 0.0
    threshold = settings[_THRESHOLD] * rest
    below = settings[_SLOPE] < 0.0
    if power > settings[_FLOOR] and (power < threshold if below else power > threshold):
        over = abs(10.0 * math.log10((power + _TINY) / (threshold + _TINY)))
        if over < settings[_KNEE]:
            amount = over * over / (2.0 * settings[_KNEE])
        else:
            amount = over - settings[_KNEE] / 2.0
    held = max(min(amount * abs(settings[_SLOPE]), abs(settings[_RANGE])), control[_HELD] - settings[_FALL])
    control[_HELD] = held
    smooth = 0.0
    for t in range(rises.shape[0] - 1):
        rises[t] = rises[t + 1]
    rises[-1] = held
    for t in range(rises.shape[0]):
        smooth += rise_weights[t] * rises[t]
    # The gain is now where the last tick sent it, and is sent on from there.
    target = 1.0
    if smooth > 0.0:
        target = 10.0 ** (math.copysign(min(smooth, abs(settings[_RANGE])), settings[_RANGE]) / 20.0)
    control[_GAIN] = control[_TARGET]
    control[_STEP] = (target - control[_TARGET]) / tick
    control[_TARGET] = target
    control[_COUNT] = 0.0
