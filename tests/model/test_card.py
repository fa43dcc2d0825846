"""Cards of models: what Hugging Face reads at their top."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from helpers.evaluate.judge import load_judge
from helpers.model.card import ORIGIN, ORIGINS, commands, renew_header, write_card
from helpers.model.vae import load_model

MODELS = Path(__file__).resolve().parents[2] / "data" / "models"


def put_model(path, source):
    header = {"format": "midstroke model 1", "settings": {}, "facts": {"source": source}}
    np.savez(path, header=np.array(json.dumps(header)))
    return path


def header_of(card):
    first, header, body = card.read_text(encoding="utf-8").split("---\n", 2)
    assert first == ""
    return yaml.safe_load(header), body


@pytest.mark.parametrize("card", sorted(MODELS.glob("*.md")), ids=lambda card: card.stem)
def test_every_released_card_has_the_header_and_it_is_the_one_that_is_made(card, tmp_path):
    header, body = header_of(card)
    assert header["license"] == "apache-2.0" and header["library_name"] == "keras"
    assert header["datasets"] == ["google/quickdraw"] and header["tags"] and header["metrics"]
    assert body.lstrip().startswith(f"# {card.stem}\n") and ORIGIN in body
    copy = tmp_path / card.name
    copy.write_bytes(card.read_bytes())
    copy.with_suffix(".npz").write_bytes(card.with_suffix(".npz").read_bytes())
    assert renew_header(copy.with_suffix(".npz")).read_bytes() == card.read_bytes()


@pytest.mark.parametrize("card", sorted(MODELS.glob("*.md")), ids=lambda card: card.stem)
def test_every_released_card_lists_the_commands_that_its_model_tells(card):
    load = load_model if "`helpers.model.load_model(" in card.read_text() else load_judge
    told = "\n".join(commands(load(card.stem).facts))
    assert f"## Made by\n\n```sh\n{told}\n```\n" in card.read_text()


@pytest.mark.parametrize("source", ["own", "traced", "own+quickdraw"])
def test_a_card_credits_players_with_nothing_but_their_drawings_and_gives_no_licence_for_others(tmp_path, source):
    model = put_model(tmp_path / "mine.npz", source)
    whose = " and ".join(ORIGINS[part] for part in source.split("+"))
    header, body = header_of(
        write_card(model, {"trained on": f"9 drawings {whose}"}, {"command": "it"}, "model.load_model")
    )
    assert "license" not in header
    assert header.get("datasets") == (["google/quickdraw"] if "quickdraw" in source else None)
    assert ("made available by Google" in body) == ("quickdraw" in source)


def test_a_card_lists_the_commands_of_all_stages_a_line_each(tmp_path):
    facts = {"start": "first --a\n# stopped at step 7\nsecond", "command": "third"}
    assert commands(facts) == ["first --a", "# stopped at step 7", "second", "third"]
    joined = {"start": "first --a`, stopped at step 7, and then `second", "command": "third` and then `fourth"}
    assert commands(joined) == ["first --a", "# stopped at step 7", "second", "third", "fourth"]
    card = write_card(put_model(tmp_path / "mine.npz", "own"), {"trained on": "9"}, facts, "model.load_model")
    assert "```sh\nfirst --a\n# stopped at step 7\nsecond\nthird\n```\n" in card.read_text()
