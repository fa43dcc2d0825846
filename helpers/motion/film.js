// The film's page: a scene's address is after the #, what was seen and chosen is remembered where the browser allows it.

const film = JSON.parse(document.getElementById("film").textContent);
const still = matchMedia("(prefers-reduced-motion: reduce)");
const find = (name) => document.querySelector(name);
const [stage, caption, choices, bar, halt, said, timer, note] =
  ["#stage", "#caption", "nav", "#bar", "#halt", "#said", "#timer", "#note"].map(find);
const dialog = find("#scenes");
let [shown, hidden] = document.querySelectorAll("video");
const voice = new Audio(); // the shown clip's sound with what is to be seen told in it, where it is wanted and there
let hushed = false; // the browser wants to be touched before anything is heard
let call = 0; // of `show`: a later one wins
let now = null; // the name of the scene
let staged = null; // the name of that whose clip is shown: the one before, until the next is loaded
let revealed = false; // its choices
let counting = null; // the default choice's clock
let cue = null;

const STEP = 100; // ms between looks at the time
const APART = 0.25; // s that a description may be beside its clip
const [DRAWN, HELD] = [1600, 500]; // ms that a drawing takes, and stays
const SVG = "http://www.w3.org/2000/svg";
const PLACE = "midstroke film " + film.id;

/** What is remembered; in memory alone where the browser keeps nothing, as some do for files. */
const kept = { seen: [], scene: null, time: 0, muted: true, described: false, keys: true, lang: null, captions: null };
try {
  Object.assign(kept, JSON.parse(localStorage.getItem(PLACE) ?? "{}"));
} catch {}
kept.seen = [kept.seen].flat().filter((name) => Object.hasOwn(film.scenes, name));
function keep(what) {
  Object.assign(kept, what);
  try {
    localStorage.setItem(PLACE, JSON.stringify(kept));
  } catch {}
}

// languages

const codes = film.langs.map(({ code }) => code);
const titled = (code) => [...film.langs, ...film.tongues].find((lang) => lang.code === code);
const near = (wanted) => codes.find((code) => code === wanted) ?? codes.find((code) => code.split("-")[0] === wanted.split("-")[0]);
const lang = () => (codes.includes(kept.lang) ? kept.lang : codes[0]);
const word = (name, ...values) => values.reduce((text, value, i) => text.replace("%" + (i + 1), () => value), film.words[lang()][name]);
const spoken = (texts) => texts[lang()] ?? texts[codes[0]];

function choose(name) {
  const element = document.createElement("option");
  element.value = name;
  return element;
}

/** Fills a menu with languages, each called in its own. */
function fill(name, options, label, value) {
  const menu = find(name);
  menu.querySelector("span").textContent = label;
  menu.querySelector("select").replaceChildren(
    ...options.map((code) => {
      const option = choose(code);
      option.textContent = code ? titled(code).name : word("none");
      if (code) option.lang = code;
      return option;
    }),
  );
  menu.querySelector("select").value = value;
}

const captioned = [...new Set(Object.values(film.scenes).flatMap(({ captions }) => captions.map(({ lang }) => lang)))].sort();
const captionsIn = () => (["", ...captioned].includes(kept.captions) ? kept.captions : captioned.includes(lang()) ? lang() : (captioned[0] ?? ""));
const cues = (code) => film.scenes[now].captions.find(({ lang }) => lang === code)?.cues ?? [];

/** All words of the page, in the language that is chosen. */
function speak() {
  Object.assign(document.documentElement, { lang: lang(), dir: titled(lang()).dir });
  document.title = find("h1").textContent = spoken(film.titles);
  choices.setAttribute("aria-label", word("next"));
  for (const [name, text] of [["#back", "back"], ["#overview", "scenes"], ["#heading", "scenes"], ["#close", "close"], ["#begin", "begin"], ["#forget", "forget"], ["#transcript summary", "transcript"], ["#keys span", "keys"], ["#timer button", "stay"], ["#described span", "described"]])
    find(name).textContent = word(text);
  find("#language").hidden = codes.length < 2;
  find("#captions").hidden = !captioned.length;
  fill("#language", codes, word("language"), lang());
  fill("#captions", ["", ...captioned], word("captions"), captionsIn());
  if (now) tell();
  describe();
  hear();
}

/** A scene's text and choices. */
function tell() {
  const scene = film.scenes[now];
  caption.textContent = spoken(scene.text);
  for (const video of [shown, hidden]) video.setAttribute("aria-label", spoken(scene.text));
  if (revealed) reveal();
  transcribe();
  report();
}

/** What is said in the scene, to read: in the captions' language, or the page's. */
function transcribe() {
  const code = captionsIn() || (captioned.includes(lang()) ? lang() : captioned[0]);
  const lines = code ? cues(code) : [];
  find("#transcript").hidden = !lines.length;
  find("#transcript div").replaceChildren(...lines.map(([, , text]) => paragraph(text, code)));
  cue = null;
  caught();
}

function paragraph(text, code) {
  const line = document.createElement("p");
  if (code) Object.assign(line, { lang: code, dir: titled(code).dir });
  line.textContent = text;
  return line;
}

// choices

const offered = () => film.scenes[now].choices.filter(({ after }) => after.every((name) => kept.seen.includes(name)));

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.append(text);
  made.addEventListener("click", act);
  return made;
}

function reveal() {
  revealed = true;
  const buttons = offered().map(({ text, to }, i) => {
    const [made, key] = [button(spoken(text), () => go(to)), document.createElement("kbd")];
    key.textContent = i + 1;
    key.ariaHidden = "true";
    made.setAttribute("aria-keyshortcuts", i + 1);
    made.prepend(key);
    return made;
  });
  const ended = film.scenes[now].ending ? [paragraph(word("end")), button(word("begin"), again)] : [];
  choices.replaceChildren(...buttons, ...ended);
}

const again = () => go(film.first);

/** Whether the scene's choices are there yet: at once, at a second, or at the end. */
function due() {
  const { at } = film.scenes[now];
  return at === null || still.matches || over() || (at !== "end" && shown.currentTime >= at);
}

/** After the clip's end the default choice comes, unless the viewer chooses, or stays. */
function count() {
  const { wait } = film.scenes[now];
  if (staged !== now || !over() || !wait || counting || still.matches || dialog.open) return;
  let left = wait.seconds;
  const choice = film.scenes[now].choices.find(({ to }) => to === wait.to);
  const show = () => (timer.querySelector("span").textContent = word("wait", left, spoken(choice.text)));
  show();
  timer.hidden = false;
  counting = setInterval(() => {
    if (dialog.open) return;
    left -= 1;
    if (left > 0) return show();
    stay();
    go(wait.to);
  }, 1000);
}

function stay() {
  clearInterval(counting);
  counting = null;
  timer.hidden = true;
}

// clips

/** A blob, for some browsers play no video from a data: URI; or the file beside the page. */
function source(held) {
  if (held.file) return held.file;
  if (!held.url) {
    const bytes = Uint8Array.from(atob(held.video ?? held.audio), (letter) => letter.charCodeAt(0));
    held.url = URL.createObjectURL(new Blob([bytes], { type: held.video ? "video/mp4" : "audio/mp4" }));
    held.video = held.audio = null;
  }
  return held.url;
}

function event(target, name) {
  return new Promise((resolve, reject) => {
    target.addEventListener(name, resolve, { once: true });
    target.addEventListener("error", reject, { once: true });
  });
}

/** Plays; without sound where the browser wants to be touched first. */
function play(media) {
  stay();
  hushed = false;
  level();
  return media.play().catch((error) => {
    if (error.name !== "NotAllowedError") return;
    hushed = true;
    level();
    hear();
    return media.play().catch(() => {});
  });
}

/** Who is heard: the clip, or in its stead its sound with the description, or nobody. */
function level() {
  voice.muted = kept.muted || hushed;
  shown.muted = voice.muted || told();
}

function hear() {
  const scenes = Object.values(film.scenes);
  find("#sound").hidden = !scenes.some(({ sound, described }) => sound || described.length);
  find("#described").hidden = !scenes.some(({ described }) => described.length);
  find("#described input").checked = kept.described;
  const off = kept.muted || hushed;
  find("#sound").textContent = word(off ? "hear" : "mute");
  if (!find("#sound").hidden && off && note.dataset.of !== "resumed") remark("silent");
  else if (note.dataset.of === "silent") remark("");
}

// audio description: in the page's language, or the story's own

const told = () => voice.hasAttribute("src");
const over = () => shown.ended && !(told() && !voice.paused); // a description may go on beyond its clip

/** Takes up the description of the clip that is shown, or lets go of it. */
function describe() {
  const found = staged && staged === now && kept.described ? film.scenes[now].described : [];
  const one = found.find((held) => held.lang === lang()) ?? found.find((held) => held.lang === codes[0]);
  const url = one ? source(one) : null;
  if (url !== voice.getAttribute("src")) {
    voice.pause();
    if (url) voice.src = url;
    else voice.removeAttribute("src");
  }
  level();
  follow();
}

/** The description is where its clip is. */
function follow() {
  if (!told() || shown.ended) return;
  if (Math.abs(voice.currentTime - shown.currentTime) > APART) voice.currentTime = shown.currentTime;
  if (shown.paused) voice.pause();
  else if (voice.paused && !voice.ended) play(voice);
}

/** A remark in a line of its own. */
function remark(name) {
  note.dataset.of = name;
  note.textContent = name && word(name);
}

function switchSound() {
  keep({ muted: !(kept.muted || hushed) });
  hushed = false;
  level();
  remark("");
  hear();
}

/** With a description that is turned on comes the sound. */
function switchDescription({ target }) {
  keep({ described: target.checked, muted: kept.muted && !target.checked });
  if (target.checked) hushed = false;
  describe();
  remark("");
  hear();
}

async function show(name, from = 0) {
  const scene = film.scenes[name], mine = ++call, next = hidden;
  const moved = now !== null;
  stay();
  now = name;
  revealed = false;
  staged = null;
  document.body.dataset.scene = name;
  keep({ scene: name, time: 0, seen: [...new Set([...kept.seen, name])] });
  if (moved && note.dataset.of) remark("");
  choices.replaceChildren();
  if (scene.at === null || still.matches) reveal();
  tell();
  if (moved) caption.focus({ preventScroll: true });
  shown.pause();
  describe();
  stage.querySelector("svg")?.remove();
  next.src = source(scene);
  try {
    await event(next, "loadeddata");
    if (mine !== call) return;
    if (scene.drawing && !from && !still.matches) await sketch(scene.drawing);
    if (mine !== call) return;
    stage.style.setProperty("--ratio", next.videoWidth / next.videoHeight);
    const at = still.matches ? next.duration : Math.min(from, next.duration - 1);
    if (at > 0) {
      next.currentTime = at;
      await event(next, "seeked");
    }
  } catch {
    if (mine !== call) return;
    caption.textContent = `${spoken(scene.text)} (${word("broken")})`;
    reveal();
    return;
  }
  if (mine !== call) return;
  [shown, hidden] = [next, shown];
  staged = name;
  shown.classList.add("shown");
  hidden.classList.remove("shown");
  shown.removeAttribute("aria-hidden");
  hidden.setAttribute("aria-hidden", "true");
  report();
  describe();
  if (!still.matches) await play(shown);
  if (mine !== call) return;
  hear();
  // the clips that may come next are made ready while this one plays
  for (const { to } of offered()) source(film.scenes[to]);
}

function replay() {
  shown.currentTime = 0;
  play(shown);
}

function pause() {
  if (shown.ended && !over()) voice.pause();
  else if (shown.paused) play(shown);
  else shown.pause();
}

/** The caption of this moment. */
function caught() {
  const found = staged !== now ? [] : cues(captionsIn()).filter(([start, end]) => start <= shown.currentTime && shown.currentTime < end);
  const text = found.map(([, , text]) => text).join("\n");
  if (text === cue) return;
  cue = text;
  said.hidden = !text;
  said.replaceChildren(...(text ? [text] : []));
  const code = captionsIn();
  if (code) Object.assign(said, { lang: code, dir: titled(code).dir });
}

function look() {
  if (!now || staged !== now) return;
  if (!revealed && due()) reveal();
  caught();
}

// a clip that has ended plays from its beginning, as browsers have it
function report() {
  halt.textContent = word(!shown.paused || (shown.ended && !over()) ? "pause" : shown.ended || still.matches ? "again" : "on");
  const done = shown.duration && !shown.ended ? shown.currentTime / shown.duration : 0;
  bar.style.transform = "scaleX(" + done + ")";
}

/** Draws a scene's drawing over the last picture, stroke by stroke, and then lets go of it; a click skips it. */
async function sketch({ box, strokes }) {
  const paper = document.createElementNS(SVG, "svg");
  paper.setAttribute("viewBox", box.join(" "));
  paper.setAttribute("aria-hidden", "true");
  const paths = strokes.map(([color, d]) => {
    const path = document.createElementNS(SVG, "path");
    for (const [name, value] of Object.entries({ d, stroke: color, "stroke-width": box[2] / 90 })) path.setAttribute(name, value);
    paper.append(path);
    return [path, path.getTotalLength()];
  });
  stage.append(paper);
  const all = paths.reduce((sum, [, length]) => sum + length, 0) || 1;
  let begun = 0;
  const drawn = paths.map(([path, length]) => {
    const [delay, duration] = [begun, Math.max(1, (DRAWN * length) / all)];
    begun += duration;
    path.style.strokeDasharray = `${length} ${2 * length + 1}`;
    return path.animate({ strokeDashoffset: [length, 0], opacity: [1, 1] }, { delay, duration, fill: "forwards" }).finished;
  });
  const skipped = new Promise((done) => paper.addEventListener("click", done));
  await Promise.race([Promise.all(drawn).then(() => new Promise((done) => setTimeout(done, HELD))), skipped]);
  paper.remove();
}

// ways through the film

const named = (hash) => {
  try {
    const name = decodeURIComponent(hash.slice(1));
    return Object.hasOwn(film.scenes, name) ? name : null;
  } catch {
    return null; // an address that somebody mistyped
  }
};

/** To a scene, as an address of its own, so that the browser's back and forward know it. */
function go(name) {
  const hash = "#" + encodeURIComponent(name);
  if (named(location.hash) === name) show(name);
  else location.hash = hash;
}

function begin() {
  if (!kept.lang && navigator.languages) keep({ lang: navigator.languages.map(near).find(Boolean) ?? codes[0] });
  speak();
  const asked = named(location.hash);
  const left = !asked && Object.hasOwn(film.scenes, kept.scene ?? "") && kept.scene;
  const [name, time] = [asked || left || film.first, left ? Number(kept.time) || 0 : 0];
  if (left && (left !== film.first || time)) remark("resumed");
  try {
    history.replaceState(null, "", "#" + encodeURIComponent(name));
  } catch {} // then the first scene's address is the page's own
  show(name, time);
}

/** A scene in the overview. */
function entry(name) {
  const [scene, item] = [film.scenes[name], document.createElement("li")];
  if (!kept.seen.includes(name)) return item.append(paragraph(word("unseen"))), item;
  const image = Object.assign(new Image(), { src: "data:image/jpeg;base64," + scene.poster, alt: "" });
  const text = spoken(scene.text).split("\n")[0] + (scene.ending ? ` (${word("ending")})` : "");
  const made = button(image, () => (dialog.close(), go(name)));
  made.append(name === now ? `${text} (${word("here")})` : text);
  if (name === now) made.setAttribute("aria-current", "true");
  item.append(made);
  return item;
}

function overview() {
  const ends = Object.values(film.scenes).filter(({ ending }) => ending).length;
  const [seen, seenEnds] = [kept.seen.length, kept.seen.filter((name) => film.scenes[name].ending).length];
  find("#count").textContent = word("count", seen, Object.keys(film.scenes).length, seenEnds, ends);
  const chapters = new Map([["", []]]); // scenes without one come first
  for (const [name, scene] of Object.entries(film.scenes)) {
    const chapter = spoken(scene.chapter) ?? "";
    chapters.set(chapter, [...(chapters.get(chapter) ?? []), name]);
  }
  find("#chapters").replaceChildren(
    ...[...chapters].flatMap(([chapter, names]) => {
      const [heading, list] = [document.createElement("h3"), document.createElement("ol")];
      heading.textContent = chapter;
      list.append(...names.map(entry));
      return !names.length ? [] : chapter ? [heading, list] : [list];
    }),
  );
  dialog.showModal();
}

function forget() {
  keep({ seen: [now], time: 0 });
  dialog.close();
  if (revealed) reveal();
}

const acts = {
  "#halt": pause,
  "#sound": switchSound,
  "#back": () => history.back(),
  "#overview": overview,
  "#close": () => dialog.close(),
  "#begin": () => (dialog.close(), again()),
  "#forget": forget,
  "#timer button": stay,
};
for (const [name, act] of Object.entries(acts)) find(name).addEventListener("click", act);
const keys = { r: replay, m: switchSound, s: overview, arrowleft: () => history.back(), arrowright: () => history.forward() };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat || !kept.keys) return;
  if (dialog.open || event.target.closest("select, summary, input")) return;
  const choice = /^[1-9]$/.test(event.key) && choices.querySelectorAll("button")[event.key - 1];
  const key = event.key.toLowerCase();
  if (choice) choice.click();
  else if (Object.hasOwn(keys, key)) keys[key]();
  else if (event.key === " " && event.target.tagName !== "BUTTON") pause();
  else return;
  event.preventDefault();
});
find("#keys input").checked = kept.keys;
find("#keys input").addEventListener("change", ({ target }) => keep({ keys: target.checked }));
find("#language select").addEventListener("change", ({ target }) => {
  keep({ lang: target.value });
  speak();
});
find("#described input").addEventListener("change", switchDescription);
find("#captions select").addEventListener("change", ({ target }) => {
  keep({ captions: target.value });
  transcribe();
});
for (const video of [shown, hidden]) {
  for (const name of ["play", "pause", "ended", "timeupdate", "seeked"])
    video.addEventListener(name, () => {
      if (video !== shown) return;
      follow();
      report();
      look();
      if (name === "ended") count();
    });
}
for (const name of ["pause", "ended"])
  voice.addEventListener(name, () => {
    report();
    look();
    if (name === "ended") count();
  });
addEventListener("hashchange", () => {
  const name = location.hash ? named(location.hash) : film.first;
  if (name) show(name);
});
addEventListener("pagehide", () => keep({ time: shown.ended || staged !== now ? 0 : shown.currentTime }));
setInterval(look, STEP);
begin();
