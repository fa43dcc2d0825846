"""Clusters that bear names, and how often an answer is right."""

from types import SimpleNamespace

import numpy as np
import pytest

from helpers.evaluate import accuracy, name_by_clusters


def test_accuracy_is_the_share_of_drawings_whose_own_class_is_most_probable():
    judge = SimpleNamespace(probabilities=lambda drawings: np.array([[0.7, 0.3], [0.4, 0.6], [0.1, 0.9]]))
    assert accuracy(judge, [None] * 3, np.array([0, 0, 1])) == pytest.approx(2 / 3)


def test_a_cluster_is_named_after_the_class_of_most_of_its_drawings():
    rng = np.random.default_rng(0)
    centres = np.array([[0.0, 0], [9, 0], [0, 9]])
    places = np.repeat(np.arange(3), 20)
    known, labels = centres[places] + rng.normal(size=(60, 2)), np.array([2, 0, 1])[places]
    labels[[0, 25]] = 1  # a few that lie elsewhere change no name
    assert name_by_clusters(known, labels, centres, clusters=3).tolist() == [2, 0, 1]
