// The map of a latent space: dots left, the chosen drawing right. One dot at a time can be reached by Tab, the others
// from there by the arrow keys.

const SVG = "http://www.w3.org/2000/svg";
const ROOM = 1000; // units along a side of the map
const EDGE = 40; // units left free on each side
const RADIUS = 9; // units, of a dot
const REACH = 18; // units around a dot in which a pointer finds it
const STEP = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
// matplotlib's names of marks, so that the map has those of the figures
const MARKS = {
  o: polygon(24, 1),
  s: polygon(4, 1.18, Math.PI / 4),
  "^": polygon(3, 1.32, -Math.PI / 2),
  v: polygon(3, 1.32, Math.PI / 2),
  "<": polygon(3, 1.32, Math.PI),
  ">": polygon(3, 1.32),
  D: polygon(4, 1.3),
  P: "M-1.2-.4h.8v-.8h.8v.8h.8v.8h-.8v.8h-.8v-.8h-.8z",
  X: "M-1.1-.6l.5-.5.6.6.6-.6.5.5-.6.6.6.6-.5.5-.6-.6-.6.6-.5-.5.6-.6z",
  "*": polygon(10, 1.4, -Math.PI / 2, 0.42),
  p: polygon(5, 1.2, -Math.PI / 2),
  h: polygon(6, 1.15, -Math.PI / 2),
};

function polygon(corners, radius, turn = 0, inner = 1) {
  const points = Array.from({ length: corners }, (_, i) => {
    const angle = turn + (2 * Math.PI * i) / corners;
    const r = i % 2 ? radius * inner : radius;
    return `${(r * Math.cos(angle)).toFixed(3)} ${(r * Math.sin(angle)).toFixed(3)}`;
  });
  return `M${points.join("L")}z`;
}

function element(space, tag, attributes = {}, children = []) {
  const made = space ? document.createElementNS(space, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
const html = (tag, attributes, ...children) => element(null, tag, attributes, children);
const svg = (tag, attributes, ...children) => element(SVG, tag, attributes, children);

/** A drawing on paper: a square with one path of ink. */
function paper(path, name) {
  return svg(
    "svg",
    { viewBox: "0 0 100 100", role: "img", "aria-label": name },
    svg("path", { class: "midstroke-map-ink", d: path }),
  );
}

function render({ model, el }) {
  const drawings = model.get("drawings");
  const classes = model.get("classes");
  const numbered = new Map(); // how many of its class came before each drawing
  const names = drawings.map(({ label }) => {
    numbered.set(label, (numbered.get(label) ?? 0) + 1);
    return `${classes[label].name} ${numbered.get(label)}`;
  });
  const places = drawings.map(({ at }) => at.map((v) => EDGE + v * (ROOM - 2 * EDGE)));
  let hovered = null;

  const links = svg("g", { class: "midstroke-map-links" });
  const dots = drawings.map(({ label }, i) => {
    const { mark, color } = classes[label];
    const dot = svg(
      "g",
      {
        class: `midstroke-map-dot midstroke-map-color-${color}`,
        transform: `translate(${places[i]})`,
        role: "option",
        id: `${Math.random().toString(36).slice(2)}-${i}`,
        "aria-label": names[i],
        tabindex: -1,
      },
      svg("circle", { class: "midstroke-map-reach", r: REACH }),
      svg("path", { class: "midstroke-map-mark", d: MARKS[mark], transform: `scale(${RADIUS})` }),
    );
    dot.addEventListener("click", () => choose(i, true));
    dot.addEventListener("pointerenter", () => hover(i));
    dot.addEventListener("pointerleave", () => hover(null));
    return dot;
  });
  const map = svg(
    "svg",
    { class: "midstroke-map-field", viewBox: `0 0 ${ROOM} ${ROOM}`, role: "listbox", "aria-label": "Map of drawings" },
    links,
    ...dots,
  );
  map.addEventListener("keydown", (event) => {
    const to = event.key in STEP ? toward(model.get("selected"), STEP[event.key]) : null;
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    choose(to, true);
  });

  const legend = html(
    "div",
    { class: "midstroke-map-legend", "aria-hidden": "true" },
    ...classes.map(({ name, mark, color }) =>
      html(
        "span",
        { class: `midstroke-map-color-${color}` },
        svg(
          "svg",
          { viewBox: "-1.5 -1.5 3 3" },
          svg("path", { class: "midstroke-map-mark", d: MARKS[mark] }),
        ),
        name,
      ),
    ),
  );
  const title = html("h3", { class: "midstroke-map-title" });
  const says = html("p", { class: "midstroke-map-says", "aria-live": "polite" });
  const large = html("div", { class: "midstroke-map-large" });
  const small = html("div", { class: "midstroke-map-small", role: "group", "aria-label": "Nearest neighbours" });
  const root = html(
    "section",
    { class: "midstroke-map", "data-lm-suppress-shortcuts": "true" },
    html("div", { class: "midstroke-map-left" }, legend, map),
    html(
      "div",
      { class: "midstroke-map-right" },
      title,
      large,
      says,
      small,
      html("p", { class: "midstroke-map-help" }, "Hover, click, or use the arrow keys on the map. A neighbour is a button."),
    ),
  );

  /** The nearest dot in a direction: what lies aside counts double; null where there is none. */
  function toward(from, [dx, dy]) {
    let best = null;
    let least = Infinity;
    places.forEach(([x, y], i) => {
      const [ox, oy] = [x - places[from][0], y - places[from][1]];
      const ahead = ox * dx + oy * dy;
      const aside = Math.abs(ox * dy - oy * dx);
      if (i === from || ahead <= 0 || aside > 2 * ahead) return;
      if (ahead + 2 * aside < least) [best, least] = [i, ahead + 2 * aside];
    });
    return best;
  }

  function choose(i, focus) {
    hovered = null;
    model.set("selected", i);
    model.save_changes();
    if (focus) dots[i].focus({ preventScroll: true });
  }

  function hover(i) {
    hovered = i;
    show();
  }

  function show() {
    const selected = model.get("selected");
    const i = hovered ?? selected;
    const { path, again, near, label } = drawings[i];
    const { name, color } = classes[label];
    dots.forEach((dot, j) => {
      dot.classList.toggle("midstroke-map-chosen", j === i);
      dot.classList.toggle("midstroke-map-near", near.includes(j));
      dot.setAttribute("aria-selected", j === selected);
      dot.setAttribute("tabindex", j === selected ? 0 : -1);
    });
    links.replaceChildren(
      ...near.map((j) =>
        svg("line", { x1: places[i][0], y1: places[i][1], x2: places[j][0], y2: places[j][1] }),
      ),
    );
    const own = near.filter((j) => drawings[j].label === label).length;
    title.textContent = names[i];
    title.className = `midstroke-map-title midstroke-map-color-${color}`;
    says.textContent = `Of its ${near.length} nearest in z, ${own} ${own === 1 ? "is" : "are"} of class ${name}.`;
    large.replaceChildren(
      ...[
        [path, "as it was drawn"],
        [again, "as the model draws it again"],
      ].map(([ink, caption]) =>
        html(
          "figure",
          { class: `midstroke-map-color-${color}` },
          paper(ink, `${names[i]}, ${caption}`),
          html("figcaption", {}, caption),
        ),
      ),
    );
    small.replaceChildren(
      ...near.map((j) => {
        const button = html(
          "button",
          {
            type: "button",
            class: `midstroke-map-color-${classes[drawings[j].label].color}`,
            title: names[j],
            "aria-label": `neighbour ${names[j]}`,
          },
          paper(drawings[j].path, names[j]),
        );
        button.addEventListener("click", () => choose(j, true));
        return button;
      }),
    );
  }

  model.on("change:selected", show);
  el.append(root);
  show();
  return () => model.off("change:selected", show);
}

export default { render };
