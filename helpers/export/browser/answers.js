// What a kernel would answer to the widgets, answered in a worker. Ports of helpers.widgets.studio and pad.

const ROOM = 1000; // units along a side of the pad's paper
const FILLED = 840; // of them that a whole drawing usually takes
const SMALLEST = 1 / 3; // of a whole drawing's side: smaller ink is enlarged
const SHARE = 0.75; // of the points that a network can hold, for the beginning
const CLOSED = 0.25; // of its size: a line whose ends are nearer is whole
const MOST_MINES = 20;
const MOST_TURNS = 40;
const MOST_POINTS = 20000;
const [YOU, MACHINE] = [0, 1];

/** The blend studio: its drawing by its settings, and drawings of one's own. */
function makeStudio(settings) {
  const mines = {};
  const begun = { key: "", sketch: null }; // the first mind's drawing, kept while nothing moves that it depends on
  const zOf = (name, ...seeds) => (mines[name] ? reader.encode(mines[name]) : sampleZ(mindOf(name), ...seeds));
  const networkOf = (name) => (mines[name] ? reader : mindOf(name).network);

  function switched(wanted) {
    const { first, second, temperature, seed, at } = wanted;
    const key = JSON.stringify([first, temperature, seed]);
    if (begun.key !== key) {
      const network = networkOf(first);
      Object.assign(begun, { key, sketch: decode(network, zOf(first, seed), temperature, noiseOf(network, seed)) });
    }
    const limit = networkOf(second).settings.max_points - 1;
    const prefix = prefixOf(begun.sketch, at).slice(0, limit);
    const mind = mines[second] ? { network: reader } : mindOf(second);
    const made = finish(prefix, mind, { ...wanted, temperature: COOLER * temperature }, mines[second]);
    const caption = `Begun as ${phrase(first)}, finished as ${phrase(second)}`;
    return picture(made.sketch, [prefix.length], [first, second], caption, { settings: wanted, note: made.note, mines: Object.keys(mines), making: false });
  }

  function between(wanted) {
    const { corners, x, y, temperature, seed } = wanted;
    if (corners.some((name) => networkOf(name) !== reader)) throw new Error("Between four, all have to be of one network; choose another corner");
    const [a, b, c, d] = corners.map((name, i) => zOf(name, seed, i));
    const sketch = decode(reader, slerp(slerp(a, c, y), slerp(b, d, y), x), temperature, noiseOf(reader, seed));
    const apart = [...new Set(corners)];
    const others = apart.slice(0, -1).map(phrase).join(", ");
    const caption = others ? `Between ${others} and ${phrase(apart.at(-1))}` : `Among drawings of ${phrase(apart[0])}`;
    return picture(sketch, [], [apart.join(" ")], caption, { settings: wanted, note: "", mines: Object.keys(mines), making: false });
  }

  function draw({ settings: asked = settings }) {
    const wanted = { ...settings, ...asked };
    for (const name of ["at", "blend", "x", "y"]) number(name, wanted[name], 0, 1);
    number("temperature", wanted.temperature, ...HEAT);
    for (const name of [wanted.first, wanted.second, ...wanted.corners]) if (!mines[name]) mindOf(name);
    const made = wanted.tab === "switch" ? switched(wanted) : between(wanted);
    settings = wanted;
    return made;
  }

  function mine({ strokes }) {
    if (Object.keys(mines).length >= MOST_MINES) throw new Error(`the studio keeps ${MOST_MINES} drawings of your own, and has them`);
    const lines = readStrokes(strokes);
    const side = longer(bounds(lines.flat()));
    const scale = side > 0 ? PAPER / side : 1;
    const { simple } = simplify(lines.map((line) => line.map(([x, y]) => [x * scale, y * scale])), reader.settings.max_points);
    const name = `mine ${Object.keys(mines).length + 1}`;
    mines[name] = fromLines(simple);
    return { message: { mine: name } };
  }
  return { draw, mine };
}

/** Strokes that came from the paper, or an error that says what is wrong with them. */
function readStrokes(strokes) {
  if (!strokes.length) throw new Error("the paper is empty: draw something first");
  const points = strokes.reduce((sum, stroke) => sum + stroke.length, 0);
  if (points > MOST_POINTS) throw new Error(`${points} points are too many; take some strokes back`);
  return strokes;
}

/** The draw pad: what is on the paper, and how it goes on. */
function makePad(settings) {
  function look({ strokes }) {
    if (!strokes.length) return { drawn: null, picture: { ink: [], box: [0, 0, PAPER, PAPER], caption: "", code: "", settings, note: "", thoughts: [], added: [] } };
    const { sketch, switches, note } = toSketch(strokes, reader);
    return picture(sketch, switches, handNames(switches, "machine"), "A drawing of yours", { settings, note, thoughts: [], added: [] }, [0, 1, 0, 1]);
  }

  function goOn({ strokes, settings: wanted, count = null }) {
    const mind = mindOf(wanted.target);
    number("temperature", wanted.temperature, ...HEAT);
    if (count !== null) number("count", count, 1, MOST_TURNS);
    const { sketch, switches, scale, origin, ...told } = toSketch(strokes, mind.network);
    const fits = wanted.fit && partsOf(mind);
    if (!fits && count === null && goesOn(strokes)) sketch.at(-1)[2] = 0;
    const made = finish(sketch, mind, wanted);
    const ends = made.sketch.flatMap(([, , lift], i) => (i >= sketch.length && (lift > 0.5 || i === made.sketch.length - 1) ? [i + 1] : []));
    const whole = count === null ? made.sketch : made.sketch.slice(0, ends.slice(0, count).at(-1));
    const finished = made.sketch.length === sketch.length;
    const note = finished ? `As ${article(mind.name)}, it takes the drawing for finished.` : made.note || told.note;
    const rows = finished ? switches : [...switches, sketch.length];
    settings = wanted;
    const caption = `${count === null ? "Begun by you, finished as" : "Drawn in turns, as"} ${article(mind.name)}`;
    const added = addedStrokes(whole, sketch.length, scale, origin);
    return picture(whole, rows, handNames(rows, mind.name), caption, { settings, note, thoughts: [], added }, [0, 1, 0, 1]);
  }
  return { look, finish: goOn };
}

const handNames = (switches, machine) => Array.from({ length: switches.length + 1 }, (_, i) => (i % 2 ? machine : "you"));

/** What is on the paper at the networks' scale: sketch, switches, scale, where the pen starts, and what to tell. */
function toSketch(strokes, { settings }) {
  const lines = readStrokes(strokes.map(({ points }) => points));
  const side = longer(bounds(lines.flat()));
  if (!(side > 0)) throw new Error("there is only a dot: draw a little more, so that there is something to go on from");
  const scale = Math.min(Math.max(PAPER / FILLED, (SMALLEST * PAPER) / side), PAPER / side);
  const scaled = lines.map((line) => line.map(([x, y]) => [x * scale, y * scale]));
  const limit = Math.floor(SHARE * settings.max_points);
  const hand = scaled.filter((_, i) => strokes[i].mind === YOU);
  const rest = scaled.reduce((sum, line, i) => sum + (strokes[i].mind === MACHINE ? line.length : 0), 0);
  if (rest + 2 * hand.length > limit) throw new Error("the paper is full: the model cannot hold more. Undo some strokes, or begin anew");
  const { simple, epsilon } = simplify(hand, limit - rest);
  const counts = [hand, simple].map((some) => some.reduce((sum, line) => sum + line.length, 0));
  const note = epsilon > SIMPLER ? `Your ${counts[0]} points were simplified to ${counts[1]}, which the model can hold.` : "";
  let next = 0;
  const whole = scaled.map((line, i) => (strokes[i].mind === YOU ? simple[next++] : line));
  if (whole[0].length === 1) whole[0] = [whole[0][0], whole[0][0]];
  const switches = [];
  whole.reduce((start, line, i) => {
    if (i && strokes[i].mind !== strokes[i - 1].mind) switches.push(start - 1);
    return start + line.length;
  }, 0);
  return { sketch: fromLines(whole), switches, scale, origin: lines[0][0], note };
}

/** Whether the machine should carry on the hand's last line instead of beginning one of its own. */
function goesOn(strokes) {
  const { mind, points } = strokes.at(-1);
  return strokes.length <= 2 && mind === YOU && apart(points[0], points.at(-1)) > CLOSED * longer(bounds(points));
}

/** The strokes from row `begun` on, as they lie on the paper. */
function addedStrokes(whole, begun, scale, origin) {
  if (whole.length === begun) return [];
  const paper = whole.map(([dx, dy, lift]) => [dx / scale, dy / scale, lift]);
  const lines = toLines(paper.slice(begun), visit(paper.slice(0, begun), origin).at(-1));
  if (whole[begun - 1][2]) lines[0] = lines[0].slice(1); // the way there, through the air
  return lines
    .filter((line) => line.length)
    .map((line) => ({
      mind: MACHINE,
      points: line.map((point) => point.map((value) => Math.round(10 * value) / 10)),
      d: pathData(cutCurves(line, [], SIMPLER / scale)[0]),
    }));
}

const MARGIN = 10; // mm of a page, on each side
const PAGES = { svg: { width: 90, height: 90, pen: 0.5 }, plotter: { width: 210, height: 297, pen: 0.4 } }; // mm
const INKS = ["#22344a", "#d8431f", "#3f9bd1", "#e2a72e"];
const escape = (text) => text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);

/** The drawing as SVG in mm, one path a pen stroke, one layer a mind, its recipe inside. */
function toSvg({ sketch, switches, names, colors, seed }, format) {
  const { width, height, pen } = PAGES[format];
  const side = Math.min(width, height) - 2 * MARGIN;
  const box = bounds(visit(sketch));
  const scale = longer(box) > 0 ? side / longer(box) : 1;
  const origin = [width, height].map((room, axis) => room / 2 - ((box[0][axis] + box[1][axis]) / 2) * scale);
  const strokes = penStrokes(sketch.map(([dx, dy, lift]) => [dx * scale, dy * scale, lift]), switches, (SIMPLER / PAPER) * side, origin);
  const recipe = { "made by": "midstroke, a page that draws by itself", seed, "the seed is": "the page's own", names };
  const layers = names.map((name, mind) => {
    const paths = strokes.filter(([own]) => own === mind).map(([, curve]) => `<path d="${pathData(curve)}"/>`);
    const label = `inkscape:groupmode="layer" id="layer${mind + 1}" inkscape:label="${mind + 1} ${escape(name)}"`;
    return `<g ${label} fill="none" stroke="${INKS[colors[mind % colors.length]]}" stroke-width="${pen}" stroke-linecap="round" stroke-linejoin="round">\n${paths.join("\n")}\n</g>`;
  });
  const spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape"';
  return `<?xml version="1.0" encoding="UTF-8"?>
<svg ${spaces} width="${width}mm" height="${height}mm" viewBox="0 0 ${width} ${height}">
<metadata id="midstroke-recipe">${escape(JSON.stringify(recipe))}</metadata>
${layers.join("\n")}
</svg>
`;
}

/** A name for a file of a drawing. */
const fileName = ({ names, seed }, ending) => `${[...new Set(names)].join("-").replaceAll(" ", "-")}-${seed}${ending}`;

const widgets = {};
const drawn = {}; // by widget: the last drawing

/** Makes the networks and the widgets ready. */
async function begin({ packed: bytes, studio, pad }) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  for (const packed of unpack(await new Response(stream).arrayBuffer())) {
    const network = awaken(packed);
    reader ??= network;
    for (const [name, index] of Object.entries(packed.offers)) minds[name] = { network, index, name };
  }
  widgets.studio = makeStudio(studio);
  widgets.pad = makePad(pad);
}

const plain = {
  decode: ({ network, z, temperature, noise, prefix }) => decode(minds[network].network, z, temperature, noise, prefix),
  encode: ({ network, sketch }) => minds[network].network.encode(sketch),
  render: ({ sketch, size }) => render(sketch, size),
};

/** The answer to a question of a widget: a picture, a message, or what is wrong. */
async function answer({ widget, kind, id, ...content }) {
  if (kind === "rest") return null;
  if (kind === "begin") return begin(content).then(() => ({ message: { id } }));
  if (!widget) return { message: { id, value: plain[kind](content) } };
  if (kind === "save") {
    if (!drawn[widget]) throw new Error("there is no drawing yet");
    const name = fileName(drawn[widget], content.format === "plotter" ? "-plotter.svg" : `.${content.format}`);
    const text = content.format === "png" ? "" : toSvg(drawn[widget], content.format);
    return { message: { id, name, type: "image/svg+xml" }, buffers: [new TextEncoder().encode(text)] };
  }
  const made = widgets[widget][kind](content);
  if (made.message) return { message: { id, ...made.message } };
  drawn[widget] = made.drawn;
  return { picture: { id, ...made.picture } };
}

self.onmessage = async ({ data }) => {
  const { widget, id } = data;
  try {
    const made = await answer(data);
    if (made) self.postMessage({ widget, ...made });
  } catch (error) {
    self.postMessage({ widget, message: { id, error: error.message } });
  }
};
