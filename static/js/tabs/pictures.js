// Pictures as pages have them drawn: by a worker of this page (workers/pictures.js), one at a time, since each may
// fill the memory. Where a worker cannot draw, or does not load, the page does it itself.

import { drawsAnywhere, PictureError, WORK } from "../chat/drawing.js";
import { newWorker, PICTURE_WORKER } from "../crypto/workers.js";
import { Lanes } from "../lanes.js";

/** @typedef {import("../chat/drawing.js").Picture} Picture */
/** @typedef {import("../chat/drawing.js").PictureType} PictureType */
/** @typedef {import("../chat/drawing.js").Thumb} Thumb */

const oneAtATime = new Lanes(1);
/** @type {Promise<Worker | null> | undefined} null: the page draws */ let worker;

/**
 * What is sent of a picked picture.
 * @param {Blob} file
 * @param {PictureType} type by its first bytes
 * @param {boolean} [original] as it is, with everything in it
 * @returns {Promise<Picture>} w, h: as it is seen, upright. Throws PictureError; another error where the file is gone
 */
export function preparePicture(file, type, original = false) {
  return draw("prepare", [file, type, original]);
}

/** @param {HTMLVideoElement} video at the picture that is wanted @returns {Promise<Thumb>} throws PictureError */
export async function posterOf(video) {
  const frame = await createImageBitmap(video);
  return draw("thumb", [frame], [frame]);
}

/** The first picture of an animation, for an <img>. @param {Blob} animation @returns {Promise<Blob>} */
export function stillOf(animation) {
  return draw("still", [animation]);
}

/**
 * @param {keyof typeof WORK} what
 * @param {any[]} given
 * @param {Transferable[]} [handedOver]
 * @returns {Promise<any>}
 */
function draw(what, given, handedOver = []) {
  return oneAtATime.run(async () => {
    worker ??= started().catch(() => null); // some browsers throw where their policy lets no worker run
    const there = await worker;
    if (there) return answer(there, { ask: what, given }, handedOver);
    worker = undefined; // another time it may load
    const work = /** @type {(...given: any[]) => Promise<any>} */ (WORK[what]);
    return work(...given);
  });
}

/** @returns {Promise<Worker | null>} */
async function started() {
  if (!drawsAnywhere()) return null;
  const begun = newWorker(PICTURE_WORKER, { type: "module" });
  return new Promise((done) => {
    begun.addEventListener("message", () => done(begun), { once: true });
    begun.addEventListener("error", () => done(null), { once: true });
  });
}

/** @param {Worker} there @param {{ask: string, given: any[]}} question @param {Transferable[]} handedOver */
function answer(there, question, handedOver) {
  return new Promise((done, failed) => {
    there.onmessage = ({ data: { value, error, code } }) => {
      if (!error) return done(value);
      failed(code ? new PictureError(code) : new Error(error));
    };
    there.onerror = there.onmessageerror = () => {
      there.terminate();
      worker = undefined; // the next picture gets another one
      failed(new PictureError("unreadable"));
    };
    there.postMessage(question, handedOver);
  });
}
