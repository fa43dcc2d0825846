"""A model's card: the Markdown beside its file that says what it was made of, how, and how good it is."""

from collections.abc import Mapping
from pathlib import Path

from helpers.paths import atomic

ORIGIN = (
    "by players of *Quick, Draw!*, made available by Google under "
    "[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)"
)


def write_card(model: Path, rows: Mapping[str, str], loader: str, rest: str = "") -> Path:
    """Writes `<model>.md` beside a model's file: its rows as a table, `loader`, the call that reads it, and the rest.

    The write is atomic. Returns the path.
    """
    table = "\n".join(f"| {key} | {value} |" for key, value in rows.items())
    reading = f"Read it with `helpers.{loader}({model.stem!r})`. Weights are float16."
    with atomic(model.with_suffix(".md")) as temporary:
        temporary.write_text(f"# {model.stem}\n\n| | |\n|---|---|\n{table}\n\n{reading}\n{rest}")
    return model.with_suffix(".md")
