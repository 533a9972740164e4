// Two variants side by side: the same frame for both, speed as the median of the last frames, agreement over all.
import { Parts } from "./frames.js";

const PAUSE_MS = 250;
const KEPT = 60;
const TITLES = { fire: "fire", start_fire: "starting fire", no_fire: "no fire" };
const form = document.querySelector("#choose");
const run = document.querySelector("#run");
const told = document.querySelector("#compared");
const show = (id, text) => { document.querySelector(`#${id}`).textContent = text; };
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const percent = (value, digits = 0) => `${(100 * value).toFixed(digits)} %`;

class Side {
  constructor(name) {
    this.root = document.querySelector(`#${name}`);
    this.times = [];
  }

  show(said, picture, size) {
    const view = this.root.querySelector(".view");
    view.width = picture.width;
    view.height = picture.height;
    view.getContext("2d").drawImage(picture, 0, 0);
    this.times.push(said.infer_ms);
    if (this.times.length > KEPT) this.times.shift();
    const word = this.root.querySelector("[data-word]");
    word.textContent = TITLES[said.label] ?? said.label;
    word.className = `pill ${said.label === "no_fire" ? "good" : "bad"}`;
    this.root.querySelector("[data-danger]").textContent = said.danger_text;
    this.root.querySelector("[data-meter]").value = said.danger;
    this.root.querySelector("[data-speed]").textContent = `${median(this.times).toFixed(1)} ms`;
    this.root.querySelector("[data-size]").textContent = size ? `${(size / 1e6).toFixed(2)} MB` : "–";
  }
}

let round = 0;

async function compare(mine) {
  const chosen = new FormData(form);
  const sizes = JSON.parse(form.dataset.sizes ?? "{}");
  const left = new Side("left");
  const right = new Side("right");
  let frames = 0, agreed = 0, apart = 0;
  while (mine === round) {
    try {
      const answer = await fetch(`/models/compare?${new URLSearchParams(chosen)}`);
      if (!answer.ok) throw new Error((await answer.json()).detail);
      for (const [said, jpeg] of new Parts().feed(new Uint8Array(await answer.arrayBuffer()))) {
        const picture = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
        if (mine !== round) return;
        left.show(said.left, picture, sizes[chosen.get("left")]);
        right.show(said.right, picture, sizes[chosen.get("right")]);
        picture.close();
        frames += 1;
        agreed += said.left.label === said.right.label;
        apart += Math.abs(said.left.danger - said.right.danger);
        const [slow, fast] = [median(left.times), median(right.times)];
        const [large, small] = [sizes[chosen.get("left")], sizes[chosen.get("right")]];
        show("agreement", percent(agreed / frames));
        show("difference", percent(apart / frames, 1));
        show("faster", `${(slow / fast).toFixed(1)} ×`);
        show("smaller", large && small ? `${(large / small).toFixed(1)} ×` : "–");
        told.textContent = `${frames} frame${frames === 1 ? "" : "s"} compared.`;
      }
    } catch (error) {
      told.textContent = `Not compared: ${error.message}`;
    }
    await new Promise((next) => setTimeout(next, PAUSE_MS));
  }
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const stop = run.dataset.running === "yes";
  round += 1;
  run.dataset.running = stop ? "no" : "yes";
  run.textContent = stop ? "Compare" : "Stop";
  if (!stop) compare(round);
});
form?.addEventListener("change", () => {
  if (run.dataset.running === "yes") compare(++round);
});
