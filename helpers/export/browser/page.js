// The page: hands the networks to a worker, and stands between it and the widgets in a kernel's place.

const facts = JSON.parse(document.getElementById("facts").textContent);
const PNG = 1063; // pixels: 90 mm at 300 dpi
const EDGE = 0.06; // of a PNG's side

/** The worker, and a promise of each question's answer. */
function startWorker() {
  const code = document.getElementById("worker").textContent;
  const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  const listeners = {}; // by widget
  const open = new Map();
  let count = 0;
  worker.onmessage = ({ data }) => {
    if (data.widget) return listeners[data.widget](data);
    const { id, error, value } = data.message;
    const [resolve, reject] = open.get(id);
    open.delete(id);
    if (error) reject(new Error(error));
    else resolve(value);
  };
  const failed = new Promise((_, reject) => (worker.onerror = (event) => reject(new Error(event.message || "its worker did not start"))));
  return {
    failed,
    listen: (widget, listener) => (listeners[widget] = listener),
    post: (question, buffers) => worker.postMessage(question, buffers),
    ask(kind, content, buffers = []) {
      count += 1;
      return new Promise((resolve, reject) => {
        open.set(count, [resolve, reject]);
        worker.postMessage({ kind, id: count, ...content }, buffers);
      });
    },
  };
}

/** What a widget takes for its half in a kernel: anywidget's model, of which it needs `get`, `on`, `off` and `send`. */
function standIn(worker, widget, state) {
  const listeners = {};
  const tell = (event, ...what) => [...(listeners[event] ?? [])].forEach((listener) => listener(...what));
  worker.listen(widget, async ({ picture, message, buffers }) => {
    if (picture) {
      state.picture = picture;
      return tell("change:picture");
    }
    if (message.name?.endsWith(".png")) {
      Object.assign(message, { type: "image/png" });
      buffers = [await paint(state.picture)];
    }
    tell("msg:custom", message, buffers);
  });
  return {
    get: (name) => state[name],
    on: (event, listener) => (listeners[event] ??= new Set()).add(listener),
    off: (event, listener) => listeners[event]?.delete(listener),
    send: (question) => worker.post({ widget, ...question }),
  };
}

/** A PNG of a picture, in the inks of print. */
async function paint({ ink, box: [x0, y0, x1, y1] }) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = PNG;
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, PNG, PNG);
  const scale = (PNG * (1 - 2 * EDGE)) / Math.max(x1 - x0, y1 - y0, 1);
  context.translate(PNG / 2 - (scale * (x0 + x1)) / 2, PNG / 2 - (scale * (y0 + y1)) / 2);
  context.scale(scale, scale);
  Object.assign(context, { lineWidth: PNG / 180 / scale, lineCap: "round", lineJoin: "round" });
  for (const [mind, d] of ink) {
    context.strokeStyle = facts.inks[mind];
    context.stroke(new Path2D(d));
  }
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  return blob.arrayBuffer();
}

/** Follows the system between light and dark; the widgets look at the page's ground. */
function followTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const look = () => document.documentElement.classList.toggle("dark", dark.matches);
  dark.addEventListener("change", look);
  look();
}

async function open() {
  followTheme();
  const worker = startWorker();
  const held = document.getElementById("networks");
  const letters = atob(held.textContent);
  held.remove();
  const packed = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) packed[i] = letters.charCodeAt(i);
  const ready = worker.ask("begin", { packed, studio: facts.studio, pad: facts.pad }, [packed.buffer]);
  await Promise.race([ready, worker.failed]);
  const options = { classes: facts.classes, ranges: facts.ranges, temperature: facts.ranges.temperature, ...facts.options };
  const blank = { id: "", ink: [], box: [0, 0, 255, 255], caption: "", code: "", note: "" };
  for (const [name, widget] of Object.entries({ studio, pad })) {
    const more = { settings: facts[name], mines: [], making: false, thoughts: [], added: [] };
    const model = standIn(worker, name, { options, strokes: [], picture: { ...blank, ...more } });
    if (name === "studio") {
      const first = new Promise((resolve) => model.on("change:picture", resolve));
      model.send({ kind: "draw", id: "" });
      await Promise.race([first, worker.failed]);
    }
    widget.render({ model, el: document.getElementById(name) });
  }
  document.documentElement.dataset.ready = "true";
  document.getElementById("waiting").remove();
  // for whoever writes a page around this one: decode, encode, render
  window.midstroke = { ask: (kind, content) => worker.ask(kind, content) };
}

open().catch((error) => {
  document.getElementById("waiting").hidden = true;
  document.getElementById("error").textContent = `This page could not begin to draw: ${error.message}`;
  document.getElementById("error").hidden = false;
});
