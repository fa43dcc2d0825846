"""The field's measures under the field's names: the original, this project and people, side by side.

Run: python benchmarks/field.py, or make results, which runs it beside recognition.py. It needs real drawings
(data/quickdraw, or the network) and the models in data/models. What else it measures with is brought by who measures:
Google's sketch-rnn decoders (`rabbit.gen.json` and others) in data/work/sketchrnn, and what `benchmarks/pens.py` says.
A measure whose files are not there leaves its place empty. All of it goes to benchmarks/results/field.md, a dozen rows
to README.md.
"""

import argparse
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pens

from helpers.data.classes import JUDGED
from helpers.data.dataset import DataSet, load_drawings
from helpers.draw.decoding import decode, encode
from helpers.draw.priors import sample_z
from helpers.draw.rereading import reconstruct, sample
from helpers.draw.switching import switch
from helpers.evaluate.completion import best_and_mean, first_ink, likeness
from helpers.evaluate.distribution import frechet_distance, overlap
from helpers.evaluate.judge import Judge, load_judge
from helpers.evaluate.metrics import concealment, illusions, rec_at_1, recognised, recognised_as_own, ret_at_1, variety
from helpers.evaluate.topology import living_times
from helpers.model import vae
from helpers.model.card import fingerprints
from helpers.model.sketchrnn import load_sketchrnn
from helpers.paths import DATA, ROOT, atomic
from helpers.sketch.polyline import find_box
from helpers.sketch.strokes import from_polylines, prefix, to_polylines

MEASURED = "menagerie", "face-parts", "face-parts-rnn", "judge"
RESULT = Path(__file__).parent / "results" / "field.md"
MARKS = "<!-- field.md, by python benchmarks/field.py -->\n", "<!-- end of it -->"
DECODERS = DATA / "work" / "sketchrnn"
TEMPERATURE = 0.25
BEGUN = (0.1, 0.3, 0.5)  # shares of the strokes that are given
FINISHES = 5  # of each
LONGEST = 127  # rows of a drawing that is begun: the menagerie draws one more at most, the others more than that
INK = np.arange(1, 11) / 10
LANDMARKS_DRAWN = 200  # times for each geometry score
EMPTY = ""
ONCE = "each drawn once"  # what comes of no second reading, see `draw.sample`


class Table(NamedTuple):
    """A part of the results."""

    title: str
    about: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]


class Headline(NamedTuple):
    """A row of README's table."""

    measure: str
    published: str = EMPTY
    google: str = EMPTY
    ours: str = EMPTY
    people: str = EMPTY


class Shared(NamedTuple):
    """What several parts measure with."""

    judge: Judge
    n: int
    many: int
    each: int
    seed: int
    menagerie: vae.SketchVAE
    data: DataSet
    drawn: list[np.ndarray]  # `many` by the menagerie, its classes in turn
    google: dict[str, vae.SketchVAE]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--drawings", type=int, default=1000, help="of most measures")
    parser.add_argument("--many", type=int, default=5000, help="of the larger groups whose distribution is measured")
    parser.add_argument(
        "--each", type=int, default=6, help="of each of 12 classes that are finished; others in proportion"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--print", action="store_true", help="print the tables, and write nothing")
    arguments = parser.parse_args()
    began = time.process_time()
    model = vae.load_model("menagerie")
    data = load_drawings(model.settings.classes)
    shared = Shared(
        load_judge(), arguments.drawings, arguments.many, arguments.each, arguments.seed, model, data,
        sample(model, arguments.many, None, TEMPERATURE, arguments.seed, data.classes), decoders(),
    )  # fmt: skip
    tables, headlines = [], []
    for part in (distributions, geometry, google, completions, reconstructions, early, switches, tracing):
        start = time.process_time()
        table, found = part(shared)
        print(f"{table.title}: {time.process_time() - start:.0f} CPU seconds", flush=True)
        tables.append(table)
        headlines += found
    text = write_out(tables, arguments, time.process_time() - began)
    short = as_table(("measure", "published", "Google's sketch-rnn", "ours", "people's drawings"), headlines)
    if arguments.print:
        print(text, short, sep="\n")
        return
    with atomic(RESULT) as temporary:
        temporary.write_text(text)
    put_between(ROOT / "README.md", short)


def decoders() -> dict[str, vae.SketchVAE]:
    """Google's decoders of classes that the judge knows, as far as their files are there."""
    paths = {name: DECODERS / f"{name}.gen.json" for name in JUDGED}
    return {name: load_sketchrnn(path) for name, path in paths.items() if path.exists()}


def distributions(shared: Shared) -> tuple[Table, list[Headline]]:
    """How drawings are distributed beside real ones in the judge's features."""
    rows = []

    def row(what: str, drawn: list[np.ndarray], real: np.ndarray) -> tuple[str, ...]:
        features = shared.judge.features(drawn)
        apart = f"{frechet_distance(features, real):.1f}"
        found = [overlap(features, real, k) for k in (3, 20)]
        cells = (what, f"{len(drawn):,}", apart, *(" / ".join(f"{x:.2f}" for x in one) for one in found))
        rows.append(cells)
        return cells

    parts = load_drawings(vae.load_model("face-parts").settings.classes)
    drawn = {
        f"parts of a face, {name.replace('face-parts', 'CNN').replace('CNN-rnn', 'RNN baseline')}, {what}": sample(
            vae.load_model(name), shared.many if (name, prior) == ("face-parts", "trained") else shared.n, prior,
            TEMPERATURE, shared.seed, parts.classes,
        )
        for name in ("face-parts", "face-parts-rnn")
        for prior, what in (("trained", "the prior it was trained toward"), ("fitted", "fitted Gaussians"))
    }  # fmt: skip
    told = {}
    for data, what, groups in (
        (parts, "parts of a face", drawn),
        (shared.data, "12 classes", {
            "12 classes, menagerie": shared.drawn,
            f"12 classes, menagerie, {ONCE}": sample(
                shared.menagerie, shared.n, None, TEMPERATURE, shared.seed, shared.data.classes, tries=1
            ),
        }),
    ):  # fmt: skip
        strangers = next(other for other in (shared.data, parts) if other is not data)
        for count in (shared.n, shared.many):
            real, others = people(data, count, count > shared.n)
            real = shared.judge.features(real)
            for name, group in groups.items():
                if len(group) >= count:
                    told.setdefault((what, count), row(name, group[:count], real))
            told[what, count, "people"] = row(f"{what}, other people's: the floor", others, real)
            if count == shared.n:
                row(f"{what}, drawings of other classes: the ceiling", deal(strangers, "test", count), real)
    headlines = []
    pair = [name for name in ("rabbit", "sheep") if name in shared.google]
    if pair:
        headlines = two_classes(shared, row)
    ours, other = (told[("12 classes", shared.n, *who)] for who in ((), ("people",)))
    headlines.insert(
        0, Headline(f"12 classes, FD of the judge's features, n = {shared.n:,}", "", "", ours[2], other[2])
    )
    about = (
        "*FD of the judge's features* (no FID, which is of one Inception network), and precision / recall / density / "
        "coverage with the k-th neighbour (arXiv 1904.06991, 2002.09797; the package `prdc` gives the same numbers). "
        f"Up to {shared.n:,} drawings are beside test drawings, people's are validation drawings; {shared.many:,} are "
        "beside training drawings, people's too. Where it does not say that each is drawn once, the network has read "
        "again what it drew, and drawn anew where it saw another class (`draw.sample`)."
    )
    columns = "who draws", "n", "FD of the judge's features", "k = 3: P / R / D / C", "k = 20: P / R / D / C"
    return Table("Distribution", about, columns, rows), headlines


def two_classes(shared: Shared, row) -> list[Headline]:
    """The same of the classes of which there are both Google's decoder and the menagerie."""
    names = [name for name in shared.data.classes if name in shared.google]
    real = {part: [s for name in names for s in own(shared.data, part, name)] for part in ("test", "valid")}
    each = min(len(own(shared.data, "test", name)) for name in names)
    theirs, ours = (
        [
            sketch
            for name in names
            for sketch in sample(model or shared.google[name], each, None, TEMPERATURE, shared.seed, [name], tries=1)
        ]
        for model in (None, shared.menagerie)
    )
    features = shared.judge.features(real["test"])
    what = " and ".join(names)
    cells = [
        row(f"{what}, {who}", drawn, features)
        for who, drawn in (
            ("Google's sketch-rnn", theirs), (f"menagerie, {ONCE}", ours), ("other people's: the floor", real["valid"]),
        )
    ]  # fmt: skip
    return [
        Headline(f"{what}, {ONCE}: FD of the judge's features, n = {len(theirs):,}", "", *(cell[2] for cell in cells)),
        Headline("the same: precision / recall / density / coverage, k = 3", "", *(cell[3] for cell in cells)),
    ]


def geometry(shared: Shared) -> tuple[Table, list[Headline]]:
    """How alike drawn and real ones are in shape: the geometry score in the judge's features."""
    rows = []
    columns = "who draws", "n", "geometry score x 1,000", "loops at a time"
    about = (
        "After arXiv 1802.02664, beside test drawings: a group's points, in the judge's features, form loops, whose "
        "number changes with the scale at which one looks, and the score is the squared distance between two groups' "
        "shares of the scale with 0, 1, 2 ... of them. The smaller the more alike in shape. Which drawings they are it "
        f"does not see: those of other classes come out near the floor. 64 landmarks, drawn {LANDMARKS_DRAWN} times."
    )
    parts = load_drawings(vae.load_model("face-parts").settings.classes)
    drawn = {
        f"parts of a face, {who}": sample(
            vae.load_model(name), shared.n, "fitted", TEMPERATURE, shared.seed, parts.classes
        )
        for who, name in (("CNN, fitted Gaussians", "face-parts"), ("RNN baseline, fitted Gaussians", "face-parts-rnn"))
    }  # fmt: skip
    try:
        for data, what, groups, strangers in (
            (parts, "parts of a face", drawn, shared.data),
            (shared.data, "12 classes", {"12 classes, menagerie": shared.drawn[: shared.n]}, parts),
        ):
            real, others = people(data, shared.n, False)
            its = living_times(shared.judge.features(real), None, LANDMARKS_DRAWN, shared.seed)
            for who, group in {
                **groups, f"{what}, other people's: the floor": others,
                f"{what}, drawings of other classes": deal(strangers, "test", shared.n),
            }.items():  # fmt: skip
                times = living_times(shared.judge.features(group), None, LANDMARKS_DRAWN, shared.seed + 1)
                score = 1000 * ((times - its) ** 2).sum()
                rows.append((who, f"{len(group):,}", f"{score:.1f}", f"{times @ np.arange(len(times)):.1f}"))
            rows.append((f"{what}, those test drawings", f"{len(real):,}", EMPTY, f"{its @ np.arange(len(its)):.1f}"))
    except ImportError as error:
        about += f" *Not measured: {error}.*"
    return Table("Geometry score", about, columns, rows), []


def google(shared: Shared) -> tuple[Table, list[Headline]]:
    """Each class drawn plainly: Google's decoders, the menagerie, people."""
    rows, shares = [], {}
    n = 25 * shared.each
    everything = load_drawings(sorted({*shared.data.classes, *shared.google}))
    for name in everything.classes:
        real = own(everything, "test", name)[:n]
        for who, model, tries in (
            ("Google's sketch-rnn", shared.google.get(name), 1),
            (f"menagerie, {ONCE}", shared.menagerie, 1),
            ("menagerie", shared.menagerie, 3),
        ):
            if model is None or name not in model.settings.classes:
                continue
            start = time.process_time()
            drawn = sample(model, n, None, TEMPERATURE, shared.seed, [name], tries)
            spent = time.process_time() - start
            spread = variety(shared.judge, drawn[: len(real)], real)
            shares[name, who] = recognised(shared.judge, drawn, name).mean()
            ended = np.mean([len(sketch) < model.settings.max_points for sketch in drawn])
            rows.append(
                (name, who, f"{shares[name, who]:.1%}", f"{spread.distance:.2f}; {spread.recall:.2f}", f"{ended:.1%}",
                 f"{n / spent:.0f}")
            )  # fmt: skip
        shares[name, "people"] = recognised(shared.judge, real, name).mean()
        rows.append((name, "people", f"{shares[name, 'people']:.1%}", "1", "", ""))
    both = [name for name in shared.data.classes if name in shared.google]
    cells = [
        f"{np.mean([shares[name, who] for name in both]):.1%}" if both else EMPTY
        for who in ("Google's sketch-rnn", "menagerie", f"menagerie, {ONCE}", "people")
    ]
    cells[1:3] = [f"{cells[1]} ({ONCE}: {cells[2]})"]
    columns = "class", "who draws", "recognised", "variety: distance; recall", "come to an end", "drawings a CPU second"
    about = f"{n} drawings of each class, temperature {TEMPERATURE}, all by this project's compiled loop."
    what = " and ".join(both) or "rabbit and sheep"
    return Table("Drawn plainly", about, columns, rows), [Headline(f"{what}: recognised, n = {n} each", "", *cells)]


def completions(shared: Shared) -> tuple[Table, list[Headline]]:
    """People's drawings begun, finished several times."""
    parts = load_drawings(vae.load_model("face-parts").settings.classes)
    rows, told = [], {}
    both = [name for name in shared.data.classes if name in shared.google]
    groups: list[tuple[str, DataSet, list[str], dict]] = [
        ("parts of a face", parts, parts.classes, {
            "CNN, reads the beginning": reader(vae.load_model("face-parts")),
            "RNN baseline, reads the beginning": reader(vae.load_model("face-parts-rnn")),
        }),
        ("12 classes", shared.data, shared.data.classes, {
            "menagerie, reads the beginning": reader(shared.menagerie),
            "menagerie, told the class": drawer(lambda name: shared.menagerie),
        }),
        *([(" and ".join(both), shared.data, both, {
            "Google's sketch-rnn of the class": drawer(shared.google.get),
            "menagerie, told the class": drawer(lambda name: shared.menagerie),
        })] if both else []),
    ]  # fmt: skip
    for what, data, classes, who in groups:
        each = shared.each * len(shared.data.classes) // len(classes)
        chosen = [(name, s) for name in classes for s in own(data, "test", name)[:each] if 1 < len(s) <= LONGEST]
        names, originals = [name for name, _ in chosen], [sketch for _, sketch in chosen]
        ways = {**who, "another person's rest": another(data), "nobody: the beginning alone": alone}
        for share in BEGUN:
            begun = [prefix(sketch, share) for sketch in originals]
            for how, finish in ways.items():
                finished = [finish(begun, names, share, shared.seed + k) for k in range(FINISHES)]
                told[what, how, share] = cells = judged(shared.judge, finished, begun, originals, names)
                rows.append((what, how, f"{share:.0%}", f"{len(originals)}", *cells))
    columns = (
        "drawings",
        "finished by",
        "strokes given",
        "n",
        "IoU, best; mean",
        "strokes found, best; mean",
        "recognised, any; mean",
    )
    about = (
        f"After SketchRevive's protocol, {FINISHES} finishes each, temperature {TEMPERATURE}. IoU is of all ink, in "
        "lines of 3 px in a picture of 64; strokes found are of those that were left to draw (Chamfer distance at most "
        "a tenth of the drawing's size, and as long within a half). IoU counts the ink given, so a drawing that "
        "nobody finishes has a high one: strokes found and recognised say more. Published at 50%: SketchRNN .55; .46, "
        "SketchRevive .77; .63, on other drawings, and with their own definitions of both. Of the drawings, those of "
        f"up to {LONGEST} points."
    )
    end = BEGUN[-1]
    which = " and ".join(both) or "12 classes"
    last = [told[which, how, end] for how in ("menagerie, told the class", "another person's rest")]
    theirs = told.get((which, "Google's sketch-rnn of the class", end), (EMPTY,) * 3)
    nobody = told[which, "nobody: the beginning alone", end][0]
    count = next(n for what, _, _, n, *_ in rows if what == which)
    headlines = [
        Headline(what, published, theirs[k], *(cells[k] for cells in last))
        for k, (what, published) in enumerate(
            (
                (
                    f"{which}, the class told, finished from half of the strokes, {FINISHES} each, n = {count}: IoU, "
                    f"best; mean (the beginning alone: {nobody})",
                    "SketchRNN .55, SketchRevive .77",
                ),
                ("the same: strokes found, best; mean", "SketchRNN .46, SketchRevive .63"),
                ("the same (people: another person's rest): recognised, any; mean", ""),
            )
        )
    ]
    return Table("Completion", about, columns, rows), headlines


def judged(judge: Judge, finished: list, begun: list, originals: list, names: list) -> tuple[str, str, str]:
    """Likeness and recognition of (FINISHES, N) finishes: the best of each drawing, and the mean."""
    alike = [[likeness(group[i], originals[i], len(begun[i])) for group in finished] for i in range(len(originals))]
    best, mean = best_and_mean(alike)
    seen = np.array([recognised_as_own(judge, group, names) for group in finished])
    return (
        f"{best.iou:.2f}; {mean.iou:.2f}",
        f"{best.recall:.2f}; {mean.recall:.2f}",
        f"{seen.any(axis=0).mean():.1%}; {seen.mean():.1%}",
    )


def reader(model: vae.SketchVAE):
    """Finishes by the z that a network reads in the beginning."""
    return lambda begun, names, share, seed: decode(model, encode(model, begun), TEMPERATURE, seed, begun)


def drawer(model_of):
    """Finishes by random z of the class, which the network is told."""

    def finish(begun: list, names: list, share: float, seed: int) -> list[np.ndarray]:
        finished = []
        for name in dict.fromkeys(names):
            model, group = model_of(name), [s for s, its in zip(begun, names, strict=True) if its == name]
            finished += decode(model, sample_z(model, len(group), None, seed, [name]), TEMPERATURE, seed, group)
        return finished  # drawings come class by class

    return finish


def another(data: DataSet):
    """What another person drew after as many of the strokes, moved and sized to where this one's beginning lies."""

    def finish(begun: list, names: list, share: float, seed: int) -> list[np.ndarray]:
        pools = {name: own(data, "valid", name) for name in dict.fromkeys(names)}
        rng = np.random.default_rng(seed)
        finished = []
        for sketch, name in zip(begun, names, strict=True):
            other = pools[name][rng.integers(len(pools[name]))]
            start, whole = to_polylines(sketch), to_polylines(other)
            count = len(to_polylines(prefix(other, share)))
            (middle, size), (its, other_size) = find_box(start), find_box(to_polylines(prefix(other, share)))
            scale = max(size.max(), 1) / max(other_size.max(), 1)
            rest = [(line - its) * scale + middle for line in whole[count:]]
            finished.append(from_polylines(start + rest))
        return finished

    return finish


def alone(begun: list, names: list, share: float, seed: int) -> list[np.ndarray]:
    return begun


def reconstructions(shared: Shared) -> tuple[Table, list[Headline]]:
    """Rec@1 and Ret@1 of drawings read and drawn again."""
    rows = []
    for what, name in (
        ("parts of a face, CNN", "face-parts"), ("parts of a face, RNN baseline", "face-parts-rnn"),
        ("12 classes, menagerie", "menagerie"),
    ):  # fmt: skip
        model = vae.load_model(name)
        data = load_drawings(model.settings.classes)
        originals = deal(data, "test", shared.n)
        names = list(np.resize(data.classes, len(originals)))
        for how, tries in ((f", {ONCE}", 1), ("", 3)):
            again = reconstruct(model, originals, 0.2, shared.seed, tries)
            rec, real = (rec_at_1(shared.judge, group, names, data.classes).mean() for group in (again, originals))
            ret = ret_at_1(encode(model, again), encode(model, originals)).mean()
            count = len(originals)
            rows.append((what + how, f"{count:,}", f"{rec:.1%}", f"{ret:.1%}", f"{real:.1%}", f"{1 / count:.1%}"))
    about = (
        "After Sketch-HARP (arXiv 2511.07889): test drawings read and drawn again at temperature 0.2. *Rec@1*: the "
        "judge finds the class most probable of the data set's classes. *Ret@1*: of all these drawings, the code of "
        "the one drawn again is nearest to its own original's. Published: Rec@1 89.9% (17 classes), 96.0% (5)."
    )
    columns = "network", "n", "Rec@1", "Ret@1", "Rec@1 of people's own", "Ret@1 by chance"
    once, last = rows[-2:]
    return Table("Reconstruction", about, columns, rows), [
        Headline(
            f"Rec@1 of reconstructions, 12 classes, n = {last[1]}",
            "89.9% (Sketch-HARP, 17 classes)",
            "no encoder",
            f"{last[2]} ({ONCE}: {once[2]})",
            last[4],
        ),
        Headline("Ret@1 of the same", "", "no encoder", f"{last[3]} ({ONCE}: {once[3]})"),
    ]


def early(shared: Shared) -> tuple[Table, list[Headline]]:
    """How much ink a drawing needs until it is recognised."""
    count = len(shared.data.classes) * 2 * shared.each
    rows, half = [], {}
    both = [name for name in shared.data.classes if name in shared.google]
    each = count // max(len(both), 1)
    groups = [
        ("12 classes, people", deal(shared.data, "test", count), np.resize(shared.data.classes, count)),
        ("12 classes, menagerie", shared.drawn[:count], np.resize(shared.data.classes, count)),
    ]
    if both:
        theirs = [s for name in both for s in sample(shared.google[name], each, None, TEMPERATURE, shared.seed)]
        groups.append((f"{' and '.join(both)}, Google's sketch-rnn", theirs, np.repeat(both, each)))
    for what, sketches, names in groups:
        shares = [
            recognised_as_own(shared.judge, [first_ink(sketch, ink) for sketch in sketches], list(names)).mean()
            for ink in INK
        ]
        half[what] = f"{shares[4]:.1%}"
        rows.append((what, f"{len(sketches)}", *(f"{share:.0%}" for share in shares)))
    columns = "who draws", "n", *(f"{ink:.0%}" for ink in INK)
    about = "Share recognised when so much of the ink is drawn, as long as it is drawn in the order of the pen."
    ours, people_ = half["12 classes, menagerie"], half["12 classes, people"]
    theirs = f"{half[groups[-1][0]]} ({' and '.join(both)})" if both else EMPTY
    return Table("Early recognition", about, columns, rows), [
        Headline(f"recognised when half of the ink is drawn, n = {count}", "", theirs, ours, people_)
    ]


def switches(shared: Shared) -> tuple[Table, list[Headline]]:
    """z-switching between the two classes of which there is Google's decoder, on the menagerie's beginnings."""
    rows, told = [], []
    both = [name for name in shared.data.classes if name in shared.google][:2]
    pairs = [both, both[::-1]] if len(both) == 2 else []
    n = 8 * shared.each
    for first, second in pairs:
        for who, done in (
            ("Google's sketch-rnn", ((shared.menagerie, shared.google[second]), first)),
            ("menagerie", (shared.menagerie, first, second)),
        ):
            drawn = switch(*done, n=n, seed=shared.seed)
            seen = recognised(shared.judge, drawn.sketches, second)
            hidden = concealment(shared.judge, drawn, second)
            numbers = seen.mean(), hidden.mean(), illusions(shared.judge, drawn, second).mean()
            told.append(numbers)
            rows.append((f"{first} to {second}", who, f"{n}", *as_shares(numbers)))
    columns = "from, to", "finished by", "n", "recognised as the second", "concealment", "illusions"
    about = (
        "A third of the menagerie's own drawing, finished as the other class: by Google's decoder run through the "
        "beginning, as its demonstration `multi_predict` does, and by the menagerie, which reads it as a part."
    )
    cells = ["; ".join(as_shares(np.mean(told[k::2], axis=0))) if told else EMPTY for k in range(2)]
    what = f"{both[0]} to {both[1]} and back, n = {n} each" if pairs else "rabbit to sheep and back"
    return Table("z-switching", about, columns, rows), [
        Headline(f"{what}: recognised as the second; concealment; illusions", "", *cells)
    ]


def as_shares(numbers) -> tuple[str, str, str]:
    seen, hidden, illusion = numbers
    return f"{seen:.0%}", f"{hidden:+.2f}", f"{illusion:.0%}"


def tracing(shared: Shared) -> tuple[Table, list[Headline]]:
    """Tracing with people's own pens as the answer."""
    rows = pens.measure_all(10 * shared.each, shared.seed)
    found = {(data, who): cells for data, who, _, *cells in rows}
    ours, published = found.get(("Omniglot", "ours")), found.get(("Omniglot", "published method"))
    row = Headline(
        f"pictures that pens wrote (Omniglot), traced, n = {10 * shared.each}: strokes found; in order; direction "
        "(chance: 50%)"
    )
    if ours and published:
        row = row._replace(published=f"{'; '.join(published[2:])}", ours="; ".join(ours[2:]), people="100%; 100%; 100%")
    return Table("Tracing, pens as the answer", pens.ABOUT, pens.COLUMNS, rows), [row]


def people(data: DataSet, n: int, of_training: bool) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """n real drawings to be measured by, and n others: test and validation drawings, or halves of the training's."""
    if of_training:
        both = deal(data, "train", 2 * n)
        return both[:n], both[n:]
    return deal(data, "test", n), deal(data, "valid", n)


def own(data: DataSet, part: str, name: str) -> list[np.ndarray]:
    """A class's drawings of one part of a data set."""
    split = getattr(data, part)
    return [split.sketches[i] for i in np.flatnonzero(split.labels == data.classes.index(name))]


def deal(data: DataSet, part: str, n: int) -> list[np.ndarray]:
    """n drawings of one part, of its classes in turn. Raises ValueError where a class has too few."""
    groups = [own(data, part, name) for name in data.classes]
    turns = -(-n // len(groups))
    if turns > min(map(len, groups)):
        raise ValueError(
            f"{n:,} drawings of {part} ask for {turns:,} of each class; there are {min(map(len, groups)):,}"
        )
    return [group[turn] for turn in range(turns) for group in groups][:n]


def write_out(tables: list[Table], arguments: argparse.Namespace, seconds: float) -> str:
    """The results as Markdown."""
    given = (
        f"`python benchmarks/field.py --drawings {arguments.drawings} --many {arguments.many} --each {arguments.each} "
        f"--seed {arguments.seed}`"
    )
    parts = [
        f"# The field's measures\n\nBy {given}, {seconds:.0f} seconds of the processor. {fingerprints(*MEASURED)} "
        "*Recognised* is the most probable of the judge's 32 classes, with a probability of at least 0.5. People's "
        "drawings are test drawings unless it says otherwise. Google's decoders that were there: "
        f"{', '.join(sorted(decoders())) or 'none'}.\n"
    ]
    for table in tables:
        body = (
            as_table(table.columns, table.rows)
            if table.rows
            else "Not measured: what it is measured with is not there.\n"
        )
        parts.append(f"## {table.title}\n\n{table.about}\n\n{body}")
    return "\n".join(parts)


def as_table(columns: tuple[str, ...], rows: list) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def put_between(path: Path, text: str) -> None:
    """Puts text between the marks of a page, in place of what is there."""
    page = path.read_text()
    if page.count(MARKS[0]) != 1 or page.count(MARKS[1]) != 1:
        raise ValueError(f"{path} needs the lines {MARKS[0].strip()} and {MARKS[1]}, once each, for its table")
    head, rest = page.split(MARKS[0])
    with atomic(path) as temporary:
        temporary.write_text(head + MARKS[0] + "\n" + text + "\n" + MARKS[1] + rest.split(MARKS[1])[1])


if __name__ == "__main__":
    main()
