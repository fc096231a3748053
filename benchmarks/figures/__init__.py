"""The figures, one module each: how it is measured, and what comes out."""
