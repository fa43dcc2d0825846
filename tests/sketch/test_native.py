from numba.core import caching

from helpers.sketch.native import native


def test_a_function_is_compiled_where_nothing_can_be_kept(monkeypatch):
    """A home that cannot be written, and an installation that cannot either: numba finds no place for its cache."""
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    assert native(lambda x: x + 1)(1) == 2
