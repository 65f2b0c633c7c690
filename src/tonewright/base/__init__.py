"""What everything else stands on: errors, parameters, units, signals, audio files."""
