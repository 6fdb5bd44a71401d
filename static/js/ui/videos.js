// What a picked video or sound is: how large, how long, and how its beginning looks. The browser says so
// without a word of it being on screen; what it cannot play has none of that.

import { posterOf } from "../tabs/pictures.js";

/** @typedef {{w?: number, h?: number, ms?: number, thumb?: import("../chat/drawing.js").Thumb}} Played */

const PATIENCE_MS = 8_000; // then it goes as a file without a poster
const POSTER_AT_S = 1; // the first frame is often black
const FAR_S = 1e7; // a recording does not say how long it is, and tells it where one looks for its end

/**
 * @param {Blob} file
 * @returns {Promise<Played | null>} null: this browser cannot play it; without w: a sound
 */
export async function played(file) {
  const video = document.createElement("video");
  const address = URL.createObjectURL(file);
  try {
    video.muted = true;
    video.preload = "auto";
    video.playsInline = true;
    video.src = address;
    await heard(video, "loadedmetadata");
    const seconds = await lengthOf(video);
    const ms = Number.isFinite(seconds) ? { ms: Math.round(seconds * 1000) } : {};
    if (!video.videoWidth) return ms;
    await seek(video, Math.min(POSTER_AT_S, Number.isFinite(seconds) ? seconds / 2 : 0));
    const { videoWidth: w, videoHeight: h } = video;
    return { w, h, ...ms, thumb: await posterOf(video) };
  } catch {
    return null;
  } finally {
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(address);
  }
}

/** Moves it to its end where it does not say. @param {HTMLVideoElement} video @returns {Promise<number>} seconds */
export async function lengthOf(video) {
  if (video.duration !== Number.POSITIVE_INFINITY) return video.duration;
  const told = heard(video, "durationchange");
  video.currentTime = FAR_S;
  await told;
  return video.duration;
}

/** @param {HTMLVideoElement} video @param {number} seconds */
async function seek(video, seconds) {
  const there = heard(video, "seeked");
  video.currentTime = seconds;
  await there;
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) await heard(video, "canplay");
}

/** @param {HTMLVideoElement} video @param {string} event @returns {Promise<void>} */
function heard(video, event) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(reject, PATIENCE_MS, new Error("it does not play in time"));
    const settle = (/** @type {() => void} */ how) => () => {
      clearTimeout(late);
      how();
    };
    video.addEventListener(event, settle(resolve), { once: true });
    video.addEventListener("error", settle(reject), { once: true });
  });
}
