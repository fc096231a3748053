"""``python -m benchmarks.promises``: every figure and point that the project promises, at full size, one line each."""
