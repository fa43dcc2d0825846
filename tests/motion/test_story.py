"""Stories in Twee 3 and captions: what is read, what is refused and in which line, and what the check finds."""

import math
import time
from pathlib import Path

import pytest

from helpers.motion import Choice, Scene, check_story, read_story, save_film
from helpers.motion.captions import read_captions

STORY = """:: StoryTitle
The crossing

:: StoryData
{"ifid": "D674C58C-DEFA-4F70-B7A2-27742230C0FC", "start": "Quay", "lang": "en"}

:: Code [script]
window.alert("never")

:: Quay {"position": "100,200"}
Early morning.

<<choices 2.5>><<default "Boat" 10>>
[[Take the boat->Boat]]
[[Market]]
<<if visited("Market", "Boat")>>[[Home<-What is for sale]]<</if>>

:: Boat
<<clip "sea.mp4">><<choices "end">><<chapter "At sea">>
[[Go home|Home]]

:: Market
[[Back to the quay->Quay]]

:: Home [ending]
They are home.
"""
FRENCH = """:: StoryTitle
La traversée
:: Quay
Tôt le matin.
[[Prendre le bateau->Boat]] [[Le marché->Market]] [[Rentrer->Home]]
:: Boat
<<chapter "En mer">>[[Rentrer->Home]]
:: Market
[[Retour->Quay]]
:: Home [ending]
Ils sont rentrés.
"""


def write(folder, text=STORY, name="story.twee", clips=("Quay.mov", "sea.mp4", "Market.webm", "Home.mp4")):
    (folder / "clips").mkdir(exist_ok=True)
    for clip in clips:
        (folder / "clips" / clip).touch()
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_story_is_read_as_twine_writes_it(tmp_path):
    path = write(tmp_path)
    write(tmp_path, FRENCH, "story.fr.twee")
    sounds = ("Quay.described.mp3", "Quay.fr.described.m4a", "seaside.described.wav")
    for name in ("Quay.vtt", "Quay.fr.srt", "sea.pt-BR.vtt", "seaside.vtt", *sounds):
        (tmp_path / "clips" / name).touch()
    story = read_story(path, tmp_path / "clips")
    assert story.titles == {"en": "The crossing", "fr": "La traversée"}
    assert story.start == "Quay" and list(story.scenes) == ["Quay", "Boat", "Market", "Home"]
    quay, boat, _, home = story.scenes.values()
    assert quay.caption == "Early morning." and quay.at == 2.5 and quay.default == ("Boat", 10)
    assert quay.choices == {
        "Take the boat": Choice("Boat"),
        "Market": Choice("Market"),
        "What is for sale": Choice("Home", ("Market", "Boat")),
    }
    assert boat.clip == tmp_path / "clips" / "sea.mp4" and boat.at == math.inf
    assert quay.clip.name == "Quay.mov" and home.ending and not boat.ending
    assert {lang: file.name for lang, file in quay.captions.items()} == {"en": "Quay.vtt", "fr": "Quay.fr.srt"}
    assert list(boat.captions) == ["pt-BR"] and boat.described == {}
    assert {lang: file.name for lang, file in quay.described.items()} == {
        "en": "Quay.described.mp3",
        "fr": "Quay.fr.described.m4a",
    }
    assert quay.translations["fr"] == ("Tôt le matin.", ["Prendre le bateau", "Le marché", "Rentrer"])
    assert boat.chapter == {"en": "At sea", "fr": "En mer"} and quay.chapter == {}
    assert check_story(story.scenes, story.start) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('("Market", "Boat")>>', '("Boat")>>If so'), "line 16: between <<if>> and <</if>> stand choices.*'If so'"),
        (("[[Market]]", "[[->Market]]"), "line 15: '\\[\\[->Market\\]\\]' has no caption"),
        (("[[Market]]", "[[Take the boat->Market]]"), "line 15: there are two choices 'Take the boat'"),
        (("<</if>>", ""), "line 10: in 'Quay' an <<if>> has no <</if>>"),
        (("<<choices 2.5>>", "<<run alert(1)>>"), "line 13: '<<run alert\\(1\\)>>' means nothing here"),
        (('<<choices "end">>', "<<choices soon>>"), "line 19: '<<choices soon>>' means nothing"),
        ((":: Market", ":: Boat"), "line 22: there is a passage 'Boat' in line 18 too"),
        ((":: Market", "::"), "line 22: a passage begins as in"),
        ((":: StoryTitle", "Words\n:: StoryTitle"), "line 1: a story in Twee 3 begins with"),
        (('"start": "Quay"', '"start": "Key"'), "no passage 'Key' to start with"),
        (('"lang": "en"', '"lang": "e<n"'), "lang is 'e<n'; it should be such as en"),
        (('"start": "Quay",', "start"), "line 4: StoryData is no JSON"),
    ],
)
def test_what_means_nothing_is_refused_with_its_line(tmp_path, change, words):
    assert change[0] in STORY
    path = write(tmp_path, STORY.replace(*change))
    with pytest.raises(ValueError, match=words):
        read_story(path, tmp_path / "clips")


def test_missing_clips_and_other_files_are_told_all_at_once(tmp_path):
    path = write(tmp_path, clips=("Quay.mp4", "Home.mp4"))
    with pytest.raises(FileNotFoundError, match=r"no clip sea\.mp4 \(.*line 18\), no Market\.\* \(.*line 22\)"):
        read_story(path, tmp_path / "clips")
    with pytest.raises(FileNotFoundError, match="no folder"):
        read_story(path, tmp_path / "elsewhere")
    (tmp_path / "picture.twee").write_bytes(b":: A\n\xff\xfe")
    with pytest.raises(ValueError, match="not text in UTF-8"):
        read_story(tmp_path / "picture.twee", tmp_path / "clips")


def test_which_of_two_files_is_the_clip_has_to_be_said(tmp_path):
    path = write(tmp_path, clips=("Quay.jpg", "Quay.mov", "sea.mp4", "Market.webm", "Home.mp4"))
    with pytest.raises(ValueError, match=r'line 10: Quay.jpg and Quay.mov could be its clip; say <<clip "Quay.mov">>'):
        read_story(path, tmp_path / "clips")
    write(tmp_path, STORY.replace("Early morning.", 'Early morning.<<clip "Quay.mov">>'), clips=())
    assert read_story(path, tmp_path / "clips").scenes["Quay"].clip.name == "Quay.mov"


def test_a_clip_lies_in_the_folder_and_nowhere_else(tmp_path):
    (tmp_path / "secret.mp4").touch()
    path = write(tmp_path, STORY.replace("sea.mp4", "../secret.mp4"))
    with pytest.raises(FileNotFoundError, match=r"no clip \.\./secret\.mp4"):
        read_story(path, tmp_path / "clips")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((":: Market\n[[Retour->Quay]]\n", ""), "has no passage 'Market', which the story has in line 22"),
        ((":: Market", ":: Marché"), "line 8: the story has no passage 'Marché'"),
        (("[[Retour->Quay]]", "[[Retour->Home]]"), "line 8: the choices of 'Market' lead to .*'Home'"),
    ],
)
def test_a_translation_is_of_the_same_story(tmp_path, change, words):
    path = write(tmp_path)
    assert change[0] in FRENCH
    write(tmp_path, FRENCH.replace(*change), "story.fr.twee")
    with pytest.raises(ValueError, match=words):
        read_story(path, tmp_path / "clips")


def test_the_check_tells_of_everything_that_is_to_be_mended():
    clip = Path("clip.mp4")
    scenes = {
        "a": Scene(clip, "", {"On": "b", "Off": "nowhere"}, line=3),
        "b": Scene(clip, "", {}),
        "c": Scene(clip, "", {"On": Choice("a", ("z",))}, default=("b", 5), translations={"fr": ("", [])}),
        "d": Scene(clip, "", {str(i): "a" for i in range(10)}),
        "e": Scene(clip, "", {}, ending=True),
    }
    assert check_story(scenes) == [
        "scene 'a' (line 3): 'Off' leads to 'nowhere', which is none of 'a', 'b', 'c', 'd', 'e'",
        "scene 'b' is a dead end; make it an ending, or give it a choice, if only back to 'a'",
        "scene 'c' has only choices with conditions; give it one without, or a viewer may be stuck",
        "scene 'c': 'On' waits for 'z', which is none of 'a', 'b', 'c', 'd', 'e'",
        "scene 'c': 0 choices in 'fr' for 1",
        "scene 'c': the default 'b' is none of its choices without a condition",
        "scene 'd' has 10 choices; there are keys for 9",
        "scene 'c': no choice leads to it",
        "scene 'd': no choice leads to it",
        "scene 'e': no choice leads to it",
    ]
    assert check_story({}) == ["a film has at least one scene"]


def test_a_story_with_faults_is_no_film(tmp_path):
    path = write(tmp_path, STORY.replace("[ending]", ""))
    with pytest.raises(ValueError, match=r"scene 'Home' \(line 25\) is a dead end"):
        save_film(path, tmp_path / "film.html")
    assert not (tmp_path / "film.html").exists()


VTT = """WEBVTT - a title

NOTE nothing is said here

STYLE
::cue { color: red }

first
00:01.000 --> 00:02.500 align:start
<v Ana>Hello &amp; <i>welcome</i></v>
to the quay

1:00:00.000 --> 1:00:01.000
<c.loud>Late</c>
"""
SRT = (
    "\ufeff1\r\n00:00:03,5 --> 00:00:04,000\r\n<b>Zwei</b> {\\an8}Männer\r\n\r\n"
    "2\r\n00:00:01,000 --> 00:00:02,000\r\n3 < 4\r\n"
)


def test_captions_are_read_from_webvtt_and_srt(tmp_path):
    (tmp_path / "a.vtt").write_text(VTT, encoding="utf-8")
    assert read_captions(tmp_path / "a.vtt") == [(1, 2.5, "Ana: Hello & welcome\nto the quay"), (3600, 3601, "Late")]
    (tmp_path / "a.srt").write_text(SRT, encoding="utf-8")
    assert read_captions(tmp_path / "a.srt") == [(1, 2, "3 < 4"), (3.5, 4, "Zwei Männer")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("WEBVTT\n\nHello", "holds no captions"),
        ("WEBVTT\n\n00:02.000 --> 00:01.000\nA", "line 3: the caption ends before it begins"),
        ("1\nsoon --> later\nA", "line 2: 'soon --> later' should be such as"),
    ],
)
def test_captions_that_are_none_are_refused(tmp_path, text, words):
    (tmp_path / "a.vtt").write_text(text)
    with pytest.raises(ValueError, match=words):
        read_captions(tmp_path / "a.vtt")


@pytest.mark.parametrize(
    "hostile",
    [
        ":: " + " " * 9000 + "[",
        ":: A\n" + "<<" * 4900,
        ":: A\n" + "[[" * 4900,
        ":: A\n<<if " + " " * 9000,
        ":: " + "\\ " * 3000,
    ],
)
def test_a_hostile_story_is_read_or_refused_at_once(tmp_path, hostile):
    path = write(tmp_path, hostile)
    begun = time.process_time()
    with pytest.raises(ValueError, match=r"story\.twee"):
        read_story(path, tmp_path / "clips")
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    "hostile", ["<v" + " " * 900_000, "<v " * 300_000, "{\\" * 400_000, "<" * 900_000, "<c." * 300_000]
)
def test_hostile_captions_are_read_at_once(tmp_path, hostile):
    (tmp_path / "a.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\n" + hostile + "\n")
    begun = time.process_time()
    assert len(read_captions(tmp_path / "a.vtt")) == 1
    assert time.process_time() - begun < 5
