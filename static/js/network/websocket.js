// The WebSocket itself: text in, frames out. All policy (when to open, what a close means) is in
// liveconnection.js, which sees this only as `dial`.

import { readServerFrame } from "./serverframe.js";

/** @typedef {import("../protocol.js").ServerFrame} ServerFrame */
/** @typedef {import("../protocol.js").ClientFrame} ClientFrame */

/**
 * @typedef {object} Transport an open or opening connection
 * @property {(frame: ClientFrame) => void} send
 * @property {(code?: number) => void} close
 * @property {() => void} [wake] the network is back, or the page is in front again
 */

/**
 * @typedef {object} Ears what the transport tells its owner
 * @property {(frame: ServerFrame | null, size: number) => void} heard null = a frame we do not
 *   know: it counts in the window, and says nothing
 * @property {(code: number) => void} closed
 * @property {() => void} [better] to dial again would give a better transport than this one
 */

/** @typedef {(ears: Ears) => Transport} Dial */

const NOT_CLEAN = 1006;

/**
 * @param {string} url of `/live`
 * @returns {Dial}
 */
export function webSocketDial(url) {
  return ({ heard, closed }) => {
    const socket = new WebSocket(url);
    socket.addEventListener("message", ({ data }) => heard(readServerFrame(String(data)), String(data).length));
    socket.addEventListener("close", ({ code }) => closed(code || NOT_CLEAN));
    return {
      send: (frame) => socket.send(JSON.stringify(frame)),
      close: (code = 1000) => socket.close(code),
    };
  };
}

/** @param {string} location of the page @returns {string} */
export function liveUrl(location) {
  const url = new URL("/live", location);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
