// The network: unpacked once, then encoder, decoder and priors in plain loops. A port of helpers.model and helpers.draw.

const [DOWN, UP, END] = [2, 3, 4]; // the pen states' places in a point: dx, dy, down, up, end
const SIGMA_MIN = 0.01;
const RHO_MAX = 0.95;
const GROUPS = 8; // of the encoder's normalisation
const EPSILON = 1e-3; // of the same

/** All float16 values by their bits. */
const halves = Float32Array.from({ length: 65536 }, (_, bits) => {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
  return bits & 32768 ? -size : size;
});

/** The networks in the page's bytes: a header's length, the header in JSON, and the arrays that it names. */
function unpack(bytes) {
  const size = new DataView(bytes).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, size)));
  const read = ({ at: place, kind, shape }) => {
    const [rows, columns = 1] = shape;
    const [at, count] = [4 + size + place, rows * columns];
    if (kind === "float32") return new Float32Array(bytes, at, count);
    if (kind === "int16") return new Int16Array(bytes, at, count);
    if (kind === "float16") return Float32Array.from(new Uint16Array(bytes, at, count), (bits) => halves[bits]);
    const scales = new Float32Array(bytes, at, rows); // int8: a scale a row, then the rows
    const whole = new Int8Array(bytes, at + 4 * rows, count);
    const values = new Float32Array(count);
    for (let r = 0, i = 0; r < rows; r++) for (const end = i + columns; i < end; i++) values[i] = scales[r] * whole[i];
    return values;
  };
  return header.networks.map(({ arrays, ...network }) => {
    for (const [name, array] of Object.entries(arrays)) arrays[name] = { ...array, values: read(array) };
    return { ...network, arrays };
  });
}

/** A matrix (rows, columns) for `multiply`: eight rows side by side, zeros below. */
function tiled({ shape, values }) {
  const [rows, columns] = shape;
  const weights = new Float32Array(Math.ceil(rows / 8) * 8 * columns);
  for (let r = 0; r < rows; r++) {
    const start = (r - (r % 8)) * columns + (r % 8);
    for (let i = 0; i < columns; i++) weights[start + 8 * i] = values[r * columns + i];
  }
  return { rows, columns, weights };
}

/** Adds a matrix's product with x to y; eight sums at a time, for one would wait for itself. */
function multiply({ columns, weights }, x, y) {
  for (let p = 0, r = 0; p < weights.length; r += 8) {
    let a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
    for (let i = 0; i < columns; i++, p += 8) {
      const v = x[i];
      a += weights[p] * v;
      b += weights[p + 1] * v;
      c += weights[p + 2] * v;
      d += weights[p + 3] * v;
      e += weights[p + 4] * v;
      f += weights[p + 5] * v;
      g += weights[p + 6] * v;
      h += weights[p + 7] * v;
    }
    y[r] += a;
    y[r + 1] += b;
    y[r + 2] += c;
    y[r + 3] += d;
    y[r + 4] += e;
    y[r + 5] += f;
    y[r + 6] += g;
    y[r + 7] += h;
  }
}

/** The same for an x of which `values` are not zero, `count` of them at `places`; the product is at `to` in y. */
function multiplySome({ rows, columns, weights }, { places, values, count }, y, to) {
  for (let start = 0, r = to; r < to + rows; start += 8 * columns, r += 8) {
    let a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
    for (let i = 0; i < count; i++) {
      const p = start + 8 * places[i];
      const v = values[i];
      a += weights[p] * v;
      b += weights[p + 1] * v;
      c += weights[p + 2] * v;
      d += weights[p + 3] * v;
      e += weights[p + 4] * v;
      f += weights[p + 5] * v;
      g += weights[p + 6] * v;
      h += weights[p + 7] * v;
    }
    y[r] = a;
    y[r + 1] = b;
    y[r + 2] = c;
    y[r + 3] = d;
    y[r + 4] = e;
    y[r + 5] = f;
    y[r + 6] = g;
    y[r + 7] = h;
  }
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const tanh = (x) => 1 - 2 / (Math.exp(2 * x) + 1);

/** One step of an LSTM whose gates' input is known, in place; gates in Keras's order: input, forget, new, output. */
function remember(gates, h, c) {
  const units = h.length;
  for (let i = 0; i < units; i++) {
    c[i] = sigmoid(gates[units + i]) * c[i] + sigmoid(gates[i]) * tanh(gates[2 * units + i]);
    h[i] = sigmoid(gates[3 * units + i]) * tanh(c[i]);
  }
}

/** Room for a matrix's product. */
const room = ({ rows }) => new Float64Array(Math.ceil(rows / 8) * 8);

/** The decoder: `start(z)` gives a state, `step(point, state)` moves it on by a point, `head(state)` tells what is next. */
function makeDecoder({ settings, arrays }) {
  const [initial, byZ, byPoint, recurrent, head] = ["initial", "gates/z", "gates/point", "recurrent", "head"].map((name) => tiled(arrays[name]));
  const [initialBias, bias, headBias] = ["initial/bias", "gates/bias", "head/bias"].map((name) => arrays[name].values);
  const { units, scale, position, view } = settings;
  const input = new Float64Array(byPoint.columns);
  const gates = room(recurrent);
  const parameters = room(head);
  return {
    start(z) {
      const first = room(initial);
      first.set(initialBias);
      multiply(initial, z, first);
      const same = room(byZ);
      same.set(bias);
      multiply(byZ, z, same);
      const state = first.map(tanh);
      return { h: state.slice(0, units), c: state.slice(units, 2 * units), pen: [0, 0], down: 0, trail: [], same };
    },
    step(point, state) {
      const pen = [state.pen[0] + point[0] * scale, state.pen[1] + point[1] * scale];
      if (view && state.down) layInk(state.trail, state.pen, pen);
      Object.assign(state, { pen, down: point[DOWN] });
      input.set([...point, ...(position ? place(...pen) : []), ...(view ? look(state.trail, ...pen) : [])]);
      gates.set(state.same);
      multiply(byPoint, input, gates);
      multiply(recurrent, state.h, gates);
      remember(gates, state.h, state.c);
    },
    head(state) {
      parameters.fill(0);
      parameters.set(headBias);
      multiply(head, state.h, parameters);
      return parameters;
    },
  };
}

/** The number of the first category at which the running sum of probabilities passes a uniform number. */
function choose(logits, uniform) {
  const most = Math.max(...logits);
  const shares = logits.map((logit) => Math.exp(logit - most));
  const all = shares.reduce((a, b) => a + b);
  let sum = 0;
  for (let i = 0; i < shares.length - 1; i++) {
    sum += shares[i] / all;
    if (sum > uniform) return i;
  }
  return shares.length - 1;
}

/** A point from the mixture; `noise` is two uniform numbers (component, pen) and two normal ones (dx, dy). */
function pick(parameters, components, temperature, noise, mayEnd, cooling) {
  const part = (i) => Array.from(parameters.subarray(i * components, (i + 1) * components));
  const k = choose(part(0).map((logit) => logit / temperature), noise[0]);
  const pens = Array.from(parameters.subarray(6 * components, 6 * components + 3), (logit) => logit / temperature ** cooling);
  if (!mayEnd) pens[END - DOWN] = -Infinity;
  const point = [0, 0, 0, 0, 0];
  point[DOWN + choose(pens, noise[1])] = 1;
  if (point[END]) return point; // an end has no offset
  const of = (i) => parameters[i * components + k];
  const sigma = (i) => (SIGMA_MIN + Math.exp(Math.min(of(i), 5))) * Math.sqrt(temperature);
  const rho = RHO_MAX * tanh(of(5));
  point[0] = of(1) + sigma(3) * noise[2];
  point[1] = of(2) + sigma(4) * (rho * noise[2] + Math.sqrt(1 - rho * rho) * noise[3]);
  return point;
}

/** A sketch, rows [dx, dy, lift] in pixels, from z and noise (limit, 4), begun by the rows of `prefix`. */
function decode(network, z, temperature, noise, prefix = []) {
  const { scale, components, max_points: limit, pen } = network.settings;
  const state = network.decoder.start(z);
  const sketch = prefix.slice(0, limit);
  let point = [0, 0, 1, 0, 0];
  for (let t = 0; t < limit; t++) {
    network.decoder.step(point, state);
    if (t < prefix.length) {
      const [dx, dy, lift] = prefix[t];
      point = [dx / scale, dy / scale, 1 - lift, lift, 0];
      continue;
    }
    point = pick(network.decoder.head(state), components, temperature, noise.subarray(4 * t, 4 * t + 4), t > 0, pen);
    if (point[END]) break;
    sketch.push([point[0] * scale, point[1] * scale, point[UP]]);
  }
  if (sketch.length > prefix.length) sketch.at(-1)[2] = 1;
  return sketch;
}

/** The encoder that sees a bitmap: what it makes of one before z, a vector. */
function makeSight({ settings, arrays }) {
  let side = settings.size;
  let channels = 3;
  const layers = [2, 2, 2, 1, 2].map((stride, i) => {
    const matrix = tiled(arrays[`conv${i}`]);
    const out = Math.ceil(side / stride);
    const before = Math.max((out - 1) * stride + 3 - side, 0) >> 1; // as "same" pads
    const layer = { matrix, stride, side, channels, out, before, gamma: arrays[`norm${i}/gamma`].values, beta: arrays[`norm${i}/beta`].values };
    layer.some = { places: new Int32Array(matrix.columns), values: new Float64Array(matrix.columns), count: 0 };
    layer.made = new Float64Array(out * out * matrix.rows);
    [side, channels] = [out, matrix.rows];
    return layer;
  });
  const { size } = settings;
  const seen = new Float64Array(3 * size * size);
  for (let i = 0; i < size * size; i++) {
    seen[3 * i + 1] = (2 * (i % size)) / (size - 1) - 1;
    seen[3 * i + 2] = (2 * Math.floor(i / size)) / (size - 1) - 1;
  }
  return (bitmap) => {
    for (let i = 0; i < bitmap.length; i++) seen[3 * i] = bitmap[i] / 255;
    let values = seen;
    for (const layer of layers) {
      const { matrix, some, made, out, gamma, beta } = layer;
      for (let pixel = 0; pixel < out * out; pixel++) {
        gather(values, layer, pixel); // three quarters of what is seen are zero
        multiplySome(matrix, some, made, pixel * matrix.rows);
      }
      normalise(made, matrix.rows, gamma, beta);
      values = made;
    }
    return values;
  };
}

/** What is not zero in the 3 by 3 surroundings of a pixel that a convolution makes, and where in these. */
function gather(values, { some, side, channels, stride, out, before }, pixel) {
  const top = Math.floor(pixel / out) * stride - before;
  const left = (pixel % out) * stride - before;
  let count = 0;
  for (let dy = 0; dy < 3; dy++)
    for (let dx = 0; dx < 3; dx++) {
      const [row, column] = [top + dy, left + dx];
      if (row < 0 || column < 0 || row >= side || column >= side) continue;
      for (let c = 0, from = (row * side + column) * channels, to = (3 * dy + dx) * channels; c < channels; c++) {
        if (values[from + c] === 0) continue;
        some.places[count] = to + c;
        some.values[count++] = values[from + c];
      }
    }
  some.count = count;
}

/** Group normalisation and what is above zero of it, in place. */
function normalise(values, channels, gamma, beta) {
  const width = channels / GROUPS;
  const pixels = values.length / channels;
  for (let group = 0; group < channels; group += width) {
    let sum = 0;
    let squares = 0;
    for (let p = group; p < values.length; p += channels)
      for (let i = p; i < p + width; i++) {
        sum += values[i];
        squares += values[i] * values[i];
      }
    const mean = sum / (pixels * width);
    const factor = 1 / Math.sqrt(squares / (pixels * width) - mean * mean + EPSILON);
    for (let p = 0; p < values.length; p += channels)
      for (let c = group; c < group + width; c++) values[p + c] = Math.max(0, (values[p + c] - mean) * factor * gamma[c] + beta[c]);
  }
}

/** The encoder that reads strokes, forwards and backwards: what it makes of a sketch before z. */
function makeReading({ settings, arrays }) {
  const ways = ["forward", "backward"].map((way) => ({
    input: tiled(arrays[`${way}/input`]),
    recurrent: tiled(arrays[`${way}/recurrent`]),
    bias: arrays[`${way}/bias`].values,
  }));
  return (sketch) => {
    const points = sketch.map(([dx, dy, lift]) => [dx / settings.scale, dy / settings.scale, 1 - lift, lift, 0]);
    points.push([0, 0, 0, 0, 1]);
    const read = ways.map(({ input, recurrent, bias }, backwards) => {
      const [h, c] = [new Float64Array(recurrent.columns), new Float64Array(recurrent.columns)];
      const gates = room(recurrent);
      for (const point of backwards ? [...points].reverse() : points) {
        gates.set(bias);
        multiply(input, point, gates);
        multiply(recurrent, h, gates);
        remember(gates, h, c);
      }
      return [...h];
    });
    return Float64Array.from(read.flat());
  };
}

/** A network that is ready to draw and to read. */
function awaken(packed) {
  const network = { ...packed, decoder: makeDecoder(packed) };
  const look = packed.settings.encoder === "cnn" ? makeSight(packed) : null;
  const before = look ? (sketch) => look(render(sketch, packed.settings.size)) : makeReading(packed);
  const stats = tiled(packed.arrays.stats);
  const bias = packed.arrays["stats/bias"].values;
  /** The mean of z of a sketch. */
  network.encode = (sketch) => {
    const z = room(stats);
    z.set(bias);
    multiply(stats, before(sketch), z);
    return z.subarray(0, stats.rows);
  };
  return network;
}
