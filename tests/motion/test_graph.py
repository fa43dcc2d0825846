"""A story as a map."""

import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch

from helpers.motion import Choice, Scene, clips, story_map


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
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == 5 and len(axes.patches) - len(arrows) == 5  # an ending has two frames
    assert [arrow.get_linestyle() != "-" for arrow in arrows].count(True) == 1
    assert len(axes.images) == 0
    at = {text.get_text(): text.get_position() for text in axes.texts}
    assert at["Quay"][0] < at["Boat"][0] == at["Market"][0] < at["Home"][0]
    with pytest.raises(ValueError, match="dead end"):
        story_map({"Quay": Scene("a", "", {})})


def test_scenes_may_show_their_clips(tmp_path, monkeypatch):
    monkeypatch.setattr(clips, "KEPT", tmp_path / "kept")
    red, blue = ([np.full((48, 96, 3), color, np.uint8)] * 3 for color in ((200, 30, 30), (30, 60, 200)))
    scenes = {"Quay": Scene(red, "", {"On": "Home"}), "Home": Scene(blue, "", {}, ending=True)}
    (axes,) = story_map(scenes, pictures=True).axes
    colors = [image.get_array().mean(axis=(0, 1)).argmax() for image in axes.images]
    assert colors == [0, 2]
    for image in axes.images:
        left, right, low, high = image.get_extent()
        assert (right - left) / (high - low) == pytest.approx(2)
