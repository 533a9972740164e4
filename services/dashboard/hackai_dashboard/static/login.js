// Log in by face: say each movement as text and as an arrow, send the frames, go on.
import * as camera from "./camera.js";

const FPS = 5;
const MAX_FRAMES = 40;
const WORDS = {
  straight: "Look straight into the camera",
  turn_left: "Turn your head to your left",
  turn_right: "Turn your head to your right",
  blink: "Close your eyes for a moment",
};
const STRAIGHT_S = 0.8;
const SECONDS = { turn_left: 1.6, turn_right: 1.6, blink: 1.2 };

const place = document.querySelector("#face");
const video = document.querySelector("#view");
const arrow = document.querySelector("#arrow");
const progress = document.querySelector("#progress");
const say = document.querySelector("#say");
const begin = document.querySelector("#begin");
const pause = (seconds) => new Promise((next) => setTimeout(next, 1000 * seconds));

function show(movement) {
  say.textContent = WORDS[movement] ?? movement;
  // The picture is a mirror: your left is at its left.
  arrow.toggleAttribute("hidden", !movement.startsWith("turn"));
  arrow.classList.toggle("right", movement === "turn_right");
}

async function problem(answer) {
  try { return (await answer.json()).detail; } catch { return `the box answered ${answer.status}`; }
}

/** Straight, each movement, straight again after each; frames all the time. */
async function perform(movements) {
  const steps = [["straight", STRAIGHT_S], ...movements.flatMap((one) => [[one, SECONDS[one] ?? 1.6], ["straight", STRAIGHT_S]])];
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
  return frames;
}

async function attempt() {
  begin.disabled = true;
  try {
    say.textContent = "Opening the camera …";
    await camera.open(video);
    const asked = await fetch("/login/challenge", { method: "POST" });
    if (!asked.ok) throw new Error(await problem(asked));
    const challenge = await asked.json();
    place.dataset.challenge = challenge.movements.join(" ");
    const form = new FormData();
    form.append("challenge_id", challenge.challenge_id);
    (await perform(challenge.movements)).forEach((jpeg, n) => form.append("frames", jpeg, `${n}.jpg`));
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
