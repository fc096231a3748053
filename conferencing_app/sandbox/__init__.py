"""A local stand-in for conferencing providers that speaks real HTTP.

For development, demonstrations and tests. It needs Starlette and uvicorn, keeps its state in memory,
and imports nothing else of this package.
"""
