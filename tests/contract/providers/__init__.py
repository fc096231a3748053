"""One suite that every provider passes. A provider adds a case (see ``case.py``) and nothing else."""
