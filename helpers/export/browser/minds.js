// Minds: classes that networks know, what they draw, and how one goes on where another stopped. A port of helpers.draw.

const PAPER = 255; // pixels of a whole drawing's side, as the networks know them
const SIMPLER = 2; // pixels: what the training drawings are simplified by
const FINISHES = 4; // of a prefix that is read as a part; the workbook makes more
const FINALISTS = 2; // of them, whose added ink is read alone too
const TRIED = 0.5; // share of a class's drawings among which one seed looks
const ENOUGH = 0.6; // of the margin of the network's own drawings: what reads as a class so clearly does read as it
const ALONE = 0.3; // what the added ink counts beside the whole
const COOLER = 0.5; // of the temperature: the second mind has something to fit in with
const HEAT = [0.02, 1];

let minds = {}; // by the name of a class: {network, index, name}
let reader = null; // the network that reads drawings of one's own, and that the four corners lie in

/** A generator of uniform numbers of some seeds: Doty-Humphrey's sfc32. */
function randomOf(...seeds) {
  const state = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 1];
  const next = () => {
    const sum = (((state[0] + state[1]) | 0) + state[3]) | 0;
    state[3] = (state[3] + 1) | 0;
    state[0] = state[1] ^ (state[1] >>> 9);
    state[1] = (state[2] + (state[2] << 3)) | 0;
    state[2] = (((state[2] << 21) | (state[2] >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  seeds.forEach((seed) => {
    state[0] ^= Math.imul(seed + 1, 0x85ebca6b);
    state[1] ^= Math.imul(seed + 1, 0xc2b2ae35);
    for (let i = 0; i < 12; i++) next();
  });
  return next;
}

const normal = (next) => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

/** All the chance in a drawing, (length, 4): two uniform numbers (component, pen), two normal ones (dx, dy). */
function noiseOf(network, ...seeds) {
  const next = randomOf(7, ...seeds);
  const noise = new Float64Array(4 * network.settings.max_points);
  for (let t = 0; t < noise.length; t += 4) noise.set([next(), next(), normal(next), normal(next)], t);
  return noise;
}

/** A random z of a class, from where the network's z lie. */
function sampleZ({ network, index }, ...seeds) {
  const next = randomOf(3, ...seeds);
  const { arrays, settings } = network;
  const size = settings.z_size;
  const row = (name) => arrays[name].values.subarray(index * size, (index + 1) * size);
  if (settings.prior === "class") return Float64Array.from(row("centers"), (middle) => middle + normal(next));
  if (!arrays.mean) return Float64Array.from({ length: size }, () => normal(next));
  const noise = row("noise");
  const z = Float64Array.from(row("mean"), (middle, i) => middle + noise[i] * normal(next));
  const { shape, values } = arrays.factors;
  const rank = shape[0] / settings.classes.length;
  for (let k = index * rank; k < (index + 1) * rank; k++) {
    const much = normal(next);
    for (let i = 0; i < size; i++) z[i] += much * values[k * size + i];
  }
  return z;
}

/** What is typical of a class, or of everything where no prior was fitted. */
function typicalZ({ network, index }) {
  const size = network.settings.z_size;
  const all = network.arrays.typical?.values ?? new Float32Array(size * network.settings.classes.length);
  return Float64Array.from(all.subarray(index * size, (index + 1) * size));
}

/** Spherical interpolation; a straight line between vectors that are parallel, opposite or nothing. */
function slerp(from, to, t) {
  const [a, b] = [Math.hypot(...from), Math.hypot(...to)];
  const cosine = a * b > 0 ? from.reduce((sum, value, i) => sum + value * to[i], 0) / (a * b) : 1;
  const omega = Math.acos(within(cosine, -1, 1));
  const bent = omega > 1e-4 && omega < Math.PI - 1e-4;
  const [p, q] = bent ? [Math.sin((1 - t) * omega) / Math.sin(omega), Math.sin(t * omega) / Math.sin(omega)] : [1 - t, t];
  return from.map((value, i) => p * value + q * to[i]);
}

/** The beginning of a drawing: `fraction` of its strokes; of one or two strokes, cut inside. */
function prefixOf(sketch, fraction) {
  const ends = [0];
  sketch.forEach(([, , lift], i) => (lift > 0.5 || i === sketch.length - 1) && ends.push(i + 1));
  const strokes = fraction * (ends.length - 1);
  const whole = Math.round(strokes);
  if (ends.length > 3 && whole > 0 && whole < ends.length - 1) return sketch.slice(0, ends[whole]);
  const i = Math.min(Math.floor(strokes), ends.length - 2);
  const cut = Math.round(ends[i] + (strokes - i) * (ends[i + 1] - ends[i]));
  return sketch.slice(0, Math.min(Math.max(cut, 1), Math.max(sketch.length - 1, 1)));
}

/** A class's own drawings, each with a place for its shape; null where it has none. */
function partsOf(mind) {
  const { arrays } = mind.network;
  const held = arrays[`parts/${mind.index}`];
  if (!held) return null;
  if (!mind.parts) {
    mind.parts = [];
    let at = 0;
    for (const length of arrays[`parts/${mind.index}/lengths`].values) {
      mind.parts.push({ sketch: Array.from({ length }, (_, i) => Array.from(held.values.subarray(3 * (at + i), 3 * (at + i) + 3))), shape: null });
      at += length;
    }
  }
  return mind.parts;
}

/** How much more clearly the network reads the class in a sketch than any other, by the margin of its own drawings. */
function marginOf({ network, index }, sketch) {
  const z = network.encode(sketch);
  const { shape, values } = network.arrays.classes;
  const logits = Array.from(network.arrays["classes/bias"].values, (bias, c) => {
    let sum = bias;
    for (let i = 0; i < shape[1]; i++) sum += values[c * shape[1] + i] * z[i];
    return sum;
  });
  const [own] = logits.splice(index, 1);
  return (own - Math.max(...logits)) / network.arrays[`parts/${index}/clarity`].values[0];
}

/** The rows after a switch as a drawing of their own: without the way to where they begin. */
function alone(rows) {
  const from = rows.length > 1 && rows[0][2] && !rows[0][0] && !rows[0][1] ? 1 : 0;
  return rows.slice(rows.length > from + 1 ? from + 1 : from);
}

/** The rows that finish a prefix as a drawing of which it is a part: the finish that reads best; null where it fits none. */
function finishAsPart(mind, prefix, seed) {
  const next = randomOf(5, seed);
  const some = partsOf(mind).map((part) => [next(), part]).sort(([a], [b]) => a - b);
  const shapes = some.slice(0, Math.ceil(TRIED * some.length)).map(([, part]) => (part.shape ??= makeShape(part.sketch)));
  const read = (sketch) => within(marginOf(mind, sketch), -ENOUGH, ENOUGH);
  const found = [];
  for (const pose of findPoses(prefix, shapes, FINISHES)) {
    const rows = complete(prefix, pose);
    if (rows) found.push({ rows, score: read([...prefix, ...rows]) });
    if (found.filter(({ score }) => score === ENOUGH).length === FINALISTS) break; // no other comes before these
  }
  const [first, ...others] = found.sort((a, b) => b.score - a.score).slice(0, FINALISTS);
  // one so far behind the first is not read alone: no added ink makes up for it
  const best = [first, ...others.filter(({ score }) => first.score - score <= 2 * ALONE * ENOUGH)];
  if (best.length > 1) for (const one of best) one.score -= ALONE * read(alone(one.rows));
  return best.sort((a, b) => b.score - a.score)[0]?.rows ?? null;
}

/** A prefix finished by a second mind: as a part, where that is wanted and can be, else beside, by its z. */
function finish(prefix, second, { fit, blend = 1, temperature, seed }, mine = null) {
  let note = "";
  if (fit && blend === 1 && !mine && partsOf(second)) {
    const rows = finishAsPart(second, prefix, seed);
    if (rows) return { sketch: [...prefix, ...rows], note };
    note = `It fits no ${second.name} that the model draws, and is finished beside.`;
  }
  const { network } = second;
  const begun = prefix.slice(0, network.settings.max_points - 1);
  const z = slerp(network.encode(begun), mine ? network.encode(mine) : typicalZ(second), blend);
  const sketch = decode(network, z, temperature, noiseOf(network, seed), begun);
  if (sketch.length >= network.settings.max_points) note ||= "It scribbled on until it was stopped.";
  return { sketch, note };
}

/** A number in its range, or an error that says which is not. */
function number(name, value, low, high) {
  if (typeof value !== "number" || !(value >= low && value <= high)) throw new Error(`${name} is ${value}; it must be a number from ${low} to ${high}`);
  return value;
}

function mindOf(name) {
  if (!Object.hasOwn(minds, name)) throw new Error(`this page knows no class ${name}; it knows: ${Object.keys(minds).join(", ")}`);
  return minds[name];
}

/** Lines simplified as the training drawings are, or by as much more as brings them to so many points. */
function simplify(lines, limit) {
  for (let epsilon = SIMPLER; ; epsilon *= 1.25) {
    const simple = lines.map((line) => simplifyLine(line, epsilon));
    const points = simple.reduce((sum, line) => sum + line.length, 0);
    if (points <= limit) return { simple, epsilon };
    if (epsilon > PAPER) throw new Error(`${lines.length} strokes come to ${points} points, and the model can hold ${limit}. Take some strokes back`);
  }
}

const phrase = (name) => (name.startsWith("mine ") ? "a drawing of yours" : article(name));
const article = (name) => `${"aeiou".includes(name[0]) ? "an" : "a"} ${name}`;

/** A drawing as the widgets show it. */
function picture(sketch, switches, names, caption, more, colors = [0, 1, 2, 3]) {
  const box = bounds(visit(sketch));
  const drawn = { sketch, switches, names, colors, caption, seed: more.settings.seed };
  const ink = penStrokes(sketch, switches, SIMPLER).map(([mind, curve]) => [colors[mind % colors.length], pathData(curve)]);
  return { drawn, picture: { ink, box: box.flat().map((value) => Math.round(10 * value) / 10), caption, code: codeOf(drawn), ...more } };
}

/** The Python that holds the drawing: its seed is the page's own, and would say nothing there. */
function codeOf({ sketch, switches, colors }) {
  const rows = sketch.map(([dx, dy, lift]) => `[${dx.toFixed(2)}, ${dy.toFixed(2)}, ${lift}]`).join(", ");
  const hands = colors[2] === 0;
  return [
    "import numpy as np",
    "",
    "from helpers.export import draw_figure",
    ...(hands ? ["from helpers.figures import PALETTE"] : []),
    "",
    `sketch = np.array([${rows}], np.float32)`,
    `draw_figure(sketch, [${switches.join(", ")}]${hands ? ", PALETTE[:2]" : ""})`,
    "",
  ].join("\n");
}
