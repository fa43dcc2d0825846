"""Where the scenes of a map stand."""

from itertools import pairwise

from helpers.motion.layout import layered


def test_scenes_stand_right_of_those_that_lead_to_them_and_arrows_pass_every_column():
    edges = {"a": ["b", "c", "e"], "b": ["d"], "c": ["d", "a", "f"], "d": ["e", "b"], "e": [], "f": []}
    layout = layered(edges, "a", ["e", "f"])
    columns = {name: column for name, (column, _) in layout.places.items()}
    assert columns == {"a": 0, "b": 1, "c": 1, "d": 2, "e": 3, "f": 3}
    assert set(layout.ways) == {(a, b) for a in edges for b in edges[a]}
    for (a, b), way in layout.ways.items():
        assert (way[0], way[-1]) == (layout.places[a], layout.places[b])
        assert {abs(one[0] - other[0]) for one, other in pairwise(way)} == {1}
    rows: dict[int, list[float]] = {}
    for column, row in layout.places.values():
        rows.setdefault(column, []).append(row)
    assert all(other - one >= 1 - 1e-9 for some in rows.values() for one, other in pairwise(sorted(some)))


def test_arrows_that_need_not_cross_do_not():
    """Two ways that cross in the order in which they are named."""
    edges = {"a": ["b", "c"], "b": ["y"], "c": ["x"], "x": ["p"], "y": ["q"], "p": [], "q": []}
    places = layered(edges, "a").places
    above = [places[one][1] < places[other][1] for one, other in ("bc", "yx", "qp")]
    assert above in ([True] * 3, [False] * 3)


def test_a_scene_alone_and_one_that_leads_to_itself():
    assert layered({"a": ["a"]}, "a").places == {"a": (0, 0)}
