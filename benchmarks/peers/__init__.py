"""What is measured beside the product: what a team would write itself, and what it would install for linking alone."""
