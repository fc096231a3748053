"""A database engine for the suite; Django looks for it in ``base``."""
