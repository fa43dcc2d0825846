// Sketches to bitmaps, as helpers.sketch.raster renders them by OpenCV: antialiased lines a pixel wide, centred, with a margin.

const BORDER = 1 / 16; // of the bitmap's side, on each side, plus half the line
// what OpenCV's level line puts on a pixel, by sixteenths of a pixel between their middles: measured
const ACROSS = [
  232, 231.5, 229, 224.5, 219, 211.5, 202, 190.5, 177, 162.5, 147, 130.5, 113.5, 98, 83, 68.5, 55.5, 44.5, 35, 27, 19.5, 15, 11, 7, 3, 0,
].map((value) => value / 256);
const STEEPER = 0.16; // more of it on a diagonal, whose pixels lie closer across than along; measured
const FADING = 1.45; // how a line's end fades out over two pixels; measured

/** The points that the pen visits, [x, y], its origin first. */
function visit(sketch, [x, y] = [0, 0]) {
  const points = [[x, y]];
  for (const [dx, dy] of sketch) points.push([(x += dx), (y += dy)]);
  return points;
}

/** The box of the ink, [[x0, y0], [x1, y1]]. */
function bounds(points) {
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  for (const point of points)
    for (const axis of [0, 1]) {
      low[axis] = Math.min(low[axis], point[axis]);
      high[axis] = Math.max(high[axis], point[axis]);
    }
  return [low, high];
}

/** The longer side of a box. */
const longer = ([low, high]) => Math.max(high[0] - low[0], high[1] - low[1]);

/** Points, one list a pen stroke. */
function toLines(sketch, origin) {
  const points = visit(sketch, origin);
  const lines = [];
  let first = 0;
  sketch.forEach(([, , lift], i) => {
    if (lift < 0.5 && i < sketch.length - 1) return;
    lines.push(points.slice(first, i + 2));
    first = i + 2;
  });
  return lines;
}

/** The sketch of absolute points, one list a pen stroke. */
function fromLines(lines) {
  const [first, ...others] = lines.filter((line) => line.length);
  const all = [first.length === 1 ? [first[0], first[0]] : first, ...others];
  const sketch = [];
  let before = null;
  for (const line of all)
    line.forEach((point, i) => {
      if (before) sketch.push([point[0] - before[0], point[1] - before[1], i === line.length - 1 ? 1 : 0]);
      before = point;
    });
  return sketch;
}

/** The bitmap, size by size, of a sketch that fills the frame up to the margin. */
function render(sketch, size) {
  const box = bounds(visit(sketch));
  const side = longer(box);
  const scale = side > 0 ? (size - 2 * BORDER * size - 1) / side : 1;
  const shift = [0, 1].map((axis) => (size - 1) / 2 - ((box[0][axis] + box[1][axis]) / 2) * scale);
  const paper = new Uint8Array(size * size);
  for (const line of toLines(sketch)) {
    const points = line.map((point) => point.map((value, axis) => Math.round(16 * (value * scale + shift[axis])) / 16));
    for (let i = 1; i < points.length; i++) drawLine(paper, size, points[i - 1], points[i]);
    const spot = bounds(points);
    if (longer(spot) < 1) drawDot(paper, size, (spot[0][0] + spot[1][0]) / 2, (spot[0][1] + spot[1][1]) / 2);
  }
  return paper;
}

/** What lies `distance` pixels from the middle of a line. */
function across(distance) {
  const place = 16 * distance;
  const i = Math.floor(place);
  return i + 1 < ACROSS.length ? ACROSS[i] + (place - i) * (ACROSS[i + 1] - ACROSS[i]) : 0;
}

/** A line's share of a pixel that lies `inside` pixels before its end. */
const fade = (inside) => (inside >= 1 ? 1 : inside <= -1 ? 0 : 1 - ((1 - inside) / 2) ** FADING);

function blot(paper, size, x, y, share) {
  if (x < 0 || y < 0 || x >= size || y >= size) return;
  const at = y * size + x;
  paper[at] += Math.round((255 - paper[at]) * Math.min(1, share));
}

function drawLine(paper, size, from, to) {
  const steep = Math.abs(to[1] - from[1]) > Math.abs(to[0] - from[0]);
  const along = steep ? 1 : 0;
  const [start, end] = from[along] <= to[along] ? [from, to] : [to, from];
  const length = end[along] - start[along];
  if (!length) return;
  const slope = (end[1 - along] - start[1 - along]) / length;
  const more = 1 + STEEPER * slope * slope;
  for (let u = Math.floor(start[along]); u <= Math.ceil(end[along]); u++) {
    const share = more * Math.min(fade(u - start[along]), fade(end[along] - u));
    const middle = start[1 - along] + slope * (u - start[along]);
    for (let v = Math.ceil(middle - 1.6); v <= middle + 1.6; v++)
      blot(paper, size, steep ? v : u, steep ? u : v, share * across(Math.abs(v - middle)));
  }
}

/** A stroke shorter than the pen is wide. */
function drawDot(paper, size, x, y) {
  for (let row = Math.ceil(y - 1.6); row <= y + 1.6; row++)
    for (let column = Math.ceil(x - 1.6); column <= x + 1.6; column++)
      blot(paper, size, column, row, 1.1 * across(Math.max(Math.abs(row - y), Math.abs(column - x))));
}
