import numpy as np
import pytest

from helpers.evaluate.distribution import frechet_distance, overlap


def gaussian(mean, covariance, n=40):
    """Points whose mean and covariance are just these, not only about these."""
    random = np.random.default_rng(0).standard_normal((n, len(mean)))
    random -= random.mean(axis=0)
    white = random @ np.linalg.inv(np.linalg.cholesky(np.cov(random, rowvar=False))).T
    return white @ np.linalg.cholesky(np.array(covariance, float)).T + mean


def test_the_distance_of_two_gaussians_is_the_known_one():
    # of diagonal covariances it is the sum of (m - m')^2 and of (s - s')^2
    a, b = gaussian([0, 0], [[1, 0], [0, 9]]), gaussian([3, 4], [[4, 0], [0, 1]])
    assert frechet_distance(a, b) == pytest.approx(25 + 1 + 4)
    assert frechet_distance(b, a) == pytest.approx(30)


def test_covariances_that_do_not_commute():
    # tr (C C')^(1/2) of 2 x 2 matrices is the root of tr (C C') + 2 |C C'|^(1/2)
    c, d = np.array([[2, 1], [1, 2]]), np.array([[3, 0], [0, 1]])
    shared = np.sqrt(np.trace(c @ d) + 2 * np.sqrt(np.linalg.det(c @ d)))
    assert frechet_distance(gaussian([0, 0], c), gaussian([0, 0], d)) == pytest.approx(4 + 4 - 2 * shared)


def test_a_group_is_at_no_distance_from_itself_even_with_more_features_than_drawings():
    group = np.random.default_rng(1).standard_normal((10, 30))
    assert frechet_distance(group, group) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(group + 2, group) == pytest.approx(4 * 30)


def test_a_group_lies_wholly_in_itself():
    group = np.random.default_rng(1).standard_normal((50, 4))
    same = overlap(group, group)
    assert (same.precision, same.recall, same.coverage) == (1, 1, 1)
    assert same.density > 1  # each is in its own ball too


def test_a_group_elsewhere_does_not_lie_in_it():
    group = np.random.default_rng(1).standard_normal((50, 4))
    assert overlap(group + 100, group) == (0, 0, 0, 0)


def test_each_number_counts_what_it_says():
    # real balls, k = 1: radii 1, 1, 1, 6; drawn balls: radii 0.5, 0.5, 2.5, 17
    real, drawn = np.array([[0.0], [1], [2], [8]]), np.array([[0.2], [0.7], [3.2], [20]])
    found = overlap(drawn, real, 1)
    assert found.precision == 3 / 4  # 20 is in none
    assert found.recall == 1  # 0 and 1 in the first two, 2 in that of 3.2, 8 in that of 20
    assert found.density == (2 + 2 + 1) / 4  # 0.2 and 0.7 in the balls of 0 and 1; 3.2 in that of 8
    assert found.coverage == 3 / 4  # 2's ball, from 1 to 3, is empty


def test_more_neighbours_reach_further():
    real = np.random.default_rng(1).standard_normal((60, 3))
    drawn = np.random.default_rng(2).standard_normal((60, 3)) + 1
    few, many = overlap(drawn, real, 3), overlap(drawn, real, 20)
    assert few.precision < many.precision and few.recall < many.recall and few.coverage < many.coverage


@pytest.mark.parametrize(
    "drawn, real, k, message",
    [
        (np.zeros((5, 2)), np.zeros((5, 3)), 3, r"shapes \(5, 2\) and \(5, 3\)"),
        (np.zeros((3, 2)), np.zeros((5, 2)), 3, "3 drawings beside 5"),
        (np.zeros((5, 2)), np.zeros((5, 2)), 0, "k is 0"),
        (np.full((5, 2), np.nan), np.zeros((5, 2)), 3, "not all finite"),
    ],
)
def test_what_cannot_be_compared_is_refused(drawn, real, k, message):
    with pytest.raises(ValueError, match=message):
        overlap(drawn, real, k)
    if k:
        return
    with pytest.raises(ValueError, match="1 drawings beside 5"):
        frechet_distance(drawn[:1], real)
