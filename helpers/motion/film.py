"""A film that branches: one HTML file that plays clips and lets the viewer choose what comes next.

The file holds everything, its clips too, and needs no network; it opens from a disk, a stick or a server. A long film
is a folder instead, whose page finds its clips beside it.
"""

import base64
import hashlib
import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
import numpy as np
from tqdm.auto import tqdm

from helpers.export.bezier import path_data, pen_strokes
from helpers.figures.style import PALETTE
from helpers.motion.captions import read_captions
from helpers.motion.clips import Clip, prepare, prepare_sound
from helpers.motion.story import Scene, Story, as_choice, check_story
from helpers.motion.twee import read_story
from helpers.paths import atomic
from helpers.sketch import bounds, check

HERE = Path(__file__).parent
TEMPLATES = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE), autoescape=True, keep_trailing_newline=True)
LARGEST = 200e6  # bytes of clips in one file: browsers hold them all in memory
SIMPLER = 1 / 128  # of a drawing's longer side, that a curve in the page may lie beside it
RIGHT_TO_LEFT = {"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "ug", "ur", "yi"}
NAMES = {
    **{"ar": "العربية", "cs": "čeština", "da": "dansk", "de": "Deutsch", "el": "ελληνικά", "en": "English"},
    **{"es": "español", "fa": "فارسی", "fi": "suomi", "fr": "français", "he": "עברית", "hi": "हिन्दी", "hu": "magyar"},
    **{"it": "italiano", "ja": "日本語", "ko": "한국어", "nl": "Nederlands", "no": "norsk", "pl": "polski"},
    **{"pt": "português", "ro": "română", "ru": "русский", "sv": "svenska", "tr": "Türkçe", "uk": "українська"},
    **{"ur": "اردو", "vi": "Tiếng Việt", "zh": "中文"},
}


def save_film(
    story: str | Path | Story | Mapping[str, Scene],
    path: str | Path,
    title: str | None = None,
    *,
    clips: str | Path | None = None,
) -> Path:
    """Writes a film that branches.

    The viewer chooses by click, touch or number key, goes back and forward as in any page, finds each scene at an
    address of its own, and is where they left when they come again. Sound is off until it is turned on. Where motion is
    not wanted (`prefers-reduced-motion`), each clip stands still at its end, and plays when it is asked to.

    Parameters
    ----------
    story : path, Story, or mapping of str to Scene
        A story in Twee 3, see `read_story`; or scenes, the first of which begins the film.
    path : str or Path
        Ends in .html, for one file; or has no ending, for a folder of a page, `index.html`, and its clips. The write is
        atomic; that of a folder, its page's.
    title : str, optional
        That of the story, where it has one.
    clips : str or Path, optional
        The folder with a story's clips and captions; "clips" beside the story where None.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    ValueError
        For what `check_story` finds, all of it at once, a file that is no video, captions that are none, another
        ending, and more than 200 MB in one file.
    FileNotFoundError
        For missing clips.

    Examples
    --------
    >>> save_film("story.twee", "film.html", clips="clips")  # doctest: +SKIP
    """
    path = Path(path).expanduser()
    if path.suffix.lower() not in (".html", ""):
        raise ValueError(f"{path} should end in .html, or for a folder have no ending")
    if isinstance(story, str | Path):
        story = read_story(story, Path(story).parent / "clips" if clips is None else clips)
    if not isinstance(story, Story):
        story = Story({"en": title or path.stem}, story, next(iter(story), ""))
    elif title is not None:
        own = next(iter(story.titles))
        story = story._replace(titles={**story.titles, own: title})
    scenes = story.scenes
    if wrong := check_story(scenes, story.start):
        raise ValueError("\n".join(wrong))
    for name, scene in scenes.items():  # before the work begins
        for kind, file in [("video", scene.clip), *(("sound", sound) for sound in scene.described.values())]:
            if isinstance(file, str | Path) and not Path(file).is_file():
                raise FileNotFoundError(f"scene {name!r}: there is no {kind} file {file}")
    languages = list(story.titles)
    facts = {name: _facts(scene, languages) for name, scene in scenes.items()}
    folder = path if path.suffix == "" else None
    total = 0.0
    for name, scene in tqdm(scenes.items(), desc=path.name, unit="clip"):
        try:
            clip = prepare(scene.clip, scene.fps)
            described = {lang: prepare_sound(file) for lang, file in sorted(scene.described.items())}
        except ValueError as error:
            raise ValueError(f"scene {name!r}: {error}") from error
        total += sum(file.stat().st_size for file in (clip.video, *described.values()))
        if total > LARGEST and folder is None:
            most = f"{LARGEST / 1e6:.0f} MB"
            raise ValueError(
                f"scene {name!r}: with it the clips are over {most}; make them smaller, or write a folder: a path "
                "without .html"
            )
        facts[name] |= _clip(clip, folder)
        facts[name]["described"] = [{"lang": lang, **_held("audio", file, folder)} for lang, file in described.items()]
    return _write(story, facts, path)


def _write(story: Story, facts: Mapping[str, dict], path: Path) -> Path:
    languages = list(story.titles)
    spoken = {lang for scene in facts.values() for lang in [cues["lang"] for cues in scene["captions"]]}
    words = json.loads((HERE / "film_words.json").read_text(encoding="utf-8"))
    known = {lang: words.get(lang.split("-")[0], words["en"]) for lang in languages}
    identity = hashlib.sha256(repr((list(story.titles.values()), list(facts))).encode()).hexdigest()[:16]
    data = {
        "id": identity,
        "first": story.start,
        "langs": [_language(lang) for lang in languages],
        "tongues": [_language(lang) for lang in sorted(spoken)],
        "titles": story.titles,
        "words": known,
        "scenes": facts,
    }
    # a text may hold what would end the script
    text = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    page = TEMPLATES.get_template("film.html").render(
        title=story.titles[languages[0]],
        lang=languages[0],
        ink=PALETTE[0],
        accent=PALETTE[1],
        data=text,
        media="blob:" if path.suffix else "'self' file:",
    )
    target = path if path.suffix else path / "index.html"
    with atomic(target) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return target


def _language(lang: str) -> dict[str, str]:
    short = lang.split("-")[0].lower()
    name = NAMES.get(short, lang) + (f" ({lang})" if "-" in lang and short in NAMES else "")
    return {"code": lang, "name": name, "dir": "rtl" if short in RIGHT_TO_LEFT else "ltr"}


def _facts(scene: Scene, languages: list[str]) -> dict:
    """What the page is told of a scene beside its clip."""
    texts, captions = {languages[0]: scene.caption}, {languages[0]: list(scene.choices)}
    for lang, (text, words) in scene.translations.items():
        texts[lang], captions[lang] = text, list(words)
    choices = [as_choice(choice) for choice in scene.choices.values()]
    return {
        "text": texts,
        "choices": [
            {"to": choice.to, "after": list(choice.after), "text": {lang: own[i] for lang, own in captions.items()}}
            for i, choice in enumerate(choices)
        ],
        "ending": scene.ending,
        "chapter": dict(scene.chapter),
        "at": "end" if scene.at == math.inf else scene.at,
        "wait": None if scene.default is None else {"to": scene.default[0], "seconds": scene.default[1]},
        "captions": [{"lang": lang, "cues": read_captions(file)} for lang, file in sorted(scene.captions.items())],
        "drawing": None if scene.drawing is None else _drawing(*scene.drawing),
    }


def _drawing(sketch: np.ndarray, switches: Sequence[int]) -> dict:
    """A drawing as the page draws it: the box of its ink, and each pen stroke's mind and path."""
    low, high = bounds(check(sketch))
    side = float(max(*(high - low), 1e-6))
    strokes = pen_strokes(sketch, switches, (0, 0), side * SIMPLER)
    box = [*(low + high - 1.2 * side) / 2, 1.2 * side, 1.2 * side]
    return {
        "box": [round(float(value), 2) for value in box],
        "strokes": [[PALETTE[mind % len(PALETTE)], path_data(curve, True)] for mind, curve in strokes],
    }


def _clip(clip: Clip, folder: Path | None) -> dict:
    poster = base64.b64encode(clip.poster.read_bytes()).decode()
    return {"poster": poster, "sound": clip.sound, **_held("video", clip.video, folder)}


def _held(kind: str, made: Path, folder: Path | None) -> dict:
    """A clip or a sound in the page, or beside it."""
    if folder is None:
        return {kind: base64.b64encode(made.read_bytes()).decode()}
    file = folder / "clips" / made.name
    if not file.is_file():
        with atomic(file) as temporary:
            shutil.copyfile(made, temporary)
    return {"file": f"clips/{file.name}"}
