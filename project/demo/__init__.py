"""``python -m project.demo``: plays the demo's story on the terminal, or serves the site for a browser."""
