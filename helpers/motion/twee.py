"""Stories in Twee 3, Twine's own format, as scenes of a film that branches.

A passage is a scene, a link a choice. Beside links, these lines mean something in a passage; all else is its text:

    <<clip "crossing.mp4">>             its clip, where that is not called as the passage is
    <<choices 12>>, <<choices "end">>   the choices appear at this second of the clip, or at its end; else at once
    <<chapter "Ana">>                   the chapter that it stands in, for the overview
    <<default "Home" 10>>               ten seconds after the end the viewer goes there, unless they choose or stay
    <<if visited("Market")>> ... <</if>>    around links: choices that are there once these scenes have been seen

A passage tagged `ending` is meant to lead nowhere. Nothing in a story is run, and its text is shown as text.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from helpers.motion.captions import read_text_lines
from helpers.motion.story import Choice, Scene, Story, as_choice

HEADER = re.compile(r"::\s*((?:\\.|[^\\\[{])*?)\s*(?:\[((?:\\.|[^\\\]])*)\])?\s*(\{.*\})?\s*")
LINK = re.compile(r"\[\[(.+?)\]\]")
MACRO = re.compile(r"<<\s*(/?\w+)\s*(.*?)\s*>>")
PIECES = re.compile(r"(<<.*?>>|\[\[.+?\]\])")
QUOTED = re.compile(r'"([^"]*)"|\'([^\']*)\'')
SPECIAL = {"script", "stylesheet"}  # tags of passages that are code: nothing of theirs is run or shown
UNSHOWN = {"StoryTitle", "StoryData", "StoryAuthor", "StorySubtitle", "StoryMenu", "StoryInit", "StoryCaption"}
LONGEST = 10_000  # characters of a line
DESCRIBED = ".described"  # at the end of the names of sounds, before their ending
LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{1,8})*")


class _Passage(NamedTuple):
    name: str
    tags: Sequence[str]
    line: int  # of its header
    text: Sequence[str]


def read_story(path: str | Path, clips: str | Path) -> Story:
    """A story in Twee 3, with its translations and clips.

    A translation is a file of the same passages beside it, `story.fr.twee` for `story.twee`. The clip of a passage has
    its name, with any ending, unless the passage says otherwise; captions have the clip's name and their language,
    `crossing.fr.vtt` or `.srt`, or no language if it is the story's own; so have sounds with a spoken description,
    `crossing.fr.described.mp3`. `StoryData` may give `start`, and `lang`, which is "en" where it does not.

    Parameters
    ----------
    path : str or Path
        Of the story; UTF-8, ends in .twee or .tw.
    clips : str or Path
        The folder of its clips and their captions.

    Returns
    -------
    Story

    Raises
    ------
    ValueError
        For a file that is not Twee, for what means nothing in it, and for two files that may be a scene's clip; with
        the line.
    FileNotFoundError
        For no such story, and for missing clips, all of them at once.

    References
    ----------
    Twee 3 specification, https://github.com/iftechfoundation/twine-specs
    """
    path, clips = Path(path), Path(clips)
    title, facts, passages = _read(path)
    own = facts.get("lang", "en")
    if not isinstance(own, str) or not LANGUAGE.fullmatch(own):
        raise ValueError(f"{path}: StoryData's lang is {own!r}; it should be such as en, fr or pt-BR")
    start = facts.get("start", "Start")
    if start not in passages:
        raise ValueError(f"{path}: there is no passage {start!r} to start with; StoryData can say another as its start")
    scenes = {name: _scene(path, passage, own) for name, passage in passages.items()}
    titles = {own: title or path.stem}
    for other in sorted(path.parent.glob(f"{path.stem}.*{path.suffix}")):
        lang = other.suffixes[-2][1:] if len(other.suffixes) > 1 else ""
        if LANGUAGE.fullmatch(lang):
            titles[lang] = _translate(scenes, other, lang) or titles[own]
    scenes = _with_clips(scenes, clips, own, path)
    return Story(titles, {start: scenes[start], **scenes}, start)


def _read(path: Path) -> tuple[str, dict, dict[str, _Passage]]:
    """Title, StoryData, and the passages that are scenes."""
    lines = read_text_lines(path, "it is no story")
    passages: dict[str, _Passage] = {}
    texts: dict[str, list[str]] = {}
    name = None
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST:
            raise ValueError(f"{path}, line {number} has more than {LONGEST} characters: break it")
        if line.startswith("::"):
            found = HEADER.fullmatch(" ".join(line.split()))
            if not found or not found[1]:
                raise ValueError(
                    f"{path}, line {number}: a passage begins as in ':: Name [tags]'; this is {line[:60]!r}"
                )
            name = re.sub(r"\\(.)", r"\1", found[1])
            if name in passages:
                raise ValueError(
                    f"{path}, line {number}: there is a passage {name!r} in line {passages[name].line} too"
                )
            texts[name] = []
            passages[name] = _Passage(name, (found[2] or "").split(), number, texts[name])
        elif name is None and line.strip():
            raise ValueError(f"{path}, line {number}: a story in Twee 3 begins with ':: Name'; this is {line[:60]!r}")
        elif name is not None:
            texts[name].append(line[1:] if line.startswith("\\::") else line)
    if not passages:
        raise ValueError(f"{path} holds no passage; one begins with ':: Name'")
    title = " ".join(" ".join(texts.get("StoryTitle", [])).split())
    facts = _facts(path, passages["StoryData"]) if "StoryData" in passages else {}
    scenes = {name: one for name, one in passages.items() if name not in UNSHOWN and not SPECIAL.intersection(one.tags)}
    return title, facts, scenes


def _facts(path: Path, passage: _Passage) -> dict:
    try:
        facts = json.loads("\n".join(passage.text))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}, line {passage.line}: StoryData is no JSON: {error}") from error
    if not isinstance(facts, dict):
        raise ValueError(f"{path}, line {passage.line}: StoryData is {type(facts).__name__}, and no JSON object")
    return facts


def _scene(path: Path, passage: _Passage, lang: str) -> Scene:
    """A passage as a scene, whose clip is only a name yet, empty where the passage says none."""
    text, choices = [], {}
    said: dict = {"clip": "", "at": None, "default": None, "chapter": "", "after": ()}
    for number, line in enumerate(passage.text, passage.line + 1):
        where = f"{path}, line {number}"
        rest = ""
        for piece in PIECES.split(line):  # in their order: a condition may begin and end in a line
            if found := LINK.fullmatch(piece):
                caption, to = _link(found[1])
                if not caption or not to:
                    raise ValueError(f"{where}: {piece!r} has no caption, or leads nowhere")
                if caption in choices:
                    raise ValueError(f"{where}: there are two choices {caption!r}; tell them apart")
                choices[caption] = Choice(to, said["after"])
            elif not (piece.startswith("<<") and piece.endswith(">>")):
                if said["after"] and piece.strip():
                    raise ValueError(f"{where}: between <<if>> and <</if>> stand choices, and no text: {piece[:60]!r}")
                rest += piece
            elif not _obey(piece, said):
                raise ValueError(f"{where}: {piece!r} means nothing here; docs/film.md has what does")
        text.append(rest.strip())
    if said.pop("after"):
        raise ValueError(f"{path}, line {passage.line}: in {passage.name!r} an <<if>> has no <</if>>")
    caption = re.sub(r"\n{3,}", "\n\n", "\n".join(text)).strip()
    said["chapter"] = {lang: said["chapter"]} if said["chapter"] else {}
    return Scene(caption=caption, choices=choices, ending="ending" in passage.tags, line=passage.line, **said)


def _obey(macro: str, said: dict) -> bool:
    """Whether a macro means something; what it says is written down."""
    found = MACRO.fullmatch(" ".join(macro.split()))
    word, rest = found.groups() if found else ("", "")
    names, seconds = [one or other for one, other in QUOTED.findall(rest)], _seconds((rest.split() or [""])[-1])
    if word == "clip" and names:
        said["clip"] = names[0]
    elif word == "chapter" and names:
        said["chapter"] = " ".join(names[0].split())
    elif word == "choices" and (names == ["end"] or seconds is not None):
        said["at"] = float("inf") if names else seconds
    elif word == "default" and names and seconds is not None:
        said["default"] = (names[0], seconds)
    elif word == "if" and names and not said["after"] and re.fullmatch(r"(visited|hasVisited)\([^()]+\)", rest):
        said["after"] = tuple(names)
    elif word == "/if" and said["after"]:
        said["after"] = ()
    else:
        return False
    return True


def _seconds(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d{1,5}(\.\d+)?", text) else None


def _link(text: str) -> tuple[str, str]:
    """Caption and target of a link, in any of Twine's forms."""
    if "->" in text:
        caption, _, to = text.rpartition("->")
    elif "<-" in text:
        to, _, caption = text.partition("<-")
    elif "|" in text:
        caption, _, to = text.rpartition("|")
    else:
        caption = to = text
    return " ".join(caption.split()), " ".join(to.split())


def _translate(scenes: dict[str, Scene], path: Path, lang: str) -> str:
    """Gives the scenes what a translation says of them; returns its title."""
    title, _, passages = _read(path)
    if unknown := [one for name, one in passages.items() if name not in scenes]:
        raise ValueError(f"{path}, line {unknown[0].line}: the story has no passage {unknown[0].name!r}")
    for name, scene in scenes.items():
        if name not in passages:
            raise ValueError(f"{path} has no passage {name!r}, which the story has in line {scene.line}")
        other = _scene(path, passages[name], lang)
        targets, wanted = ([as_choice(to).to for to in one.choices.values()] for one in (other, scene))
        if targets != wanted:
            where = f"{path}, line {passages[name].line}: the choices of {name!r}"
            raise ValueError(f"{where} lead to {targets}; in the story they lead to {wanted}")
        words = (other.caption, list(other.choices))
        chapter = {**scene.chapter, **other.chapter} if scene.chapter else {}
        scenes[name] = scene._replace(translations={**scene.translations, lang: words}, chapter=chapter)
    return title


def _with_clips(scenes: Mapping[str, Scene], clips: Path, own: str, path: Path) -> dict[str, Scene]:
    """The scenes with their files; a name in a story leads nowhere but into the folder."""
    if not clips.is_dir():
        raise FileNotFoundError(f"there is no folder {clips} with the story's clips")
    files = sorted(file for file in clips.iterdir() if file.is_file())
    texts = [file for file in files if file.suffix.lower() in (".vtt", ".srt")]
    sounds = [file for file in files if file.stem.endswith(DESCRIBED)]
    found, missing = {}, []
    for name, scene in scenes.items():
        wanted = str(scene.clip)
        videos = [file for file in files if file not in texts + sounds and wanted in ("", file.name)]
        fits = [file for file in videos if wanted or file.stem == name]
        if len(fits) > 1:
            both = " and ".join(file.name for file in fits)
            raise ValueError(f'{path}, line {scene.line}: {both} could be its clip; say <<clip "{fits[-1].name}">>')
        if not fits:
            missing.append(f"{wanted or name + '.*'} ({path}, line {scene.line})")
            continue
        captions = {lang: file for file in texts if (lang := _spoken(file.stem, fits[0].stem, own))}
        told = {lang: file for file in sounds if (lang := _spoken(file.stem[: -len(DESCRIBED)], fits[0].stem, own))}
        found[name] = scene._replace(clip=fits[0], captions=captions, described=told)
    if missing:
        raise FileNotFoundError(f"in {clips} there is no clip {', no '.join(missing)}")
    return found


def _spoken(called: str, clip: str, own: str) -> str | None:
    """The language of what is called as a clip is, the story's own where it says none; None for another clip's."""
    if called == clip:
        return own
    lang = called.removeprefix(clip + ".")
    return lang if lang != called and LANGUAGE.fullmatch(lang) else None
