"""The demo site in a real browser: real processes, as the demo runs them, and Chromium without a window."""
