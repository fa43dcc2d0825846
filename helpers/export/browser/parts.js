// Where the beginning of one drawing lies in another, and what is then left to draw. A port of helpers.draw.fit.

const BOX = 64; // pixels of the box in which shapes are matched
const FAR = 8; // distances are capped here, pixels
const UNIT = 16; // steps of a pixel in which distances are stored
const POINTS = 40; // along a prefix's ink
const SCALES = [1, 0.8, 0.62, 0.48, 0.36]; // of a prefix's longer side, in boxes
const STRIDE = 3; // pixels between the shifts that are tried first
const LARGE = 1.5; // pixels of distance that a pose a whole box larger may have more
const COVER = 3.2; // pixels within which ink of the drawing is taken to be there already
const CRUMB = 6; // pixels of ink below which a piece that is left over is not worth drawing
const [STRAIGHT, DIAGONAL] = [0.955, 1.3693]; // steps of a distance map: Borgefors (1986)
// any first few of a prefix's points are spread over all of it: a bad shift is given up after a few
const ORDER = Array.from({ length: POINTS }, (_, i) => i).sort((i, j) => ((i * 0.6180339887) % 1) - ((j * 0.6180339887) % 1));

const apart = ([x, y], [u, v]) => Math.hypot(x - u, y - v);
const lengthOf = (line) => line.slice(1).reduce((sum, point, i) => sum + apart(line[i], point), 0);

/** The distance of each pixel of the box, and of `margin` around it, from the ink of lines, in steps of 1 / UNIT. */
function distanceMap(lines, margin = 0) {
  const side = BOX + 2 * margin;
  const wide = side + 2; // a rim that is far from everything
  const far = new Float64Array(wide * wide).fill(FAR);
  const ink = (x, y) => x >= 0 && y >= 0 && x < side && y < side && (far[(y + 1) * wide + x + 1] = 0);
  for (const line of lines) {
    let [x, y] = line[0];
    ink(Math.round(x) + margin, Math.round(y) + margin);
    for (const [u, v] of line) {
      const steps = Math.ceil(Math.max(Math.abs(u - x), Math.abs(v - y)));
      for (let k = 1; k <= steps; k++) ink(Math.round(x + (k / steps) * (u - x)) + margin, Math.round(y + (k / steps) * (v - y)) + margin);
      [x, y] = [u, v];
    }
  }
  const inner = wide + 1;
  spreadOut(far, wide, inner, wide * wide - inner, 1);
  spreadOut(far, wide, wide * wide - 1 - inner, inner - 1, -1);
  const map = new Uint8Array(side * side);
  for (let y = 0, i = 0; y < side; y++) for (let x = 0; x < side; x++, i++) map[i] = far[(y + 1) * wide + x + 1] * UNIT;
  return map;
}

/** Half of a distance transform: each pixel as far as its neighbours before it, and the way there. The rim stays. */
function spreadOut(far, wide, from, to, step) {
  for (let i = from; i !== to; i += step) {
    const column = i % wide;
    if (column === 0 || column === wide - 1) continue;
    const above = i - step * wide;
    let least = far[i];
    if (far[i - step] + STRAIGHT < least) least = far[i - step] + STRAIGHT;
    if (far[above] + STRAIGHT < least) least = far[above] + STRAIGHT;
    if (far[above - step] + DIAGONAL < least) least = far[above - step] + DIAGONAL;
    if (far[above + step] + DIAGONAL < least) least = far[above + step] + DIAGONAL;
    far[i] = least;
  }
}

/** A drawing's ink in its box, sampled at every pixel or closer: which stroke each sample is of, whether it is a point of it. */
function traceOutline(sketch) {
  const box = bounds(visit(sketch));
  const scale = (BOX - 1) / Math.max(longer(box), 1e-6);
  const shift = [0, 1].map((axis) => (BOX - 1) / 2 - ((box[0][axis] + box[1][axis]) / 2) * scale);
  const outline = { points: [], strokes: [], corners: [] };
  toLines(sketch).forEach((line, stroke) => {
    const scaled = line.map(([x, y]) => [x * scale + shift[0], y * scale + shift[1]]);
    const add = (point, corner) => {
      outline.points.push(point);
      outline.strokes.push(stroke);
      outline.corners.push(corner);
    };
    for (let i = 0; i + 1 < scaled.length; i++) {
      const [from, to] = [scaled[i], scaled[i + 1]];
      const count = Math.max(Math.ceil(apart(from, to)), 1);
      for (let k = 0; k < count; k++) add([0, 1].map((axis) => from[axis] + (k / count) * (to[axis] - from[axis])), k === 0);
    }
    add(scaled.at(-1), true);
  });
  return outline;
}

/** A drawing, its outline and its distance map. */
function makeShape(sketch) {
  const outline = traceOutline(sketch);
  const lines = [];
  outline.points.forEach((point, i) => {
    if (outline.strokes[i] !== outline.strokes[i - 1]) lines.push([]);
    lines.at(-1).push(point);
  });
  return { outline, map: distanceMap(lines) };
}

/** Points at even distances along strokes. */
function spread(lines, n) {
  const lengths = lines.map(lengthOf);
  const all = lengths.reduce((a, b) => a + b, 0);
  const points = [];
  let [stroke, i, before] = [0, 1, 0]; // `before`: the ink up to point i - 1 of the stroke
  for (let k = 0; k < n; k++) {
    const place = ((k + 0.5) / n) * all;
    for (;;) {
      const line = lines[stroke];
      const piece = i < line.length ? apart(line[i - 1], line[i]) : 0;
      const last = stroke === lines.length - 1 && i >= line.length - 1;
      if (i < line.length && (before + piece >= place || last)) {
        const share = piece > 0 ? Math.min(1, (place - before) / piece) : 0;
        points.push([0, 1].map((axis) => line[i - 1][axis] + share * (line[i][axis] - line[i - 1][axis])));
        break;
      }
      if (last) {
        points.push(line.at(-1));
        break;
      }
      before += piece;
      if (i < line.length - 1) i += 1;
      else [stroke, i] = [stroke + 1, 1];
    }
  }
  return points;
}

/** The best shift of a shape, `offsets` of its points in a map, on one map: shifts a stride apart, then those around the best. */
function match(map, offsets, width, height) {
  const [wide, high] = [Math.max(1, BOX - width), Math.max(1, BOX - height)];
  let least = 1e9;
  let x = 0;
  let y = 0;
  const look = (x0, x1, y0, y1, step) => {
    for (let top = y0; top < y1; top += step)
      for (let left = x0; left < x1; left += step) {
        const at = top * BOX + left;
        let total = 0;
        for (let i = 0; i < POINTS && total < least; i++) total += map[at + offsets[i]];
        if (total >= least) continue;
        least = total;
        x = left;
        y = top;
      }
  };
  look(0, wide, 0, high, STRIDE);
  const [column, row] = [x, y];
  look(Math.max(0, column - STRIDE + 1), Math.min(wide, column + STRIDE), Math.max(0, row - STRIDE + 1), Math.min(high, row + STRIDE), 1);
  return { total: least, x, y };
}

/** The n best poses of a prefix, each on another of the shapes, best first. */
function findPoses(prefix, shapes, n) {
  const side = Math.max(longer(bounds(visit(prefix))), 1e-6);
  const points = spread(toLines(prefix), POINTS);
  const variants = SCALES.flatMap((size) => [1, -1].map((mirror) => ({ size, mirror, scale: (size * (BOX - 1)) / side })));
  for (const variant of variants) {
    const laid = points.map(([x, y]) => [x * variant.scale * variant.mirror, y * variant.scale]);
    [variant.corner] = bounds(laid);
    const pixels = laid.map((point) => point.map((value, axis) => Math.round(value - variant.corner[axis])));
    variant.offsets = Int32Array.from(ORDER, (i) => pixels[i][1] * BOX + pixels[i][0]);
    [variant.width, variant.height] = [0, 1].map((axis) => Math.max(...pixels.map((pixel) => pixel[axis])));
  }
  const poses = shapes.map((shape) => {
    let best = null;
    for (const { size, mirror, scale, corner, offsets, width, height } of variants) {
      const { total, x, y } = match(shape.map, offsets, width, height);
      const score = total / (POINTS * UNIT) - LARGE * size;
      if (!best || score < best.score) best = { shape, score, mirror, scale, shift: [x - corner[0], y - corner[1]] };
    }
    return best;
  });
  return poses.sort((a, b) => a.score - b.score).slice(0, n);
}

/** The lines of a drawing that are still to be drawn where the ink laid on it is there already. */
function rest({ points, strokes, corners }, laid) {
  const margin = BOX / 2;
  const side = BOX + 2 * margin;
  const near = distanceMap(laid, margin);
  const inside = (value) => Math.min(side - 1, Math.max(0, Math.round(value) + margin));
  const free = points.map(([x, y]) => near[inside(y) * side + inside(x)] > COVER * UNIT);
  const pieces = [];
  for (let first = 0, last; first < points.length; first = last + 1) {
    last = first;
    if (!free[first]) continue;
    while (last + 1 < points.length && free[last + 1] && strokes[last + 1] === strokes[first]) last += 1;
    const before = first > 0 && strokes[first - 1] === strokes[first];
    const after = last + 1 < points.length && strokes[last + 1] === strokes[last];
    const [a, z] = [first - before, last + after]; // reaches into the covered part, so that new ink meets the old
    const piece = points.slice(a, z + 1);
    if ((before || after) && lengthOf(piece) < CRUMB) continue;
    pieces.push(piece.filter((_, i) => corners[a + i] || i === 0 || i === piece.length - 1));
  }
  return pieces;
}

/** The rows that finish a prefix as the drawing that it is laid on, in its own pixels; null where nothing is left. */
function complete(prefix, { shape, mirror, scale, shift }) {
  const laid = toLines(prefix).map((line) => line.map(([x, y]) => [mirror * scale * x + shift[0], scale * y + shift[1]]));
  const pieces = rest(shape.outline, laid);
  if (!pieces.length) return null;
  let before = visit(prefix).at(-1);
  const rows = prefix.at(-1)[2] ? [] : [[0, 0, 1]];
  for (const piece of pieces)
    piece.forEach(([u, v], i) => {
      const point = [(mirror * (u - shift[0])) / scale, (v - shift[1]) / scale];
      rows.push([point[0] - before[0], point[1] - before[1], i === piece.length - 1 ? 1 : 0]);
      before = point;
    });
  return rows;
}
