// Log in by face: say each movement as text and as an arrow, send the frames, go on.
import * as camera from "./camera.js";

const FPS = 7;
const MAX_FRAMES = 96;
const WORDS = {
  straight: "Look straight into the camera",
  turn_left: "Turn your head to your left",
  turn_right: "Turn your head to your right",
  blink: "Close your eyes",
};
const STRAIGHT_S = 1;
const SECONDS = { turn: { quickly: 1.2, slowly: 3 }, blink: { quickly: 0.7, slowly: 2 } };

const place = document.querySelector("#face");
const video = document.querySelector("#view");
const arrow = document.querySelector("#arrow");
const progress = document.querySelector("#progress");
const say = document.querySelector("#say");
const begin = document.querySelector("#begin");
const pause = (seconds) => new Promise((next) => setTimeout(next, 1000 * seconds));

function show({ movement, pace }) {
  const how = movement === "blink" ? { quickly: "for a moment", slowly: "and keep them closed" }[pace] : pace;
  say.textContent = [WORDS[movement] ?? movement, how].filter(Boolean).join(" ");
  // The picture is a mirror: your left is at its left.
  arrow.toggleAttribute("hidden", !movement.startsWith("turn"));
  arrow.classList.toggle("right", movement === "turn_right");
}

function lasts({ movement, pace }) {
  if (movement === "straight") return STRAIGHT_S;
  return SECONDS[movement === "blink" ? "blink" : "turn"][pace] ?? 2;
}

async function problem(answer) {
  try { return (await answer.json()).detail; } catch { return `the box answered ${answer.status}`; }
}

/** Straight, each movement, straight again after each; frames all the time. Returns them and how long they took. */
async function perform(asked) {
  const straight = { movement: "straight" };
  const steps = [straight, ...asked.flatMap((one) => [one, straight])].map((one) => [one, lasts(one)]);
  const total = steps.reduce((sum, [, seconds]) => sum + seconds, 0);
  const count = Math.min(MAX_FRAMES, Math.ceil(total * FPS));
  const began = performance.now();
  let step = -1;
  const frames = [];
  progress.hidden = false;
  for (let n = 0; n < count; n += 1) {
    const at = (n * total) / count;
    let now = 0;
    for (let end = steps[0][1]; end <= at && now < steps.length - 1; end += steps[now][1]) now += 1;
    if (now !== step) { step = now; show(steps[now][0]); }
    frames.push(await camera.frame(video));
    progress.value = (n + 1) / count;
    await pause(Math.max(0, began / 1000 + ((n + 1) * total) / count - performance.now() / 1000));
  }
  return [frames, (performance.now() - began) / 1000];
}

async function attempt() {
  begin.disabled = true;
  try {
    say.textContent = "Opening the camera …";
    await camera.open(video);
    const asked = await fetch("/login/challenge", { method: "POST" });
    if (!asked.ok) throw new Error(await problem(asked));
    const challenge = await asked.json();
    place.dataset.challenge = challenge.steps.map(({ movement, pace }) => `${movement}:${pace}`).join(" ");
    const form = new FormData();
    form.append("challenge_id", challenge.challenge_id);
    const [frames, seconds] = await perform(challenge.steps);
    form.append("seconds", seconds.toFixed(2));
    frames.forEach((jpeg, n) => form.append("frames", jpeg, `${n}.jpg`));
    arrow.setAttribute("hidden", "");
    say.textContent = "Looking who you are …";
    const answer = await fetch("/login/face", { method: "POST", body: form });
    if (!answer.ok) throw new Error(await problem(answer));
    say.textContent = "Hello!";
    location.assign(place.dataset.next);
  } catch (error) {
    say.textContent = `Not logged in: ${error.message}`;
    begin.textContent = "Try again";
    begin.disabled = false;
  } finally {
    camera.close(video);
    arrow.setAttribute("hidden", "");
    progress.hidden = true;
  }
}

begin?.addEventListener("click", attempt);
