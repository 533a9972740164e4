// The strip: six moments of the clip, taken from it in the browser; nothing is stored for it.
const COUNT = 6;
const figure = document.querySelector("#clip");

async function strip(source, place) {
  const video = document.createElement("video");
  video.muted = true;
  video.preload = "auto";
  video.src = source;
  await new Promise((done, failed) => { video.onloadeddata = done; video.onerror = failed; });
  for (let n = 0; n < COUNT; n += 1) {
    await new Promise((done) => { video.onseeked = done; video.currentTime = (video.duration * (n + 0.5)) / COUNT; });
    const canvas = document.createElement("canvas");
    canvas.width = 240;
    canvas.height = Math.round((240 * video.videoHeight) / video.videoWidth);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    place.append(canvas);
  }
}

if (figure) strip(figure.dataset.src, figure.querySelector(".strip")).catch(() => figure.querySelector(".strip").remove());
