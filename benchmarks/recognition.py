"""Every number in docs/results.md's table of drawings: the released models and real test drawings before the judge.

Run: make results, or python benchmarks/recognition.py --help. It needs real drawings (data/quickdraw, or the network)
and the models in data/models. The table goes to benchmarks/results/recognition.md, and each network's own numbers to
its card.
"""

import argparse
from contextlib import suppress
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from helpers.data.dataset import DataSet, load_drawings
from helpers.draw.decoding import encode
from helpers.draw.finishing import FINISHES
from helpers.draw.fit import complete, find_poses, make_shapes
from helpers.draw.interpolation import about, slerp
from helpers.draw.priors import class_mean, sample_z
from helpers.draw.rereading import reconstruct, sample
from helpers.draw.switching import Switched, illusion, switch
from helpers.evaluate.judge import Judge, load_judge
from helpers.evaluate.metrics import (
    concealment,
    illusions,
    recognised,
    recognised_as_own,
    variety,
)
from helpers.evaluate.ways import ways_between
from helpers.latent.nearest import by_angle, probe, separation, strays, whiten
from helpers.latent.tsne import embed
from helpers.model import vae
from helpers.model.card import fingerprints
from helpers.motion.tweening import Animation, centred, step_sizes
from helpers.paths import MODELS, atomic
from helpers.sketch.strokes import added_ink, bounds, from_polylines, prefix, to_polylines
from helpers.sketch.summaries import measure, summarise
from helpers.train.vae import evaluate

RESULT = Path(__file__).parent / "results" / "recognition.md"
TEMPERATURE = 0.2
WARMER = 0.25  # at which drawings are a little less sure and a little less alike
TRIES = 16  # finishes of a drawing, of which the network keeps the one it reads as most like what it was to become
ON_MAP, BANK = 50, 4000  # test drawings of each class on the map, and training drawings of each in the bank
PLAIN = 150  # drawings of each class, drawn plainly
PRIORS = {
    "trained": "the prior it was trained toward",
    "fitted": "the fitted Gaussians",
    "normal": "N(0, I)",
}
READ = {1: "each drawn once", 3: "read again, and drawn again where it sees another class"}
PRIORS_READ = [(prior, tries) for prior in PRIORS for tries in READ if prior != "normal" or tries == 1]
CHOICES = {1: "finished once", TRIES: f"of {TRIES} finishes the one its encoder reads as nearest the second"}
CHOSEN = 4  # of so many drawings that are finished once, one is finished so often

MEASURED = "face-parts", "face-parts-rnn", "menagerie", "cloud", "camel", "judge", "second", "chooser", "parts-cnn"
SEARCHES = 6  # of so many pairs one is searched for illusions


class Row(NamedTuple):
    """A line of the table."""

    what: str
    ours: str
    real: str = ""
    published: str = ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--drawings", type=int, default=1000, help="of each measure")
    parser.add_argument("--each", type=int, default=2, help="drawings of each pair of classes, of parts")
    parser.add_argument("--pairs", type=int, help="pairs of classes, of parts; all of them if left out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only-parts", action="store_true", help="print the rows of parts, and write nothing")
    parser.add_argument("--plainly", metavar="MODEL", help="print how each class is drawn plainly by a model, no more")
    arguments = parser.parse_args()
    if arguments.plainly:
        model = vae.load_model(arguments.plainly)
        found = plainly(model, load_drawings(model.settings.classes), PLAIN, arguments.seed)
        print(*(f"{row.what}: {row.ours}" for row in found), sep="\n")
        return
    judge, rows = load_judge(), []
    if not arguments.only_parts:
        for part in (faces, baseline, menagerie):
            rows += part(judge, arguments.drawings, arguments.seed)
    rows += parts(judge, arguments.each, arguments.seed, arguments.pairs)
    if arguments.only_parts:
        print(*(f"{row.what}: {row.ours} {row.real}" for row in rows), sep="\n")
        return
    head = (
        f"{arguments.drawings:,} drawings each unless it says otherwise, seed {arguments.seed}, temperature "
        f"{TEMPERATURE}. *Recognised* is the most probable of the judge's {len(judge.classes)} classes, with a "
        "probability of at least 0.5. Real drawings are test drawings. "
        f"{fingerprints(*MEASURED)}\n\n"
    )
    table = "\n".join(f"| {row.what} | {row.published} | {row.ours} | {row.real} |" for row in rows)
    with atomic(RESULT) as temporary:
        temporary.write_text(f"{head}| measure | published | ours | real drawings |\n|---|---|---|---|\n{table}\n")
    print(RESULT.read_text())


def faces(judge: Judge, n: int, seed: int) -> list[Row]:
    """Parts of a face: samples, reconstructions, ways between drawings, and how they hold together."""
    model = vae.load_model("face-parts")
    data = load_drawings(model.settings.classes)
    real = deal(data, n)
    names = [data.classes[label] for label in data.test.labels]
    of_real = share(recognised(judge, real, *data.classes))
    own = recognised_as_own(judge, data.test.sketches, names).mean()
    rows, told, halved = [], [], halves(judge, data)
    for temperature in (TEMPERATURE, WARMER):
        for prior, tries in PRIORS_READ:
            drawn = sample_as_real(model, n, prior, temperature, seed, tries)
            if (prior, tries, temperature) == ("trained", max(READ), TEMPERATURE):
                holding = {"real": measure(real), "ours": measure(drawn)}
            seen, spread = share(recognised(judge, drawn, *data.classes)), variety(judge, drawn, real)
            told += [f"{seen} from {PRIORS[prior]}"] * (temperature == TEMPERATURE and tells(prior, tries))
            rows.append(
                Row(
                    f"face parts, z from {PRIORS[prior]}, {READ[tries]}, temperature {temperature}: recognised as one "
                    "of the four; mean distance of two, over real ones'; recall",
                    f"{seen}; {spread.distance:.2f}; {spread.recall:.2f}",
                    f"{of_real}; 1; {halved} (one half of them for the other)",
                    "63% (100, by eye)" * ((prior, tries, temperature) == ("trained", 1, TEMPERATURE)),
                )
            )
    tell("face-parts", f"{', '.join(told)}; people's {of_real}", n, seed)
    for tries, how in READ.items():
        again = recognised_as_own(judge, reconstruct(model, data.test.sketches, TEMPERATURE, seed, tries), names)
        what = f"reconstruction recognised as its own class ({len(names):,}), {how}"
        rows.append(Row(what, f"{again.mean():.1%}", f"{own:.1%}"))
    for name in ("closure", "symmetry"):
        ours, theirs = (summarise(holding[who][name]).mean for who in ("ours", "real"))
        rows.append(Row(f"{name} of samples, mean", f"{ours:.3f} ({ours / theirs - 1:+.0%})", f"{theirs:.3f}"))
    rows += [*ways_within(judge, model, data), *apart(data, seed)]
    return [*rows, *four_ways(judge, model, "CNN", f"{own.mean():.1%}", n, seed), *losses(model, data, "CNN")]


def sample_as_real(
    model: vae.SketchVAE, n: int, prior: str, temperature: float, seed: int, tries: int
) -> list[np.ndarray]:
    """n samples, as many of each class as of the test drawings where the prior knows classes."""
    knows = prior == "fitted" or (prior == "trained" and model.settings.prior == "class")
    return sample(model, n, prior, temperature, seed, model.settings.classes if knows else None, tries)


def tells(prior: str, tries: int) -> bool:
    """Whether a model's card tells of it: of what `sample` draws, which reads again what it drew of a class."""
    return tries == (1 if prior == "normal" else max(READ))


def ways_within(judge: Judge, model: vae.SketchVAE, data: DataSet) -> list[Row]:
    """25 ways of 10 frames between drawings of each class: the arc about the origin and that about the class's mean,
    each frame drawn once, and drawn again where one of two others, which do not count, asks for it."""
    choosers, rows = [load_judge("second"), load_judge("parts-cnn")], []
    for about_what in ("the origin", "the class's mean"):
        for how, asks in {"each frame drawn once": (), "drawn again where two others ask": choosers}.items():
            whole, others, steps = [], 0, []
            for label, name in enumerate(data.classes):
                own = [data.test.sketches[i] for i in np.flatnonzero(data.test.labels == label)]
                path = slerp if about_what == "the origin" else about(class_mean(model, name))
                found = ways_between(judge, model, own, name, path=path, choosers=asks)
                whole.append(f"{name} {found.own.all(axis=1).sum()} ({found.own.sum()})")
                others += found.other.sum()
                steps += [100 * step_sizes(Animation(frames, centred(frames))) for frames in found.frames]
            rows.append(
                Row(
                    f"25 ways of 10 frames between drawings of a class, arc about {about_what}, {how}: ways all of "
                    "whose frames are recognised (frames of 250); frames of another class; step, mean and mean largest",
                    f"{', '.join(whole)}; {others} of 1,000; {np.mean(steps):.2f}, {np.max(steps, axis=1).mean():.2f}",
                    "",
                    "25 of 25 each, by eye",
                )
            )
    return rows


def apart(data: DataSet, seed: int) -> list[Row]:
    """How far classes lie apart in z: agreement of 200 test drawings, alone and in a bank, CNN beside RNN."""
    tests, bank = (
        np.concatenate([np.flatnonzero(labels == label)[:each] for label in range(len(data.classes))])
        for labels, each in ((data.test.labels, ON_MAP), (data.train.labels, BANK))
    )
    labels, bank_labels, rows = data.test.labels[tests], data.train.labels[bank], []
    for encoder, model in {"CNN": vae.load_model("face-parts"), "RNN": vae.load_model("face-parts-rnn")}.items():
        z = encode(model, data.test.sketches).astype(float)
        every = encode(model, [data.train.sketches[i] for i in bank]).astype(float)
        trained = model.settings.prior == "class"
        used = "labels used in training" if trained else "labels not used"
        both = "labels used in training and distance" if trained else "labels used in the distance"
        for way, told in {"angle": used, "the fitted prior": both}.items():
            seen, kept = (by_angle(x if way == "angle" else whiten(x, model.prior)) for x in (z[tests], every))
            alone, banked = separation(seen, labels), separation(seen, labels, bank=(kept, bank_labels))
            rows.append(
                Row(
                    f"z of {len(tests)} test drawings, {encoder}, by {way} ({told}): of the 10 nearest of its class, "
                    f"vote; these alone; in a bank of {len(bank):,} training drawings",
                    f"{alone.agreement:.1%}, {alone.vote:.1%}; {banked.agreement:.1%}, {banked.vote:.1%}",
                )
            )
        lost = strays(embed(z[tests], seed=seed), labels).sum()
        named = probe(every, bank_labels, z, data.test.labels)
        what = f"t-SNE of these, {encoder} ({used}): on another class's island; linear probe of all test drawings"
        rows.append(Row(what, f"{lost} of {len(tests)}; {named:.1%}"))
    return rows


def baseline(judge: Judge, n: int, seed: int) -> list[Row]:
    """The encoder that reads strokes: the same samples, and its losses."""
    model = vae.load_model("face-parts-rnn")
    data = load_drawings(model.settings.classes)
    rows, told = [], []
    for prior, tries in PRIORS_READ:
        drawn = sample_as_real(model, n, prior, TEMPERATURE, seed, tries)
        seen, spread = share(recognised(judge, drawn, *data.classes)), variety(judge, drawn, deal(data, n))
        told += [f"{seen} from {PRIORS[prior]}"] * tells(prior, tries)
        rows.append(
            Row(
                f"RNN baseline, z from {PRIORS[prior]}, {READ[tries]}: recognised as one of the four; mean distance of "
                "two, over real ones'; recall",
                f"{seen}; {spread.distance:.2f}; {spread.recall:.2f}",
                "",
                "18% (100, by eye)" * ((prior, tries) == ("trained", 1)),
            )
        )
    tell("face-parts-rnn", ", ".join(told), n, seed)
    return [*rows, *four_ways(judge, model, "RNN", as_own(judge, data), n, seed), *losses(model, data, "RNN")]


def four_ways(judge: Judge, model: vae.SketchVAE, what: str, real: str, n: int, seed: int) -> list[Row]:
    """z-switching between the parts of a face, each into each."""
    pairs = list(permutations(model.settings.classes, 2))
    rows = []
    for tries, how in CHOICES.items():
        each = each_of(pairs, n, tries)
        drawn = switch_all(model, pairs, each, seed, tries=tries)
        told = f"z-switching at a third, face parts, {what}, all {len(pairs)} pairs, {each} each, {how}"
        rows += switched(judge, drawn, told, real)
    return rows


def each_of(pairs: list[tuple[str, str]], n: int, tries: int) -> int:
    """How many drawings of each pair make about n, or `CHOSEN` times fewer where each is chosen from many."""
    return -(-n // (len(pairs) * (1 if tries == 1 else CHOSEN)))


def switch_all(
    model: vae.SketchVAE, pairs: list[tuple[str, str]], each: int, seed: int, **how
) -> dict[tuple[str, str], Switched]:
    """z-switching of each pair of classes, read as a neighbour: all that become one class at once, which is faster. No
    beginning comes twice."""
    own = {first: [pair for pair in pairs if pair[0] == first] for first, _ in pairs}
    z = {first: sample_z(model, each * len(its), seed=seed, classes=[first]) for first, its in own.items()}
    z = {pair: one for first, its in own.items() for pair, one in zip(its, np.split(z[first], len(its)), strict=True)}
    drawn = {}
    for second in dict.fromkeys(second for _, second in pairs):
        ending = [pair for pair in pairs if pair[1] == second]
        found = switch(model, np.concatenate([z[pair] for pair in ending]), second, seed=seed, fit=False, **how)
        for k, pair in enumerate(ending):
            its = slice(each * k, each * (k + 1))
            drawn[pair] = Switched(found.sketches[its], found.switches[its])
    return drawn


def menagerie(judge: Judge, n: int, seed: int) -> list[Row]:
    """z-switching: one model of many classes, every one into every other, and two models of one class each."""
    model = vae.load_model("menagerie")
    data = load_drawings(model.settings.classes)
    real = as_own(judge, data)
    pairs = list(permutations(model.settings.classes, 2))
    each = each_of(pairs, n, 1)
    plain = [
        sample(model, each * (len(pairs) // len(data.classes)), seed=seed, classes=[name]) for name in data.classes
    ]
    own = [recognised(judge, drawn, name).mean() for drawn, name in zip(plain, data.classes, strict=True)]
    rows = [
        Row(
            f"menagerie, {len(data.classes)} classes, drawn without a switch and read again: recognised as its own",
            f"{np.mean(own):.1%}",
            real,
        ),
    ]
    drawn = {tries: switch_all(model, pairs, each_of(pairs, n, tries), seed, tries=tries) for tries in CHOICES}
    for tries, how in CHOICES.items():
        what = f"z-switching at a third, one model, all {len(pairs)} pairs, {each_of(pairs, n, tries)} each, {how}"
        rows += switched(judge, drawn[tries], what, real)
    told = f"its own class in {rows[0].ours} (people's {real}); begun as one and finished as another of its "
    told += (
        f"classes, all pairs: either in {rows[1].ours}, the second in {rows[2].ours}; of {TRIES} finishes the one it "
    )
    told += f"reads as nearest the second: {rows[3].ours}, {rows[4].ours} of {len(pairs) * each_of(pairs, n, TRIES):,}"
    tell("menagerie", told, n, seed)
    rows += [
        *switched(
            judge,
            {pair: laid_over(data, pair, each, seed) for pair in pairs},
            "the same pairs, a third of a person's drawing merely laid over another's",
            real,
        ),
        prefixes(drawn[1], switch_all(model, pairs, each, seed, blend=0.0)),
    ]
    pair = ("cloud", "camel")
    single = tuple(vae.load_model(name) for name in pair)
    real = as_own(judge, load_drawings(pair))
    for tries, how in CHOICES.items():
        each = each_of([pair], n, tries)
        drawn = switch_all(model, [pair], each, seed, tries=tries)
        rows += switched(judge, drawn, f"cloud to camel, the menagerie, {each:,}, {how}", real)
    rows += switched(judge, {pair: switch(single, "cloud", n=n, seed=seed)}, "cloud to camel, two models", real)
    for name, one in zip(pair, single, strict=True):
        drawn = recognised(judge, sample(one, n, "fitted", TEMPERATURE, seed), name)
        tell(name, f"{share(drawn)} from the fitted Gaussian", n, seed)
    return rows


def parts(judge: Judge, each: int, seed: int, most: int | None = None) -> list[Row]:
    """One drawing, or two: whether what is begun as one class and ends as another needs its beginning to be read so."""
    model, chooser, other = vae.load_model("menagerie"), load_judge("chooser"), load_judge("second")
    data = load_drawings(model.settings.classes)
    pairs = list(permutations(model.settings.classes, 2))[:most]
    peoples = {name: people(data, name) for name in data.classes}
    neighbours = switch_all(model, pairs, each, seed, tries=TRIES)
    ways = {
        f"read as a part, of {FINISHES} finishes the one that its own reading finds best": lambda a, b: switch(
            model, a, b, n=each, seed=seed, fit=True
        ),
        f"read as a neighbour (fit=False, tries={TRIES})": lambda a, b: neighbours[a, b],
        "read as a part, chosen by the chooser": lambda a, b: switch(
            model, a, b, n=each, seed=seed, fit=True, judge=chooser
        ),
        "illusion(), the best of a search over beginnings and cuts": lambda a, b: illusion(
            model, a, b, n=each, seed=seed
        ),
        "illusion(), chosen by the chooser": lambda a, b: illusion(model, a, b, n=each, seed=seed, judge=chooser),
        "a third of a person's drawing merely laid over another's": lambda a, b: laid_over(data, (a, b), each, seed),
        "people's drawings put together by the same fit, chosen by the chooser": lambda a, b: from_people(
            chooser, data, peoples, (a, b), each, seed
        ),
    }
    rows = []
    for how, way in ways.items():
        some = pairs[::SEARCHES] if how.startswith("illusion()") else pairs  # a search takes seconds
        became = {}
        for a, b in some:
            with suppress(ValueError):  # nothing that fits: none of these drawings is an illusion
                became.setdefault(b, []).append(way(a, b))
        seen = []
        for name, drawn in ((name, Switched.concat(parts)) for name, parts in became.items()):
            metrics = illusions(judge, drawn, name), recognised(judge, drawn.sketches, name)
            metrics += concealment(judge, drawn, name), illusions(other, drawn, name)
            seen += zip(*metrics, strict=True)
        seen += [(False, False, 0.0, False)] * (each * len(some) - len(seen))
        illusory, second, hidden, others = np.array(seen, float).mean(axis=0)
        rows.append(
            Row(
                f"one drawing of two, {len(some)} pairs, {each} each, {how}: illusions; recognised as the second; "
                "mean concealment; illusions by the second judge",
                f"{illusory:.1%}; {second:.1%}; {hidden:+.2f}; {others:.1%}",
            )
        )
    return [*rows, *plainly(model, data, PLAIN, seed)]


def plainly(model: vae.SketchVAE, data: DataSet, n: int, seed: int) -> list[Row]:
    """Each class drawn without a switch: how often it is recognised beside people's, and comes to an end of itself."""
    rows = []
    theirs = [[data.test.sketches[i] for i in np.flatnonzero(data.test.labels == c)] for c in range(len(data.classes))]
    for tries, how in READ.items():
        drawn = [sample(model, n, None, TEMPERATURE, seed, [kind], tries) for kind in data.classes]
        for name, who in {"judge": "recognised", "second": "the same by the second judge"}.items():
            judge, ratios, told = load_judge(name), [], []
            for kind, ours, own in zip(data.classes, drawn, theirs, strict=True):
                ratios.append(recognised(judge, ours, kind).mean() / max(recognised(judge, own, kind).mean(), 1e-9))
                ended = np.mean([len(sketch) < model.settings.max_points for sketch in ours])
                told.append(f"{kind} {ratios[-1]:.2f}" + f", {ended:.0%}" * (name == "judge"))
            what = f"menagerie, each class drawn plainly ({n} each), {how}: {who}, over people's"
            what += "; drawings that end of themselves" * (name == "judge")
            rows.append(Row(what, f"mean {np.mean(ratios):.2f} ({'; '.join(told)})"))
    return rows


def people(data: DataSet, name: str, n: int = 300):
    """The shapes of people's training drawings of a class, as `draw.fit` wants them."""
    return make_shapes(
        [data.train.sketches[i] for i in np.flatnonzero(data.train.labels == data.classes.index(name))[:n]]
    )


def from_people(judge: Judge, data: DataSet, peoples: dict, pair: tuple[str, str], n: int, seed: int) -> Switched:
    """The first third of people's test drawings, each finished by what it does not stand for of another person's: of
    the best fits the one with the most concealment. One that fits nowhere is left as it is."""
    of_first = np.flatnonzero(data.test.labels == data.classes.index(pair[0]))
    shapes, index = peoples[pair[1]], judge.classes.index(pair[1])
    sketches, switches = [], []
    for i in np.random.default_rng(seed).choice(of_first, n):
        start = prefix(data.test.sketches[i], 1 / 3)
        found = [
            rows
            for pose in find_poses(start, shapes.maps, FINISHES)
            if (rows := complete(start, shapes.outlines[pose.drawing], pose)) is not None
        ]
        if found:
            finished = [np.concatenate([start, rows]) for rows in found]
            whole = judge.probabilities(finished)[:, index]
            alone = judge.probabilities([added_ink(sketch, len(start)) for sketch in finished])[:, index]
        sketches.append(finished[int((whole - alone).argmax())] if found else start)
        switches.append((len(start),))
    return Switched(sketches, switches)


def laid_over(data: DataSet, pair: tuple[str, str], n: int, seed: int) -> Switched:
    """What z-switching is measured against: the first third of a test drawing and the whole of another's, as drawn,
    one over the other by their middles. No use is made of the ink that is there."""
    rng = np.random.default_rng(seed)
    own = [np.flatnonzero(data.test.labels == data.classes.index(name)) for name in pair]
    sketches, switches = [], []
    for i, j in zip(*(rng.choice(indices, n) for indices in own), strict=True):
        start, second = prefix(data.test.sketches[i], 1 / 3), data.test.sketches[j]
        lines = [to_polylines(sketch, -bounds(sketch).mean(axis=0)) for sketch in (start, second)]
        sketches.append(from_polylines(lines[0] + lines[1]))
        switches.append((len(start),))
    return Switched(sketches, switches)


def switched(judge: Judge, drawn: dict[tuple[str, str], Switched], what: str, real: str) -> list[Row]:
    pairs = [pair for pair, group in drawn.items() for _ in group.sketches]
    answers = judge.recognise([sketch for group in drawn.values() for sketch in group.sketches])
    either = np.array([answer in pair for answer, pair in zip(answers, pairs, strict=True)])
    second = np.array([answer == end for answer, (_, end) in zip(answers, pairs, strict=True)])
    ends = {name: second[[end == name for _, end in pairs]].mean() for _, name in drawn}
    each = ", ".join(f"{name} {ends[name]:.0%}" for name in sorted(ends, key=ends.get, reverse=True))
    return [
        Row(f"{what}: recognised as the first or the second", share(either), real),
        Row(f"{what}: as the second" + f" (by what it becomes: {each})" * (len(ends) > 1), share(second)),
    ]


def prefixes(changed: dict[tuple[str, str], Switched], same: dict[tuple[str, str], Switched]) -> Row:
    """What stood before the switch stands there after it, bit for bit: drawn with and without a change of mind."""
    kept = [
        a[:row].tobytes() == b[:row].tobytes()
        for pair, drawn in changed.items()
        for a, b, (row,) in zip(drawn.sketches, same[pair].sketches, drawn.switches, strict=True)
    ]
    return Row("z-switching keeps the ink before the switch, bit for bit", f"{sum(kept):,} of {len(kept):,}", "", "yes")


def tell(name: str, what: str, n: int, seed: int) -> None:
    """Writes what the judge said into a network's card, in place of what it said before."""
    path = MODELS / f"{name}.md"
    lines = [line for line in path.read_text().splitlines(keepends=True) if not line.startswith("| judged ")]
    end = max(i for i, line in enumerate(lines) if line.startswith("| "))
    lines.insert(end + 1, f"| judged | recognised: {what} ({n:,} drawings, seed {seed}, `make results`) |\n")
    with atomic(path) as temporary:
        temporary.write_text("".join(lines))


def losses(model: vae.SketchVAE, data: DataSet, what: str) -> list[Row]:
    held_out = evaluate(model, data.test)
    longest = max(len(sketch) for part in (data.train, data.valid, data.test) for sketch in part.sketches)
    points = np.mean([len(s) for s in data.test.sketches if len(s) <= model.settings.max_points])
    ours = f"{held_out['reconstruction']:.3f}; {held_out['kl']:.1f}"
    theirs = f"{held_out['reconstruction'] * points / longest:.3f}; {held_out['kl'] / model.settings.z_size:.3f}"
    return [
        Row(f"held-out loss, {what} encoder: nats a real point; KL, nats a drawing", ours),
        Row(f"by sketch-rnn's definition: a drawing's nats over {longest} points, the longest's; KL over z", theirs),
    ]


def halves(judge: Judge, data: DataSet) -> str:
    """The recall of one half of the test drawings for the other: what samples as good as real ones would reach."""
    order = np.random.default_rng(0).permutation(len(data.test.sketches))
    one, two = np.array_split(order[: len(order) // 2 * 2], 2)
    return f"{variety(judge, *([data.test.sketches[i] for i in half] for half in (one, two))).recall:.2f}"


def deal(data: DataSet, n: int) -> list[np.ndarray]:
    """n test drawings, as many of each class as can be; all of them where there are fewer."""
    order = np.argsort(np.concatenate([np.arange(count) for count in np.bincount(data.test.labels)]), kind="stable")
    return [data.test.sketches[i] for i in order[:n]]


def as_own(judge: Judge, data: DataSet) -> str:
    """How many of people's test drawings are recognised as their own class."""
    return share(recognised_as_own(judge, data.test.sketches, [data.classes[label] for label in data.test.labels]))


def share(hits: np.ndarray) -> str:
    return f"{hits.mean():.1%}"


if __name__ == "__main__":
    main()
