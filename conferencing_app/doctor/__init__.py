"""What is misconfigured, and the line to paste: the system checks, and what only a look at the running site shows."""
