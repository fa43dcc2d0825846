"""A story as a map."""

import pytest

from helpers.motion import Choice, Scene, story_map


def test_every_scene_and_every_choice_is_on_the_map(tmp_path):
    scenes = {
        "Quay": Scene("a", "", {"On": "Boat", "Off": "Market"}),
        "Boat": Scene("a", "", {"On": "Home", "Back": Choice("Quay", ("Market",))}),
        "Market": Scene("a", "", {"On": "Home"}),
        "Home": Scene("a", "", {}, ending=True),
    }
    figure = story_map(scenes)
    (axes,) = figure.axes
    assert {text.get_text() for text in axes.texts} == set(scenes)
    assert len(axes.patches) == 5
    assert [patch.get_linestyle() for patch in axes.patches].count("--") == 1
    at = {text.get_text(): text.get_position() for text in axes.texts}
    assert at["Quay"][0] < at["Boat"][0] == at["Market"][0] < at["Home"][0]
    with pytest.raises(ValueError, match="dead end"):
        story_map({"Quay": Scene("a", "", {})})
