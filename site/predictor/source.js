// Frames out of a camera or a video file: grey, square, small, and as far apart as in the course.
//
// In the course's clips somebody crosses the picture in about 38 frames. In front of a webcam that
// takes three to four seconds, so about ten frames a second show the same movement from frame to
// frame. A source is thinned by a whole number, since frames must be evenly spaced: of 30 a second
// every third is taken, of 25 or 24 every second, and all of up to 15.

import {say} from "./text.js";

const WANTED_FPS = 10;
const LARGE = 256; // pixels, halved until it is small: each pixel is then the mean of a block

export async function openCamera() {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new Error(say("A browser gives its camera only to https and to localhost, and this page "
      + "is at neither: open it there, or choose a video file."));
  }
  const wanted = {width: {ideal: 640}, height: {ideal: 480}, frameRate: {ideal: 30}};
  let stream;
  try {
    const video = {...wanted, facingMode: {ideal: "environment"}};
    stream = await navigator.mediaDevices.getUserMedia({audio: false, video});
  } catch (error) {
    const why = say("The camera does not start ({why}).", {why: error.message});
    throw new Error(WHY_NOT[error.name] ?? why);
  }
  const video = newVideo();
  video.srcObject = stream;
  await video.play();
  return withFrames(video, () => stream.getTracks().forEach((track) => track.stop()));
}

const WHY_NOT = {
  NotAllowedError: say("The camera was refused: allow it beside the address of this page, and try "
    + "again; or choose a video file."),
  NotFoundError: say("No camera was found: plug one in, or choose a video file."),
  NotReadableError: say("The camera is in use: close the other program, and try again."),
};

export async function openFile(file) {
  const video = newVideo(), url = URL.createObjectURL(file);
  const ready = new Promise((resolve, reject) => {
    video.addEventListener("loadeddata", resolve, {once: true});
    video.addEventListener("error", () => reject(new Error(say("This browser cannot play {name}: "
      + "most play WebM, and MP4 with H.264.", file))), {once: true});
  });
  video.src = url;
  await ready.catch((error) => {
    URL.revokeObjectURL(url);
    throw error;
  });
  return withFrames(video, () => URL.revokeObjectURL(url));
}

function newVideo() {
  const video = document.createElement("video");
  Object.assign(video, {muted: true, playsInline: true});
  return video;
}

// `onFrame(grey, side)` is called for the frames that are taken, once `play` was.
function withFrames(video, release) {
  const source = {video, fps: 0, onFrame: () => {}, onEnd: () => {}, shrink: shrinker()};
  const clock = frameClock(video, () => source.onFrame(), (fps) => { source.fps = fps; });
  video.addEventListener("ended", () => source.onEnd());
  return {
    get fps() { return source.fps; },
    element: video,
    get isFile() { return !video.srcObject; },
    get time() { return video.currentTime; },
    grey: (side) => source.shrink(video, side),
    listen(onFrame, onEnd) { Object.assign(source, {onFrame, onEnd}); },
    play: () => video.play(),
    pause: () => video.pause(),
    rewind: () => { video.currentTime = 0; },
    close() {
      clock.stop();
      video.pause();
      release();
    },
  };
}

// Calls `take` for every n-th frame. How many a second the source has is measured as it plays.
function frameClock(video, take, tell) {
  const gaps = [];
  let isStopped = false, last = null, taken = -Infinity;
  function tick(now) {
    const gap = last === null ? 0 : now - last;
    if (gap > 0.001 && gap < 1) gaps.push(gap);
    if (gaps.length > 30) gaps.shift();
    if (gap < 0) taken = -Infinity; // it was rewound
    last = now;
    const apart = [...gaps].sort((a, b) => a - b)[gaps.length >> 1] ?? 1 / WANTED_FPS;
    const stride = Math.max(1, Math.floor(1 / apart / WANTED_FPS + 0.25));
    if (now - taken < (stride - 0.5) * apart) return;
    taken = now;
    tell(1 / (stride * apart));
    take();
  }
  const each = (_, {mediaTime}) => {
    if (isStopped) return;
    tick(mediaTime);
    video.requestVideoFrameCallback(each);
  };
  let timer = null;
  if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(each);
  else timer = setInterval(() => { if (!video.paused) tick(video.currentTime); }, 1000 / WANTED_FPS);
  return {stop() { isStopped = true; clearInterval(timer); }};
}

// The middle square of a picture, halved until it has the side that is wanted; grey as OpenCV's.
function shrinker() {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", {willReadFrequently: true});
  Object.assign(canvas, {width: LARGE, height: LARGE});
  return (video, side) => {
    const {videoWidth: width, videoHeight: height} = video, square = Math.min(width, height);
    const corner = [(width - square) / 2, (height - square) / 2];
    context.imageSmoothingQuality = "high";
    context.drawImage(video, ...corner, square, square, 0, 0, LARGE, LARGE);
    for (let now = LARGE; now > side; now /= 2) {
      context.drawImage(canvas, 0, 0, now, now, 0, 0, now / 2, now / 2);
    }
    const {data} = context.getImageData(0, 0, side, side);
    return Uint8Array.from({length: side * side}, (_, i) => (
      0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2] + 0.5));
  };
}
