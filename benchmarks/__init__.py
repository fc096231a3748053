"""What the project promises, and how fast it is: ``python -m benchmarks.promises`` and ``python -m benchmarks``."""
