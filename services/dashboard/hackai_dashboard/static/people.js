// Enrolment in front of the camera: a look a second at what would have to change, a photo whenever nothing does.
import * as camera from "./camera.js";
import { csrf } from "./page.js";

const WANTED = 3;
const video = document.querySelector("#view");
const hint = document.querySelector("#hint");
const open = document.querySelector("#open");
const files = document.querySelector("#files");
const taken = document.querySelector("#taken");

async function objections(photo) {
  const body = new FormData();
  body.append("photo", photo, "photo.jpg");
  const answer = await fetch("/people/check", { method: "POST", body, headers: { "x-csrf-token": csrf() } });
  const said = await answer.json();
  return answer.ok ? said.reasons : [said.detail];
}

async function photograph() {
  open.disabled = true;
  const photos = new DataTransfer();
  taken.replaceChildren();
  try {
    await camera.open(video);
    while (photos.files.length < WANTED) {
      const photo = await camera.frame(video);
      const reasons = await objections(photo);
      if (reasons.length) hint.textContent = reasons[0];
      else {
        photos.items.add(new File([photo], `${photos.files.length + 1}.jpg`, { type: "image/jpeg" }));
        const picture = document.createElement("canvas");
        picture.width = 120;
        picture.height = 90;
        picture.getContext("2d").drawImage(video, 0, 0, 120, 90);
        taken.append(picture);
        hint.textContent = photos.files.length < WANTED ? "Good. Now turn your head a little" : "Done. Enter the name and enrol";
      }
      await new Promise((next) => setTimeout(next, 900));
    }
    files.files = photos.files;
  } catch (error) {
    hint.textContent = error.message;
  } finally {
    camera.close(video);
    open.disabled = false;
    open.textContent = "Take the photos again";
  }
}

open?.addEventListener("click", photograph);
