// The browser's camera: opened, looked at, closed. Frames are JPEGs of 640 pixels.
const WIDTH = 640;

export async function open(video) {
  if (!navigator.mediaDevices?.getUserMedia) throw new Error("This browser gives no camera to a page without https. Use a code.");
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: WIDTH }, facingMode: "user" }, audio: false });
  video.srcObject = stream;
  await video.play();
  return stream;
}

export function close(video) {
  video.srcObject?.getTracks().forEach((track) => track.stop());
  video.srcObject = null;
}

/** One frame, not mirrored: the face service is told what the camera saw. */
export function frame(video) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.min(WIDTH, video.videoWidth);
  canvas.height = Math.round((canvas.width * video.videoHeight) / video.videoWidth);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
}
