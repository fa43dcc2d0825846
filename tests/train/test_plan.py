"""What a run is asked for is checked before it trains."""

import pytest

from helpers.train.plan import Plan, Schedule, check_run_name


@pytest.mark.parametrize(
    ("name", "value", "interval"),
    [
        ("drop", 1.5, "[0, 1)"),
        ("splice", 2, "[0, 1]"),
        ("learning_rate", 0, "(0, 1]"),
        ("learning_rate", float("nan"), "(0, 1]"),
        ("batch", -3, "[1, inf)"),
        ("steps", 0, "[1, inf)"),
        ("stretch", 1, "[0, 1)"),
        ("kl_weight", -1, "[0, inf)"),
        ("clip", float("inf"), "(0, inf)"),
        ("seed", -1, "[0, inf)"),
        ("turn", 200, "[0, 180]"),
        ("radius", 0, "(0, inf)"),
    ],
)
def test_a_number_that_trains_nothing_is_refused_with_its_name_and_its_range(name, value, interval):
    with pytest.raises(ValueError) as told:
        Plan(**{name: value})
    assert str(told.value).startswith(name) and str(told.value).endswith(f"it must lie in {interval}")


def test_ends_of_ranges_and_defaults_are_taken():
    Plan(drop=0, partial=1, splice=1, learning_rate=1, kl_weight=0, anneal=0, turn=180)
    assert Schedule() == Schedule(steps=10_000)
    with pytest.raises(ValueError, match="prior is 'x'"):
        Plan(prior="x")


def test_steps_that_are_no_multiple_of_the_epoch_are_refused_with_one_that_would_do():
    with pytest.raises(ValueError, match=r"steps \(300\) .* epoch \(500\); an epoch of 300 would do"):
        Plan(steps=300)
    with pytest.raises(ValueError, match="an epoch of 400 would do"):
        Plan(steps=1200)


@pytest.mark.parametrize("name", ["my/cat", "../outside", "..", "", ".hidden", "a\\b", "C:", "a\nb", "cat.npz", "cat."])
def test_a_name_that_is_no_plain_name_is_refused(name):
    with pytest.raises(ValueError, match="a run's name"):
        check_run_name(name)


@pytest.mark.parametrize("name", ["zoo", "my cat 2", "猫", "v1.2"])
def test_plain_names_of_any_script_are_taken(name):
    check_run_name(name)
