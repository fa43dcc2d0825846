// The blend studio's own part.

const results = []; // of the filmstrip: they outlive a view
const PAUSE = 400; // ms after the hand let go, until the drawing goes on the filmstrip
const AGAIN = 1000; // ms, until the kernel is asked again for a drawing that it still prepares
const NEW = "\u0000new"; // no class has such a name

function render({ model, el }) {
  const { classes, ranges, files } = model.get("options");
  const wanted = { ...model.get("picture").settings };
  let settled = true; // the hand has let go of the slider
  let shown = null;
  let again = 0;
  let mines = model.get("picture").mines; // names of drawings of one's own

  const { element: voice, say } = speaker();
  const { ask, leave: hangUp } = connect(model, say);
  const paper = makePaper();

  const draw = latest(async (isLast) => {
    try {
      const { picture } = await ask("draw", { settings: { ...wanted } });
      say(picture.note, picture.making ? "ms-waits" : "");
      clearTimeout(again);
      if (picture.making) again = setTimeout(draw, AGAIN); // better ones are being made
      else if (settled && isLast()) film.add(picture);
    } catch (error) {
      say(error.message, "ms-error");
    }
  });
  const change = (name) => (value) => {
    wanted[name] = value;
    settled = false;
    draw();
  };
  let pause = 0;
  const settle = () => {
    clearTimeout(pause); // keys settle at every step
    pause = setTimeout(() => {
      settled = true;
      if (same(shown.settings, wanted) && !shown.making) film.add(shown);
    }, PAUSE);
  };
  /** A choice that is made at once. */
  const choose = (name, value) => {
    wanted[name] = value;
    settled = true;
    draw();
  };

  // which of the two ways
  const tabName = unique("tab");
  const tab = (value, text) =>
    h(
      "label",
      { class: "ms-tab" },
      h("input", { type: "radio", name: tabName, value, change: () => (choose("tab", value), dressUp()) }),
      h("span", {}, text),
    );
  const tabs = h("div", { class: "ms-tabs", role: "radiogroup", "aria-label": "What to do" }, tab("switch", "Change its mind"), tab("corners", "Between four"));

  // a mind is a class, or a drawing of one's own
  function mindPicker(label, kind, get, set) {
    const select = h("select", {
      class: "ms-select",
      "aria-label": label,
      change() {
        if (select.value !== NEW) return set(select.value);
        select.value = get(); // until there is one
        drawMine(set);
      },
    });
    const update = () => {
      const option = (value, text = value) => h("option", { value }, text);
      const own = mines.map((name) => option(name, name.replace("mine", "my drawing")));
      select.replaceChildren(...classes.map((name) => option(name)), ...own, option(NEW, "draw one …"));
      select.value = get();
    };
    return { element: h("div", { class: `ms-pick ${kind}` }, select), update };
  }
  const first = mindPicker("First mind: what begins the drawing", "ms-first", () => wanted.first, (value) => choose("first", value));
  const second = mindPicker("Second mind: what finishes it", "ms-second", () => wanted.second, (value) => choose("second", value));
  const swap = h(
    "button",
    {
      type: "button",
      class: "ms-swap",
      title: "Swap the two minds",
      "aria-label": "Swap the two minds",
      click() {
        [wanted.first, wanted.second] = [wanted.second, wanted.first];
        choose("first", wanted.first);
        dressUp();
      },
    },
    s("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, s("path", { d: "M4 9h15m0 0-4-4m4 4-4 4M20 16H5m0 0 4-4m-4 4 4 4" })),
  );
  const at = slider("Changes its mind", {
    min: 0.02, max: 0.98, step: 0.01, value: wanted.at, kind: "ms-two", tell: (value) => `after ${percent(value)}`, input: change("at"), change: settle,
  });
  const blend = slider("How much of the second", {
    min: 0, max: 1, step: 0.01, value: wanted.blend, kind: "ms-fill", tell: percent, input: change("blend"), change: settle,
  });
  const switchPanel = h("div", { class: "ms-panel" }, h("div", { class: "ms-minds" }, first.element, swap, second.element), at.element, blend.element);

  // four corners and a place between them
  const cornerNames = ["top left", "top right", "bottom left", "bottom right"];
  const corners = cornerNames.map((where, i) =>
    mindPicker(`Corner ${where}`, `ms-corner-${i}`, () => wanted.corners[i], (value) => {
      const all = [...wanted.corners];
      all[i] = value;
      choose("corners", all);
    }),
  );
  const puck = h("button", { type: "button", class: "ms-puck", role: "slider", "aria-orientation": "horizontal", "aria-valuemin": 0, "aria-valuemax": 100 });
  const field = h("div", { class: "ms-field" }, puck);
  const put = () => {
    puck.style.left = percent(wanted.x).replace(" ", "");
    puck.style.top = percent(wanted.y).replace(" ", "");
    puck.setAttribute("aria-valuenow", Math.round(100 * wanted.x));
    puck.setAttribute("aria-valuetext", `${percent(wanted.x)} across, ${percent(wanted.y)} down`);
    puck.setAttribute("aria-label", "The place between the four; arrow keys move it");
  };
  const moveTo = (x, y) => {
    const inside = (value) => Math.round(100 * Math.min(1, Math.max(0, value))) / 100;
    [wanted.x, wanted.y] = [inside(x), inside(y)];
    settled = false;
    put();
    draw();
  };
  let held = false;
  const follow = (event) => {
    const box = field.getBoundingClientRect();
    moveTo((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  field.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    held = true;
    field.setPointerCapture(event.pointerId);
    puck.focus();
    follow(event);
  });
  field.addEventListener("pointermove", (event) => held && follow(event));
  for (const name of ["pointerup", "pointercancel"]) field.addEventListener(name, () => held && ((held = false), settle()));
  puck.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 0.1 : 0.02;
    const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (!way) return;
    event.preventDefault();
    moveTo(wanted.x + way[0], wanted.y + way[1]);
  });
  puck.addEventListener("keyup", settle);
  const cornersPanel = h("div", { class: "ms-panel" }, h("div", { class: "ms-square" }, ...corners.map((corner) => corner.element), field));

  // what both ways share
  const temperature = slider("Temperature", {
    min: ranges.temperature[0], max: ranges.temperature[1], step: 0.01, value: wanted.temperature, kind: "ms-heat",
    tell: (value) => value.toFixed(2), input: change("temperature"), change: settle,
  });
  const seedId = unique("seed");
  const seed = h("input", {
    type: "number", id: seedId, class: "ms-number", min: 0, max: 4294967295, step: 1,
    change() {
      const value = Number(seed.value);
      if (seed.value === "" || !Number.isInteger(value) || value < 0 || value > 4294967295) {
        say("A seed is a whole number from 0 to 4294967295.", "ms-error");
        seed.value = wanted.seed;
      } else choose("seed", value);
    },
  });
  let pen = false;
  const another = h(
    "button",
    {
      type: "button",
      class: "ms-primary ms-another",
      click() {
        pen = true;
        seed.value = Math.floor(Math.random() * 10000);
        choose("seed", Number(seed.value));
      },
    },
    "Another",
  );
  const deal = h("div", { class: "ms-deal" }, h("label", { for: seedId }, "Seed"), seed, another);

  const film = filmstrip(results, (picture) => {
    Object.assign(wanted, picture.settings);
    settled = false; // it is on the strip already
    dressUp();
    draw();
  });
  const caption = h("figcaption", { class: "ms-caption" });
  const sheet = h("figure", { class: "ms-sheet" }, h("div", { class: "ms-paper" }, paper.image), caption);

  /** A drawing of one's own, on a sheet over the paper; `use` gets its name. */
  function drawMine(use) {
    sheet.querySelector(".ms-desk")?.remove();
    const strokes = [];
    const layer = s("g", {});
    const image = s("svg", { viewBox: `0 0 ${ROOM} ${ROOM}`, role: "img", "aria-label": "Draw here with mouse, pen or finger" }, layer);
    const hint = h("p", { class: "ms-hint" }, "Draw here");
    const show = () => {
      layer.replaceChildren(...strokePaths(strokes));
      hint.hidden = strokes.length > 0;
    };
    catchStrokes(image, (points) => (strokes.push({ mind: 0, points }), show()));
    const take = async () => {
      try {
        const { message } = await ask("mine", { strokes: strokes.map(({ points }) => points) });
        mines = [...mines, message.mine];
        desk.remove();
        use(message.mine);
        dressUp();
      } catch (error) {
        say(error.message, "ms-error"); // what was drawn stays
      }
    };
    const button = (kind, text, click) => h("button", { type: "button", class: kind, click }, text);
    const tools = [
      button("ms-quiet", "Undo", () => (strokes.pop(), show())),
      button("ms-quiet", "Cancel", () => desk.remove()),
      button("ms-primary", "Use it", take),
    ];
    const desk = h("div", { class: "ms-desk" }, image, hint, h("div", { class: "ms-tools" }, ...tools));
    sheet.querySelector(".ms-paper").append(desk);
    tools[1].focus();
  }

  /** Brings every control to what is wanted. */
  function dressUp() {
    for (const radio of tabs.querySelectorAll("input")) radio.checked = radio.value === wanted.tab;
    switchPanel.hidden = wanted.tab !== "switch";
    cornersPanel.hidden = wanted.tab !== "corners";
    for (const picker of [first, second, ...corners]) picker.update();
    at.set(wanted.at);
    blend.set(wanted.blend);
    temperature.set(wanted.temperature);
    seed.value = wanted.seed;
    put();
  }
  function onPicture() {
    const picture = model.get("picture");
    if (!picture.id) {
      // the kernel drew of its own accord
      Object.assign(wanted, picture.settings);
      mines = picture.mines;
      film.add(picture);
      dressUp();
    }
    paper.show(picture, { pen });
    pen = false;
    caption.textContent = `${picture.caption} · seed ${picture.settings.seed}`;
    shown = picture;
    film.mark(picture);
  }

  const { root, leave } = frame(
    "ms-studio",
    tabs,
    h("div", { class: "ms-body" }, sheet, h("div", { class: "ms-controls" }, switchPanel, cornersPanel, temperature.element, deal, takeAway(ask, say, () => model.get("picture"), files))),
    film.element,
    voice,
  );
  root.setAttribute("aria-label", "Blend studio");
  model.on("change:picture", onPicture);
  el.append(root);
  dressUp();
  pen = true;
  onPicture();
  film.add(shown);
  film.mark(shown);
  return () => {
    clearTimeout(pause);
    clearTimeout(again);
    model.off("change:picture", onPicture);
    hangUp();
    leave();
  };
}

const same = (a, b) => JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());

export default { render };
