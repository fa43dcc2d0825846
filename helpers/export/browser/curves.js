// Smooth curves through a drawing's points, and lines of few points. A port of helpers.export.bezier and Ramer-Douglas-Peucker.

const DOT = 0.05; // round caps make a dot of a line so short
const CORNER = (75 * Math.PI) / 180; // a line that turns by more has a corner there
const ROUNDS = 4; // of reparameterisation, as Schneider's

const add = ([x, y], [u, v], times = 1) => [x + times * u, y + times * v];
const dot = ([x, y], [u, v]) => x * u + y * v;
const cross = ([x, y], [u, v]) => x * v - y * u;
const turned = ([x, y], angle) => [Math.cos(angle) * x - Math.sin(angle) * y, Math.sin(angle) * x + Math.cos(angle) * y];
const within = (value, low, high) => Math.min(high, Math.max(low, value));

/** The mind and the curves of each pen stroke; a stroke during which the mind changed is two, end to end. */
function penStrokes(sketch, switches, tolerance, origin) {
  const mindOf = (row) => switches.filter((at) => at <= row).length;
  const strokes = [];
  let first = 0; // the point that the stroke begins at: row i draws from point i to point i + 1
  for (const line of toLines(sketch, origin)) {
    const start = first;
    first += line.length;
    if (line.length === 1) {
      strokes.push([mindOf(start - 1), line]);
      continue;
    }
    const changes = [];
    for (let i = 1; i < line.length - 1; i++) if (mindOf(start + i) !== mindOf(start + i - 1)) changes.push(i);
    cutCurves(line, changes, tolerance).forEach((piece, i) => strokes.push([mindOf(start + [0, ...changes][i]), piece]));
  }
  return strokes;
}

/** A line as curves, in pieces, cut at some of its points, that go on smoothly at the cuts. */
function cutCurves(line, at, tolerance) {
  const moved = line.map((point, i) => i === 0 || apart(point, line[i - 1]) > 0);
  let count = -1;
  const kept = moved.map((own) => (count += own ? 1 : 0)); // where each point stands without those that do not move
  const { curves, knots } = fitCurves(line.filter((_, i) => moved[i]), at.map((i) => kept[i]), tolerance);
  const stops = [0, ...at, line.length - 1].map((i) => knots.indexOf(kept[i]));
  return stops.slice(1).map((z, i) => (z > stops[i] ? [curves[stops[i]][0], ...curves.slice(stops[i], z).flatMap((curve) => curve.slice(1))] : [line[0]]));
}

/** The cubic curves along points that all differ from the one before, and the points' numbers where they meet. */
function fitCurves(points, joints, tolerance) {
  const last = points.length - 1;
  if (last < 1) return { curves: [], knots: [0] };
  const lengths = points.slice(1).map((point, i) => apart(point, points[i]));
  const ways = lengths.map((length, i) => [(points[i + 1][0] - points[i][0]) / length, (points[i + 1][1] - points[i][1]) / length]);
  const bends = lengths.map((length) => (8 * tolerance) / length); // an arc that rises by h over L turns by 4 h / L
  const turn = (one, other) => Math.atan2(cross(one, other), dot(one, other));
  /** The way at a point between two pieces: as on the arc through three points, where both can bend so far. */
  const smooth = (before, after) => {
    const angle = turn(ways[before], ways[after]);
    const size = Math.abs(angle);
    if (size > Math.min(CORNER, bends[before] + bends[after])) return null;
    const share = lengths[before] / (lengths[before] + lengths[after]);
    return turned(ways[before], Math.sign(angle) * within(size * share, size - bends[after], bends[before]));
  };
  const corners = new Set([0, last, ...joints]);
  const into = new Array(last + 1); // the way on which a curve ends at a point
  const out = new Array(last + 1); // and on which one begins there
  const sharp = new Set([0, last]);
  for (let i = 1; i < last; i++) {
    const way = smooth(i - 1, i);
    if (!way) sharp.add(i);
    [into[i], out[i]] = way ? [way, way] : [ways[i - 1], ways[i]];
  }
  // an open end bends as its neighbour does: the arc goes on
  for (const [end, piece, inner] of [[0, 0, 1], [last, last - 1, last - 1]]) {
    const off = sharp.has(inner) ? 0 : turn(ways[piece], into[inner]);
    into[end] = out[end] = turned(ways[piece], -within(off, -bends[piece] / 2, bends[piece] / 2));
  }
  if (last > 2 && apart(points[0], points[last]) === 0) {
    const way = smooth(last - 1, 0);
    if (way) out[0] = into[last] = way;
  }
  const borders = [...new Set([...corners, ...sharp])].sort((a, b) => a - b);
  const spans = borders.slice(1).map((z, i) => [borders[i], z]).reverse();
  const [curves, knots] = [[], [0]];
  while (spans.length) {
    const [a, z] = spans.pop();
    const { curve, worst } = fitOne(points.slice(a, z + 1), out[a], into[z], tolerance);
    if (curve) {
      curves.push(curve);
      knots.push(z);
    } else spans.push([a + worst, z], [a, a + worst]);
  }
  return { curves, knots };
}

/** The point of a cubic at u. */
function at(curve, u) {
  const v = 1 - u;
  const weights = [v ** 3, 3 * u * v * v, 3 * u * u * v, u ** 3];
  return [0, 1].map((axis) => curve.reduce((sum, point, i) => sum + weights[i] * point[axis], 0));
}

/** The cubic that leaves and arrives along these ways; or where to split it, if it does not come near. */
function fitOne(points, left, right, tolerance) {
  const length = lengthOf(points);
  const end = points.at(-1);
  if (points.length === 2) return { curve: [points[0], add(points[0], left, length / 3), add(end, right, -length / 3), end] };
  let passed = 0;
  let u = points.map((point, i) => (passed += i ? apart(point, points[i - 1]) : 0) / length);
  let far = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const curve = leastSquares(points, u, left, right, length);
    const off = points.map((point, i) => add(at(curve, u[i]), point, -1));
    far = off.map(([x, y]) => Math.hypot(x, y));
    if (Math.max(...far) <= tolerance / 4 && bulge(points, curve, u) <= tolerance) return { curve };
    const first = [0, 1, 2].map((i) => add(curve[i + 1], curve[i], -1).map((value) => 3 * value));
    const second = [0, 1].map((i) => add(first[i + 1], first[i], -1).map((value) => 2 * value));
    let before = 0;
    u = u.map((share, i) => {
      const v = 1 - share;
      const speed = [0, 1].map((axis) => v * v * first[0][axis] + 2 * v * share * first[1][axis] + share * share * first[2][axis]);
      const change = [0, 1].map((axis) => v * second[0][axis] + share * second[1][axis]);
      const slope = dot(speed, speed) + dot(off[i], change);
      const move = Math.abs(slope) > 1e-12 ? dot(off[i], speed) / slope : 0;
      before = Math.max(before, within(share - move, 0, 1));
      return i === 0 ? 0 : i === points.length - 1 ? 1 : before;
    });
  }
  const inner = far.slice(1, -1);
  return { worst: 1 + inner.indexOf(Math.max(...inner)) };
}

/** Schneider's system for the lengths of the two tangents; a third of the way where it has no good answer. */
function leastSquares(points, u, left, right, length) {
  let [aa, az, zz, ar, zr] = [0, 0, 0, 0, 0];
  const end = points.at(-1);
  points.forEach((point, i) => {
    const v = 1 - u[i];
    const [b0, b1, b2, b3] = [v ** 3, 3 * u[i] * v * v, 3 * u[i] * u[i] * v, u[i] ** 3];
    const [a, z] = [left.map((value) => b1 * value), right.map((value) => -b2 * value)];
    const off = add(add(point, points[0], -b0 - b1), end, -b2 - b3);
    aa += dot(a, a);
    az += dot(a, z);
    zz += dot(z, z);
    ar += dot(a, off);
    zr += dot(z, off);
  });
  const det = aa * zz - az * az;
  let [out, into] = det > 1e-12 ? [(ar * zz - zr * az) / det, (aa * zr - az * ar) / det] : [0, 0];
  const good = (value) => value > 0.05 * length && value < length;
  if (!good(out) || !good(into)) out = into = length / 3;
  return [points[0], add(points[0], left, out), add(end, right, -into), end];
}

/** How far the curve is from the middle of the straight pieces, at most, counted across them. */
function bulge(points, curve, u) {
  let most = 0;
  for (let i = 0; i + 1 < points.length; i++) {
    const way = add(points[i + 1], points[i], -1);
    const away = add(at(curve, (u[i] + u[i + 1]) / 2), points[i], -1);
    most = Math.max(most, Math.abs(cross(way, away)) / Math.hypot(...way));
  }
  return most;
}

/** The `d` of a path, in hundredths: of curves' control points, or of a dot. */
function pathData(curves) {
  const points = curves.map((point) => point.map((value) => Math.round(100 * value) / 100 + 0));
  const same = points.every(([x, y]) => x === points[0][0] && y === points[0][1]);
  return same ? `M${points[0].join(" ")}h${DOT}` : `M${points[0].join(" ")}C${points.slice(1).flat().join(" ")}`;
}

/** Ramer-Douglas-Peucker: no point removed lies more than epsilon from what is left. */
function simplifyLine(line, epsilon) {
  if (line.length < 3) return line;
  const kept = new Set([0, line.length - 1]);
  const spans = [[0, line.length - 1]];
  while (spans.length) {
    const [a, z] = spans.pop();
    const way = add(line[z], line[a], -1);
    const length = Math.hypot(...way);
    let [most, where] = [epsilon, 0];
    for (let i = a + 1; i < z; i++) {
      const off = add(line[i], line[a], -1);
      const share = length > 0 ? within(dot(off, way) / length ** 2, 0, 1) : 0;
      const away = Math.hypot(...add(off, way, -share));
      if (away > most) [most, where] = [away, i];
    }
    if (!where) continue;
    kept.add(where);
    spans.push([a, where], [where, z]);
  }
  return line.filter((_, i) => kept.has(i));
}
