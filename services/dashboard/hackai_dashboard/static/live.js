// The live page: one stream for all tiles, drawn with the boxes of the model, its score over time and the frame's age.
import { follow } from "./frames.js";
import { refresh } from "./page.js";

const HISTORY = 300; // at five frames a second: one minute
const WORDS = { clear: "clear", suspected: "suspicion", confirmed: "FIRE", clearing: "fading" };
const VEILS = { connecting: "Connecting …", stalled: "No new pictures", offline: "Offline", ended: "The source has ended", silent: "The camera service does not respond" };
const NOT_JUDGED_S = 10; // hackai_shared.judged: longer ago, and nobody watches
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

class Tile {
  constructor(element) {
    this.element = element;
    this.view = element.querySelector(".view");
    this.score = element.querySelector(".score");
    this.heat = element.querySelector(".heat");
    this.word = element.querySelector("[data-word]");
    this.danger = element.querySelector("[data-danger]");
    this.age = element.querySelector("[data-age]");
    this.veil = element.querySelector(".veil");
    this.history = [];
    this.busy = false;
    this.seen = 0;
    this.judged = element.dataset.judged ? performance.now() - 1000 * Number(element.dataset.judged) : 0;
    this.state(element.dataset.state, "");
  }

  async frame(header, jpeg) {
    this.seen = performance.now() - 1000 * header.age_s;
    if (header.judged_s !== null) this.judged = performance.now() - 1000 * header.judged_s;
    if (header.says) this.says(header.says);
    if (this.busy || document.hidden) return; // a tile that cannot keep up skips frames
    this.busy = true;
    try {
      const picture = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
      if (this.view.width !== picture.width || this.view.height !== picture.height) { this.view.width = picture.width; this.view.height = picture.height; }
      const pen = this.view.getContext("2d", { alpha: false });
      pen.drawImage(picture, 0, 0);
      picture.close();
      this.boxes(pen, header.says);
      this.view.dataset.sequence = header.sequence;
      if (this.element.dataset.state !== "running") this.state("running", "");
      if (!performance.getEntriesByName("first-tile").length) performance.mark("first-tile");
    } catch { /* a damaged picture: the next one comes */ } finally { this.busy = false; }
  }

  boxes(pen, says) {
    if (!says || says.label === "no_fire") return;
    const { width, height } = this.view;
    pen.lineWidth = Math.max(2, height / 160);
    for (const [x1, y1, x2, y2] of says.boxes) {
      const box = [x1 * width, y1 * height, (x2 - x1) * width, (y2 - y1) * height];
      pen.strokeStyle = "#141414";
      pen.strokeRect(box[0] - 2, box[1] - 2, box[2] + 4, box[3] + 4);
      pen.strokeStyle = says.label === "fire" ? "#ff5c28" : "#ffbe3c";
      pen.strokeRect(...box);
    }
  }

  says(says) {
    this.element.dataset.danger = says.state;
    this.word.textContent = WORDS[says.state] ?? says.state;
    this.word.className = `pill ${{ clear: "good", suspected: "warn" }[says.state] ?? "bad"}`;
    this.danger.textContent = says.danger_text;
    this.history.push(says.danger);
    if (this.history.length > HISTORY) this.history.shift();
    this.line();
  }

  line() {
    const { width, height } = this.score;
    const pen = this.score.getContext("2d");
    pen.clearRect(0, 0, width, height);
    pen.strokeStyle = colour("--line");
    pen.lineWidth = 1;
    pen.setLineDash([4, 4]);
    pen.beginPath();
    pen.moveTo(0, height / 2);
    pen.lineTo(width, height / 2);
    pen.stroke();
    pen.setLineDash([]);
    const step = width / (HISTORY - 1);
    const start = width - step * (this.history.length - 1);
    const trace = () => this.history.forEach((value, n) => pen[n ? "lineTo" : "moveTo"](start + n * step, 2 + (height - 4) * (1 - value)));
    const peak = Math.max(0, ...this.history);
    pen.strokeStyle = pen.fillStyle = peak > 0.5 ? colour("--fire") : colour("--accent");
    pen.lineWidth = 2;
    pen.beginPath();
    trace();
    pen.stroke();
    pen.globalAlpha = 0.18;
    pen.lineTo(width, height);
    pen.lineTo(start, height);
    pen.fill();
    pen.globalAlpha = 1;
  }

  state(state, error) {
    this.element.dataset.state = state;
    if (state === "running") return;
    this.veil.textContent = VEILS[state] ?? state;
    this.word.textContent = state;
    this.word.className = "pill bad";
    this.danger.textContent = "–";
    this.age.textContent = error ?? "";
    delete this.element.dataset.danger;
  }

  tick() {
    if (!this.seen || this.element.dataset.state !== "running") return;
    // "live" is the age of the last judgement: a picture that nobody judges is watched by nobody.
    const age = Math.max(0, (performance.now() - this.judged) / 1000);
    const watched = this.judged > 0 && age <= NOT_JUDGED_S;
    this.age.textContent = !this.judged ? "waiting" : age < 1 ? "live" : watched ? `judged ${age.toFixed(1)} s ago` : `not judged for ${age.toFixed(0)} s`;
    this.element.classList.toggle("old", !watched || age > 3);
    if (watched) return;
    this.word.textContent = "not watched";
    this.word.className = "pill bad";
    this.danger.textContent = "–";
    delete this.element.dataset.danger;
  }
}

class Heat {
  constructor(tile, button) {
    this.tile = tile;
    this.on = false;
    button.addEventListener("click", () => {
      this.on = !this.on;
      button.setAttribute("aria-pressed", String(this.on));
      if (this.on) this.round(); else this.clear();
    });
  }

  clear() { this.tile.heat.getContext("2d").clearRect(0, 0, this.tile.heat.width, this.tile.heat.height); }

  async round() {
    while (this.on) {
      try {
        const answer = await fetch(`/cameras/${this.tile.element.dataset.camera}/heat`);
        if (answer.ok && this.on) this.draw((await answer.json()).rows);
      } catch { /* away for a moment */ }
      await new Promise((next) => setTimeout(next, 1000)); // once a second: a look, not a load
    }
  }

  draw(rows) {
    this.clear();
    if (!rows.length) return;
    const small = new OffscreenCanvas(rows[0].length, rows.length);
    const cells = new ImageData(rows[0].length, rows.length);
    rows.flat().forEach((value, n) => cells.data.set([255, 110, 30, 200 * Math.max(0, (value - 0.25) / 0.75)], 4 * n));
    small.getContext("2d").putImageData(cells, 0, 0);
    const { heat, view } = this.tile;
    heat.width = view.width || 640;
    heat.height = view.height || 360;
    const pen = heat.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(small, 0, 0, heat.width, heat.height);
  }
}

const grid = document.querySelector(".tiles");
const tiles = new Map([...document.querySelectorAll(".tile")].map((element) => [element.dataset.camera, new Tile(element)]));
const summary = document.querySelector("#summary");
const link = document.querySelector("#link");
for (const tile of tiles.values()) {
  const button = tile.element.querySelector("[data-heat]");
  if (button) new Heat(tile, button);
}
setInterval(() => tiles.forEach((tile) => tile.tick()), 500);
document.addEventListener("theme", () => tiles.forEach((tile) => tile.line()));

const query = new URLSearchParams({ fps: grid.dataset.fps ?? "5" });
if (grid.dataset.only) query.append("camera", grid.dataset.only);
follow(`/live/stream?${query}`, {
  found: () => { link.hidden = true; },
  lost: () => { link.hidden = false; },
  part: (header, jpeg) => {
    if (header.type === "frame") tiles.get(header.camera)?.frame(header, jpeg);
    else if (header.type === "cameras") header.cameras.forEach((camera) => {
      const tile = tiles.get(camera.camera_id);
      if (tile && tile.element.dataset.state !== camera.state) tile.state(camera.state, camera.error);
    });
    // The event is on the bus a moment before the notifier has written it.
    else if (header.type === "incidents" && summary) [150, 1200].forEach((later) => setTimeout(() => refresh(summary), later));
  },
});
