// The draw pad's own part.

const YOU = 0;
const MACHINE = 1;
const LARGEST_FILE = 20000000;
const AGAIN = 800; // ms, until the kernel is asked again for a drawing that it still prepares
const KEPT = "midstrokeKept"; // where drawings wait for the next pads when their kernel is gone
const results = []; // of the filmstrip: they outlive a view

function render({ model, el }) {
  const { classes, judged, fits, temperature: heat, files, traces = true, keeps = false } = model.get("options");
  const wanted = { ...model.get("picture").settings };
  let strokes = []; // what is on the paper: {mind, points, d}
  let finished = null; // what the machine added to it, to the end
  const past = []; // for undo
  let turns = false;
  let since = 0; // strokes of the hand since the machine's last

  const { element: voice, say } = speaker();
  const { ask, leave: hangUp } = connect(model, say);

  // paper
  const layer = s("g", {});
  const image = s("svg", { viewBox: `0 0 ${ROOM} ${ROOM}`, role: "img", "aria-label": "Paper: draw here with mouse, pen or finger" }, layer);
  const hint = h("p", { class: "ms-hint" }, h("span", {}, "Draw here"), traces ? h("small", {}, "or drop a picture of a drawing") : null);
  const paper = h("div", { class: "ms-paper" }, image, hint);
  catchStrokes(image, (points) => {
    remember();
    if (finished) strokes.push(...finished);
    finished = null;
    strokes.push({ mind: YOU, points });
    since += 1;
    show();
    if (turns && since >= Number(yours.value)) goOn(Number(its.value));
    else look();
  });

  const bare = () => strokes.map(({ mind, points }) => ({ mind, points }));
  const remember = () => past.push({ strokes: [...strokes], finished, since }) > 200 && past.shift();
  function show(pen = false) {
    const old = strokePaths(strokes);
    const fresh = strokePaths(finished ?? []);
    layer.replaceChildren(...old, ...fresh);
    hint.hidden = strokes.length > 0;
    undo.disabled = !past.length;
    clear.disabled = !strokes.length;
    another.disabled = !finished;
    if (pen) drawOut(fresh, image.clientWidth / ROOM);
  }

  /** Tells the kernel what is on the paper, and hears what the judge thinks of it. */
  const look = latest(async () => {
    try {
      const { picture } = await ask("look", { strokes: bare() });
      say(picture.note);
    } catch (error) {
      say(error.message, "ms-error");
    }
  });

  /** Lets the machine draw: to the end, or so many strokes. */
  async function goOn(count) {
    if (!strokes.length) return say("The paper is empty: draw something first.", "ms-error");
    if (!count) remember();
    const asked = strokes.length;
    try {
      let picture;
      for (;;) {
        const answer = await ask("finish", { strokes: bare(), settings: { ...wanted }, count });
        if (strokes.length !== asked) return; // the hand was faster; what it drew comes first
        ({ picture } = answer);
        if (picture) break;
        say(answer.message.making, "ms-waits");
        await new Promise((resolve) => setTimeout(resolve, AGAIN));
        if (strokes.length !== asked || isGone(model)) return;
      }
      if (count) {
        strokes.push(...picture.added);
        since = 0;
        show();
        drawOut([...layer.children].slice(asked), image.clientWidth / ROOM);
      } else {
        finished = picture.added;
        show(true);
        film.add({ ...picture, strokes: [...strokes], finished });
      }
      say(picture.note);
    } catch (error) {
      say(error.message, "ms-error");
    }
  }

  // tools on the paper
  const tool = (text, title, click) => h("button", { type: "button", class: "ms-quiet", title, click }, text);
  const undo = tool("Undo", "Take the last step back", () => {
    const before = past.pop();
    if (!before) return;
    ({ strokes, finished, since } = before);
    show();
    look();
  });
  const clear = tool("Clear", "Begin with empty paper; Undo brings the drawing back", () => {
    remember();
    [strokes, finished, since] = [[], null, 0];
    show();
    look();
  });
  const file = h("input", { type: "file", accept: "image/*", hidden: true, change: () => (take(file.files[0]), (file.value = "")) });
  const picture = tool("Picture …", "Trace a picture of a drawing: PNG, JPEG, a photo of a page", () => file.click());
  const tools = h("div", { class: "ms-row" }, undo, clear, ...(traces ? [h("span", { class: "ms-gap" }), picture, file] : []));

  // a class of one's own
  const named = h("input", { type: "text", class: "ms-number ms-own", placeholder: "a class of your own", "aria-label": "A class of your own", maxLength: 80 });
  const keep = tool("Keep", "Add what you drew to the class of this name, to train on: data/own", async () => {
    try {
      const { message } = await ask("keep", { strokes: bare(), name: named.value });
      say(message.kept);
    } catch (error) {
      say(error.message, "ms-error");
    }
  });
  named.addEventListener("keydown", (event) => {
    event.stopPropagation(); // JupyterLab has shortcuts of one letter
    if (event.key === "Enter") keep.click();
  });
  const keepRow = keeps ? h("div", { class: "ms-row" }, named, keep) : null;

  async function take(dropped) {
    if (!dropped) return;
    if (dropped.size > LARGEST_FILE) return say("A picture has at most 20 MB.", "ms-error");
    say(`Tracing ${dropped.name} …`);
    try {
      const { message } = await ask("import", {}, [await dropped.arrayBuffer()]);
      remember();
      [strokes, finished, since] = [message.strokes, null, 0];
      show(true);
      drawOut([...layer.children], image.clientWidth / ROOM);
      look();
    } catch (error) {
      say(error.message, "ms-error");
    }
  }
  for (const name of ["dragenter", "dragover"])
    paper.addEventListener(name, (event) => {
      event.preventDefault();
      event.stopPropagation();
      paper.classList.toggle("ms-over", traces);
    });
  paper.addEventListener("dragleave", () => paper.classList.remove("ms-over"));
  paper.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    paper.classList.remove("ms-over");
    if (traces) take(event.dataTransfer.files[0]);
  });

  // what it is to become
  const group = unique("target");
  const chips = h(
    "div",
    { class: "ms-chips", role: "radiogroup", "aria-label": "Finish it as" },
    ...classes.map((name) =>
      h(
        "label",
        { class: "ms-chip" },
        h("input", { type: "radio", name: group, value: name, change: () => ((wanted.target = name), dressUp(), finished && goOn()) }),
        h("span", {}, name),
      ),
    ),
  );
  const finish = h("button", { type: "button", class: "ms-primary", click: () => goOn() });
  const another = h(
    "button",
    {
      type: "button",
      class: "ms-quiet",
      title: "Finish it again, otherwise",
      click: () => ((wanted.seed = Math.floor(Math.random() * 10000)), goOn()),
    },
    "Another",
  );
  const temperature = slider("Temperature", {
    min: heat[0], max: heat[1], step: 0.01, value: wanted.temperature, kind: "ms-heat",
    tell: (value) => value.toFixed(2), input: (value) => (wanted.temperature = value), change: () => finished && goOn(),
  });

  // as a part of what it is to become, or only its neighbour
  const part = h("input", { type: "checkbox", class: "ms-switch", role: "switch", change: () => ((wanted.fit = part.checked), dressUp(), finished && goOn()) });
  const partRow = h("div", { class: "ms-turns" }, h("label", { title: "What is on the paper becomes a part of the drawing; otherwise the model goes on beside it" }, part, " Yours is a part of it"));

  // turns
  const count = (label, value) => h("input", { type: "number", class: "ms-number ms-count", min: 1, max: 20, value, "aria-label": label });
  const yours = count("Strokes that you draw in a turn", 1);
  const its = count("Strokes that it draws in a turn", 1);
  for (const each of [yours, its])
    each.addEventListener("change", () => (each.value = Math.min(20, Math.max(1, Math.round(Number(each.value)) || 1))));
  const turning = h("input", { type: "checkbox", class: "ms-switch", role: "switch", change: () => ((turns = turning.checked), (since = 0)) });
  const turnRow = h("div", { class: "ms-turns" }, h("label", {}, turning, " Take turns"), h("span", {}, "you ", yours), h("span", {}, "it ", its));

  // what the judge takes it for
  const thoughts = h("div", { class: "ms-thoughts", role: "status", "aria-label": "What the judge takes it for" });
  function think(guesses) {
    thoughts.replaceChildren(
      h("span", { class: "ms-label" }, "The judge sees"),
      ...(guesses.length ? guesses : [["nothing yet", 0]]).map(([name, share]) => {
        const bar = h("span", { class: "ms-bar" });
        bar.style.setProperty("--share", `${100 * share}%`);
        return h("div", { class: "ms-thought" }, h("span", {}, name), bar, h("span", { class: "ms-value" }, share ? percent(share) : ""));
      }),
    );
  }

  const film = filmstrip(results, (kept) => {
    remember();
    [strokes, finished, since] = [[...kept.strokes], kept.finished, 0];
    Object.assign(wanted, kept.settings);
    dressUp();
    show();
    ask("finish", { strokes: bare(), settings: { ...wanted } }).catch((error) => say(error.message, "ms-error"));
  });
  const caption = h("p", { class: "ms-caption" });

  function dressUp() {
    for (const radio of chips.querySelectorAll("input")) radio.checked = radio.value === wanted.target;
    finish.textContent = `Finish it as ${article(wanted.target)}`;
    part.checked = wanted.fit;
    temperature.set(wanted.temperature);
    temperature.element.hidden = fits && wanted.fit; // a part leaves nothing to chance but where it lies
  }
  function onPicture() {
    const drawn = model.get("picture");
    image.dataset.answers = drawn.id;
    caption.textContent = drawn.caption && drawn.added.length ? `${drawn.caption} · seed ${drawn.settings.seed}` : "";
    if (judged) think(drawn.thoughts);
    film.mark(drawn);
    if (!drawn.id) {
      // the kernel drew of its own accord, or this view is new
      Object.assign(wanted, drawn.settings);
      strokes = [...model.get("strokes")];
      finished = drawn.added.length ? drawn.added : null;
      dressUp();
      show();
    }
  }

  const { root, leave } = frame(
    "ms-drawpad",
    h(
      "div",
      { class: "ms-body" },
      h("div", { class: "ms-sheet" }, paper, tools, caption),
      h(
        "div",
        { class: "ms-controls" },
        h("div", {}, h("p", { class: "ms-label" }, "Finish it as"), chips),
        h("div", { class: "ms-row" }, finish, another),
        fits ? partRow : null,
        temperature.element,
        turnRow,
        keepRow,
        judged ? thoughts : null,
        takeAway(ask, say, () => model.get("picture"), files),
      ),
    ),
    film.element,
    voice,
  );
  root.setAttribute("aria-label", "Draw pad");
  model.on("change:picture", onPicture);
  el.append(root);
  dressUp();
  const now = model.get("picture");
  strokes = [...model.get("strokes")];
  finished = now.added?.length ? now.added : null;
  caption.textContent = finished ? `${now.caption} · seed ${now.settings.seed}` : "";
  if (judged) think(now.thoughts ?? []);
  show(true);
  if (finished) film.add({ ...now, strokes: [...strokes], finished });
  const kept = window[KEPT]?.shift();
  if (kept) {
    remember();
    [strokes, finished] = [kept, null];
    show();
    look().then(() => say("Your drawing from before the restart is back."));
  }
  return () => {
    if (past.length && strokes.length && isGone(model)) (window[KEPT] ??= []).push(strokes);
    model.off("change:picture", onPicture);
    hangUp();
    leave();
  };
}

export default { render };
