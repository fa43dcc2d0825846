"""A film's story: its scenes, the choices between them, and what has to be mended before the film is made."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

MOST_CHOICES = 9  # a key each


class Choice(NamedTuple):
    """Where a choice leads, and the scenes that have to be seen before it appears."""

    to: str
    after: Sequence[str] = ()


class Scene(NamedTuple):
    """A clip and what can be chosen after it.

    Parameters
    ----------
    clip : sequence of ndarray, or path
        Frames, uint8 (height, width, 3), shown at `fps`; or a video file.
    caption : str
        What is to be seen: shown below the clip, and read aloud to those who do not see it.
    choices : mapping of str to str or Choice
        For each caption the scene that it leads to.
    fps : float
    ending : bool
        It is meant to lead nowhere.
    at : float or None
        The second of the clip at which the choices appear, `inf` for its end; at once where None.
    default : (str, float) or None
        The scene where the viewer goes, and how many seconds after the clip's end, unless they choose or stay.
    captions : mapping of str to path
        WebVTT or SRT files, by their language.
    described : mapping of str to path
        The clip's sound with a spoken description of what is to be seen, sound files by language.
    translations : mapping of str to (str, mapping of str to str)
        By language, the caption and each choice's caption in the order of `choices`.
    chapter : mapping of str to str
        By language, the chapter that the scene stands in: a heading in the overview.
    drawing : (ndarray, sequence of int) or None
        A sketch and the rows at which the mind changes: the page itself draws it, stroke by stroke, on the way to the
        scene.
    line : int or None
        Of the story file, for messages.
    """

    clip: Sequence[np.ndarray] | str | Path
    caption: str
    choices: Mapping[str, str | Choice]
    fps: float = 12
    ending: bool = False
    at: float | None = None
    default: tuple[str, float] | None = None
    captions: Mapping[str, str | Path] = {}
    described: Mapping[str, str | Path] = {}
    translations: Mapping[str, tuple[str, Sequence[str]]] = {}
    chapter: Mapping[str, str] = {}
    drawing: tuple[np.ndarray, Sequence[int]] | None = None
    line: int | None = None


class Story(NamedTuple):
    """A story: its titles by language, the story's own language first; its scenes by name; and the first scene."""

    titles: Mapping[str, str]
    scenes: Mapping[str, Scene]
    start: str


def as_choice(to: str | Choice) -> Choice:
    """A choice of a scene, which may be given as the name of the scene that it leads to."""
    return to if isinstance(to, Choice) else Choice(to)


def check_story(scenes: Mapping[str, Scene], start: str | None = None) -> list[str]:
    """What has to be mended in a story before a film is made of it.

    Choices and defaults that lead nowhere, dead ends that are not marked as endings, scenes in which a viewer may be
    left without a choice, more than nine choices, and scenes that cannot be reached.

    Parameters
    ----------
    scenes : mapping of str to Scene
    start : str, optional
        The first scene; the first of the mapping where None.

    Returns
    -------
    list of str
        Each fault, and where it is; empty where there is none.
    """
    if not scenes:
        return ["a film has at least one scene"]
    start = next(iter(scenes)) if start is None else start
    wrong = []
    for name, scene in scenes.items():
        where = _where(name, scene)
        choices = {caption: as_choice(to) for caption, to in scene.choices.items()}
        if not choices and not scene.ending:
            wrong.append(f"{where} is a dead end; make it an ending, or give it a choice, if only back to {start!r}")
        if choices and all(choice.after for choice in choices.values()):
            wrong.append(f"{where} has only choices with conditions; give it one without, or a viewer may be stuck")
        if len(choices) > MOST_CHOICES:
            wrong.append(f"{where} has {len(choices)} choices; there are keys for {MOST_CHOICES}")
        for caption, choice in choices.items():
            for to in (choice.to, *choice.after):
                if to not in scenes:
                    wrong.append(f"{where}: {caption!r} {_verb(to, choice)} {to!r}, which is none of {_known(scenes)}")
        for lang, (_, words) in scene.translations.items():
            if len(words) != len(choices):
                wrong.append(f"{where}: {len(words)} choices in {lang!r} for {len(choices)}")
        if scene.default and scene.default[0] not in {choice.to for choice in choices.values() if not choice.after}:
            wrong.append(f"{where}: the default {scene.default[0]!r} is none of its choices without a condition")
    reached, new = set(), {start}
    while new:
        reached |= new
        new = {as_choice(to).to for name in new for to in scenes[name].choices.values()} & set(scenes) - reached
    wrong += [f"{_where(name, scenes[name])}: no choice leads to it" for name in scenes if name not in reached]
    return wrong


def _verb(to: str, choice: Choice) -> str:
    return "leads to" if to == choice.to else "waits for"


def _known(scenes: Mapping[str, Scene]) -> str:
    names = [repr(name) for name in scenes]
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _where(name: str, scene: Scene) -> str:
    return f"scene {name!r}" if scene.line is None else f"scene {name!r} (line {scene.line})"
