// What the widgets share in the browser: elements, the way to the kernel, paper and pad, filmstrip, files to take away.
// Each widget's own file follows this one in the same module.

const ROOM = 1000; // units along a side of the paper
const MARGIN = 80;
const FILM = 40; // results that the filmstrip keeps
const DULL = 1500; // ms without an answer, until the widget says that it waits
const LOST = 20000; // ms without an answer, until it says what to do
const REST = 1200; // ms after the last answer, until the still picture is renewed
const WORDS = {
  dull: "Waiting for the kernel …",
  lost: "The kernel does not answer. If it was restarted, run the cells again; your drawing stays.",
  gone: "The kernel is gone. Run the cells again; your drawing stays.",
}; // who answers may have others

/** An HTML element. Attributes that are functions listen to events; false and null are left out. */
function h(tag, attributes = {}, ...children) {
  return dress(document.createElement(tag), attributes, children);
}

/** An SVG element. */
function s(tag, attributes = {}, ...children) {
  return dress(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function dress(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

let names = 0;
/** A name for an element that no other has. */
const unique = (stem) => `midstroke-${stem}-${(names += 1)}-${Math.random().toString(36).slice(2, 7)}`;

/** The widget's outermost element; it follows the theme, and keeps the notebook's shortcuts out. */
function frame(kind, ...children) {
  const root = h(
    "section",
    {
      class: `midstroke ${kind}`,
      "data-lm-suppress-shortcuts": "true",
      // a notebook takes arrow keys for its own, from sliders too
      keydown: (event) => event.ctrlKey || event.metaKey || event.altKey || event.stopPropagation(),
    },
    ...children,
  );
  const look = () => root.classList.toggle("ms-dark", onDark(root));
  const watch = new MutationObserver(look);
  for (const element of [document.documentElement, document.body])
    watch.observe(element, { attributes: true, attributeFilter: ["class", "style", "theme", "data-jp-theme-light"] });
  requestAnimationFrame(look);
  const timers = [150, 1000].map((delay) => setTimeout(look, delay)); // a theme's style sheet may come late
  return { root, leave: () => (watch.disconnect(), timers.forEach(clearTimeout)) };
}

/** Whether what lies behind an element is darker than middle grey. */
function onDark(element) {
  for (let at = element.parentElement; at; at = at.parentElement) {
    const [r, g, b, a = 1] = (getComputedStyle(at).backgroundColor.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
    if (a > 0.5) return 0.299 * r + 0.587 * g + 0.114 * b < 128;
  }
  return false;
}

/** The line under the widget that says what happens; screen readers hear it. */
function speaker() {
  const element = h("p", { class: "ms-say", role: "status", "aria-live": "polite" });
  return {
    element,
    say(text, kind = "") {
      element.textContent = text;
      element.className = `ms-say ${kind}`;
    },
  };
}

/** The way to the kernel: `ask` sends a question and promises its answer, `{picture}` or `{message, buffers}`. */
function connect(model, say) {
  const words = { ...WORDS, ...model.get("options").words };
  const own = Math.random().toString(36).slice(2, 8);
  const open = new Map();
  let count = 0;
  let rest = 0;

  function answer(id, how, value) {
    const question = open.get(id);
    if (!question) return;
    open.delete(id);
    question.timers.forEach(clearTimeout);
    if (question.waiting) say("");
    question[how](value);
    clearTimeout(rest);
    rest = setTimeout(() => isGone(model), REST);
  }
  const onPicture = () => answer(model.get("picture").id, "resolve", { picture: model.get("picture") });
  const onMessage = (message, buffers) =>
    message.error ? answer(message.id, "reject", new Error(message.error)) : answer(message.id, "resolve", { message, buffers });
  model.on("change:picture", onPicture);
  model.on("msg:custom", onMessage);

  function ask(kind, content = {}, buffers = []) {
    const id = `${own}-${(count += 1)}`;
    return new Promise((resolve, reject) => {
      const question = { resolve, reject, waiting: false, timers: [] };
      const wait = (delay, text) =>
        question.timers.push(
          setTimeout(() => {
            question.waiting = true;
            say(text, "ms-waits");
          }, delay),
        );
      wait(DULL, words.dull);
      wait(LOST, words.lost);
      open.set(id, question);
      try {
        model.send({ kind, id, ...content }, undefined, buffers);
      } catch {
        answer(id, "reject", new Error(words.gone));
      }
    });
  }
  return {
    ask,
    leave() {
      clearTimeout(rest);
      for (const question of open.values()) question.timers.forEach(clearTimeout);
      model.off("change:picture", onPicture);
      model.off("msg:custom", onMessage);
    },
  };
}

/** Tells the kernel that the hands are at rest; whether it is gone, as far as the frontend knows. */
function isGone(model) {
  try {
    model.send({ kind: "rest" });
    return false;
  } catch {
    return true;
  }
}

/** `run`, one at a time; of the calls that come meanwhile only the last is made. */
function latest(run) {
  let busy = false;
  let next = null;
  return async (...call) => {
    next = call;
    if (busy) return;
    busy = true;
    try {
      while (next) {
        const now = next;
        next = null;
        await run(() => next === null, ...now);
      }
    } finally {
      busy = false;
    }
  };
}

/** Where a drawing lies on the paper: in the middle, as large as it fits, but a dot is not blown up. */
function placing(box) {
  const [x0, y0, x1, y1] = box;
  const scale = Math.min((ROOM - 2 * MARGIN) / Math.max(x1 - x0, y1 - y0, 1), ROOM / 60);
  return { scale, x: ROOM / 2 - (scale * (x0 + x1)) / 2, y: ROOM / 2 - (scale * (y0 + y1)) / 2 };
}

const inked = (ink) => ink.map(([mind, d]) => s("path", { d, class: `ms-ink ms-mind-${mind}` }));

/** Paper with a drawing in the middle. What two drawings have in common stays in place while it glides to the middle. */
function makePaper() {
  const group = s("g", { class: "ms-drawing" });
  const image = s("svg", { viewBox: `0 0 ${ROOM} ${ROOM}`, role: "img", "aria-label": "empty paper" }, group);
  return {
    image,
    show(picture, { pen = false } = {}) {
      const { scale, x, y } = placing(picture.box);
      group.classList.toggle("ms-glides", !pen && group.childElementCount > 0);
      group.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
      const paths = inked(picture.ink);
      group.replaceChildren(...paths);
      image.setAttribute("aria-label", picture.caption || "empty paper");
      image.dataset.answers = picture.id ?? "";
      if (pen) drawOut(paths, (scale * image.clientWidth) / ROOM);
    },
  };
}

/** Shows the paths being drawn, one after another. */
function drawOut(paths, scale) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const lengths = paths.map((path) => path.getTotalLength() * scale + 1);
  const all = lengths.reduce((a, b) => a + b, 0);
  let delay = 0;
  paths.forEach((path, i) => {
    const duration = (900 * lengths[i]) / all;
    path.style.strokeDasharray = `${lengths[i]} ${lengths[i] + 9}`;
    const motion = path.animate([{ strokeDashoffset: lengths[i], opacity: 0 }, { opacity: 1, offset: 0.01 }, { strokeDashoffset: 0 }], {
      duration,
      delay,
      fill: "backwards",
    });
    motion.onfinish = () => (path.style.strokeDasharray = "");
    delay += duration;
  });
}

/** Lets hands draw on the paper's image: `onStroke` gets each stroke's points, [x, y] in units of the paper. */
function catchStrokes(image, onStroke) {
  let points = null;
  let path = null;
  const place = (event) => {
    const box = image.getBoundingClientRect();
    const on = (value, low, size) => Math.round((10 * ROOM * (value - low)) / size) / 10;
    return [on(event.clientX, box.left, box.width), on(event.clientY, box.top, box.height)];
  };
  const down = (event) => {
    if (points || event.button > 0) return;
    event.preventDefault();
    image.setPointerCapture(event.pointerId);
    points = [place(event)];
    path = s("path", { class: "ms-ink ms-mind-0", d: polyline(points) });
    image.append(path);
  };
  const move = (event) => {
    if (!points) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) {
      const [x, y] = place(each);
      const [x0, y0] = points.at(-1);
      if (Math.hypot(x - x0, y - y0) > 2) points.push([x, y]);
    }
    path.setAttribute("d", polyline(points));
  };
  const up = () => {
    if (!points) return;
    const [stroke, drawn] = [points, path];
    points = path = null;
    onStroke(stroke);
    drawn.remove();
  };
  const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up };
  for (const [name, listener] of Object.entries(listeners)) image.addEventListener(name, listener);
  image.classList.add("ms-pad");
  return () => {
    for (const [name, listener] of Object.entries(listeners)) image.removeEventListener(name, listener);
    image.classList.remove("ms-pad");
  };
}

/** Strokes in units of the paper as paths; where the kernel found the curve, it is that. */
const strokePaths = (strokes) => strokes.map(({ mind, points, d }) => s("path", { class: `ms-ink ms-mind-${mind}`, d: d ?? polyline(points) }));

const polyline = (points) => `M${points[0].join(" ")}${points.length > 1 ? `L${points.slice(1).map((p) => p.join(" ")).join(" ")}` : "h.01"}`;

/** The last results, newest first; a click brings one back. `results` outlives the view. */
function filmstrip(results, onPick) {
  const key = (one) => JSON.stringify([one?.settings, one?.ink]);
  const element = h("div", { class: "ms-film", role: "group", "aria-label": "The last results; choose one to return to it" });
  function fill() {
    element.replaceChildren(
      ...results.map((picture) => {
        const { scale, x, y } = placing(picture.box);
        const group = s("g", { transform: `translate(${x} ${y}) scale(${scale})` }, ...inked(picture.ink));
        const image = s("svg", { viewBox: `0 0 ${ROOM} ${ROOM}`, "aria-hidden": "true" }, group);
        const label = `${picture.caption}, seed ${picture.settings?.seed}`;
        return h("button", { type: "button", class: "ms-frame", title: label, "aria-label": label, click: () => onPick(picture) }, image);
      }),
    );
    element.hidden = results.length < 2;
  }
  fill();
  return {
    element,
    add(picture) {
      const before = results.findIndex((one) => key(one) === key(picture));
      if (before >= 0) results.splice(before, 1);
      results.unshift(picture);
      results.length = Math.min(results.length, FILM);
      fill();
      element.scrollLeft = 0;
      this.mark(picture);
    },
    mark(picture) {
      const at = results.findIndex((one) => key(one) === key(picture));
      [...element.children].forEach((child, i) => child.setAttribute("aria-current", i === at ? "true" : "false"));
    },
  };
}

const FILES = [
  ["svg", "SVG", "Save as SVG, for a write-up"],
  ["plotter", "Plotter", "Save as SVG for a pen plotter: an A4 page in mm, a layer a mind"],
  ["pdf", "PDF", "Save as PDF"],
  ["png", "PNG", "Save as PNG"],
  ["gif", "GIF", "Save as GIF, the drawing being drawn"],
];

/** Buttons that save the drawing, in the formats of `offered` or in all, and one that copies the Python that makes it. */
function takeAway(ask, say, getPicture, offered = null) {
  let busy = false;
  async function save(format, name) {
    if (busy) return; // a double click saves once
    busy = true;
    row.classList.add("ms-busy");
    say(`Making the ${name} …`);
    try {
      const { message, buffers } = await ask("save", { format });
      const url = URL.createObjectURL(new Blob(buffers, { type: message.type }));
      const link = h("a", { href: url, download: message.name, hidden: true });
      row.append(link);
      link.click();
      link.remove();
      setTimeout(() => URL.revokeObjectURL(url), 60000);
      say(message.kept ? `Saved ${message.name}, and in ${message.kept}` : `Saved ${message.name}`);
    } catch (error) {
      say(error.message, "ms-error");
    } finally {
      row.classList.remove("ms-busy");
      setTimeout(() => (busy = false), 400);
    }
  }
  async function copy() {
    const { code } = getPicture();
    if (!code) return say("There is no drawing yet.", "ms-error");
    let done = false;
    try {
      await navigator.clipboard.writeText(code); // only where the page is secure
      done = true;
    } catch {
      const text = h("textarea", { class: "ms-offscreen", "aria-hidden": "true" });
      text.value = code;
      row.append(text);
      text.select();
      done = document.execCommand("copy");
      text.remove();
    }
    say(done ? "Copied: the Python that makes this drawing" : `Copy this: ${code}`);
  }
  const row = h(
    "div",
    { class: "ms-take", role: "group", "aria-label": "Take the drawing away" },
    ...FILES.filter(([format]) => !offered || offered.includes(format)).map(([format, name, title]) =>
      h("button", { type: "button", class: "ms-quiet", title, "aria-label": title, "data-format": format, click: () => save(format, name) }, name),
    ),
    h("span", { class: "ms-gap" }),
    h("button", { type: "button", class: "ms-quiet", title: "Copy the Python that makes this drawing", "data-format": "code", click: copy }, "Copy as code"),
  );
  return row;
}

/** A slider with its label and its value. `tell` turns the number into words. */
function slider(label, { min, max, step, value, tell, kind = "", input, change }) {
  const id = unique("slider");
  const said = h("output", { class: "ms-value", for: id });
  const range = h("input", { type: "range", id, min, max, step, class: `ms-range ${kind}` });
  const set = (number) => {
    range.value = number;
    said.textContent = tell(Number(range.value));
    range.setAttribute("aria-valuetext", tell(Number(range.value)));
    range.style.setProperty("--share", `${(100 * (range.value - min)) / (max - min)}%`);
  };
  range.addEventListener("input", () => (set(range.value), input(Number(range.value))));
  range.addEventListener("change", change);
  set(value);
  return { element: h("div", { class: "ms-slider" }, h("label", { for: id }, label), said, range), set, range };
}

const article = (name) => `${"aeiou".includes(name[0]) ? "an" : "a"} ${name}`;
const percent = (value) => `${Math.round(100 * value)} %`;
