"""A model's card: the Markdown beside its file that says what it was made of, how, and how good it is.

python -m helpers.model.card     gives every card in data/models its header anew
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from helpers.data.npz import read_arrays
from helpers.paths import MODELS, atomic

ORIGIN = (
    "by players of *Quick, Draw!*, made available by Google under "
    "[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)"
)
ORIGINS = {
    "quickdraw": ORIGIN,
    "own": "that whoever trained it brought, as the command below says, and that are none of *Quick, Draw!*'s",
    "traced": "traced from pictures that whoever trained it brought, as the command below says",
}
METRICS = {
    "midstroke model 1": ("reconstruction loss, nats a point", "KL divergence, nats a drawing"),
    "midstroke classifier 1": ("accuracy",),
}


def commands(facts: Mapping[str, str]) -> list[str]:
    """All the commands that made a model, in order; a line that begins with # is a remark on those beside it.

    The last is `command`; `start` has those before it, a line each. In files of earlier versions they are sentences,
    "first`, stopped at step 7, and then `second".
    """
    lines = []
    for told in filter(None, (facts.get("start"), facts["command"])):
        for i, part in enumerate(told.split("`")):
            remark = re.sub("and then", "", part).strip(" ,")
            lines += part.split("\n") if i % 2 == 0 else [f"# {remark}"] if remark else []
    return lines


def fingerprints(*models: str) -> str:
    """Models in `data/models`, each with the first eight digits of its file's SHA-256: whoever reads a table that they
    stand under can tell whether it was measured with the files that are there."""
    digits = {name: hashlib.sha256((MODELS / f"{name}.npz").read_bytes()).hexdigest()[:8] for name in models}
    return f"Models: {', '.join(f'{name} {own}' for name, own in digits.items())}."


def write_card(model: Path, rows: Mapping[str, str], facts: Mapping[str, str], loader: str, rest: str = "") -> Path:
    """Writes `<model>.md` beside a model's file: a header, rows as a table, `loader`, the call that reads it, the
    commands that made it, the rest.

    The write is atomic. Returns the path.
    """
    table = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    reading = f"Read it with `helpers.{loader}({model.stem!r})`. Weights are float16."
    made = "\n".join(commands(facts))
    with atomic(model.with_suffix(".md")) as temporary:
        body = f"# {model.stem}\n\n| | |\n|---|---|\n{table}\n\n{reading}\n\n## Made by\n\n```sh\n{made}\n```\n{rest}"
        temporary.write_text(_header(model) + body, encoding="utf-8")
    return model.with_suffix(".md")


def renew_header(model: Path) -> Path:
    """Gives the card of a model's file its header anew, and leaves all else in it as it is. Returns the card's path."""
    path = model.with_suffix(".md")
    text = path.read_text(encoding="utf-8")
    body = text.partition("\n---\n")[2].lstrip("\n") if text.startswith("---\n") else text
    with atomic(path) as temporary:
        temporary.write_text(_header(model) + body, encoding="utf-8")
    return path


def _header(model: Path) -> str:
    """The YAML that Hugging Face reads at the top of a card (https://huggingface.co/docs/hub/model-cards).

    Of a model that learned from somebody's own drawings the licence is theirs to give.
    """
    known = json.loads(str(next(read_arrays(model, ["header"]))))
    kind, facts = known["format"], known.get("facts", {})
    draws = kind == "midstroke model 1"
    origins = facts.get("source", "quickdraw").split("+")
    lines = ["---"]
    if set(origins) == {"quickdraw"}:
        lines.append("license: apache-2.0")
    lines.append("library_name: keras")
    lines.append(f"pipeline_tag: {'unconditional-image-generation' if draws else 'image-classification'}")
    lines += ["tags:", *(f"- {tag}" for tag in ("midstroke", "sketches", *(("sketch-rnn", "vae") if draws else ())))]
    if "quickdraw" in origins:
        lines += ["datasets:", "- google/quickdraw"]
    lines += ["metrics:", *(f"- {metric}" for metric in METRICS[kind])]
    return "\n".join([*lines, "---", "", ""])


def main() -> None:
    for model in sorted(MODELS.glob("*.npz")):
        if model.with_suffix(".md").exists():
            print(renew_header(model))


if __name__ == "__main__":
    main()
