// What a decoder is told beside the points: where the pen is, and the ink around it. Ports of helpers.model.layers.

const WAVES = [512, 256, 128, 64]; // pixels: the lengths of the waves that say where the pen is
const CELLS = 8; // a side of the view
const [NEAREST, FARTHEST] = [8, 256]; // pixels from the pen: cells are about as wide as the first; the last lie at the second

/** Where the pen is, in pixels from its start, as near and far as a linear layer can tell it: 18 numbers. */
function place(x, y) {
  const turns = WAVES.flatMap((wave) => [(2 * Math.PI * x) / wave, (2 * Math.PI * y) / wave]);
  return [x / 128, y / 128, ...turns.map(Math.sin), ...turns.map(Math.cos)];
}

/** The ink of a segment that is added to a trail, [x, y, pixels of it]: half of it at its middle, half at its end. */
function layInk(trail, [x0, y0], [x1, y1]) {
  const half = Math.hypot(x1 - x0, y1 - y0) / 2;
  trail.push([(x0 + x1) / 2, (y0 + y1) / 2, half], [x1, y1, half]);
}

/** How much of the trail's ink lies in each of 8 by 8 cells around the pen, which grow with the distance: 64 numbers. */
function look(trail, x, y) {
  const unit = (CELLS - 1) / 2 / Math.asinh(FARTHEST / NEAREST);
  const cell = (away) => Math.min(CELLS - 1, Math.max(0, Math.asinh(away / NEAREST) * unit + (CELLS - 1) / 2));
  const cells = new Array(CELLS * CELLS).fill(0);
  for (const [u, v, ink] of trail) {
    const [column, row] = [cell(u - x), cell(v - y)];
    const [left, top] = [Math.min(Math.floor(column), CELLS - 2), Math.min(Math.floor(row), CELLS - 2)];
    const [right, below] = [column - left, row - top]; // what lies between the middles of two cells is shared by both
    const at = top * CELLS + left;
    cells[at] += ink * (1 - below) * (1 - right);
    cells[at + 1] += ink * (1 - below) * right;
    cells[at + CELLS] += ink * below * (1 - right);
    cells[at + CELLS + 1] += ink * below * right;
  }
  return cells.map((ink) => Math.log1p(ink / 16));
}
