"""Meters: loudness, true peak, spectrum, stereo, dynamics, structure. They look; they never change a sample."""
