// A frame of the server as a client takes it. Rows come from other people through the server, so one
// that cannot be read must not harm the others: a message keeps its place as a row without content,
// which `decrypt` calls broken; a row of another kind is left out.

import { isServerFrame } from "../protocol.js";

/** @typedef {import("../protocol.js").ServerFrame} ServerFrame */
/** @typedef {import("../protocol.js").MsgFrame} MsgFrame */

/** The member of each frame that lists rows. @type {Record<string, string>} */
const ROWS = { page: "rows", state: "rows", presence: "users" };
const PLACE = ["sender", "time", "ord", "kind"]; // what a row without content still says of itself

/**
 * @param {string} json
 * @returns {ServerFrame | null} null: nothing of it can be read
 */
export function readServerFrame(json) {
  /** @type {any} */
  let frame;
  try {
    frame = JSON.parse(json);
  } catch {
    return null;
  }
  return isServerFrame(frame) ? frame : salvaged(frame);
}

/** @param {any} frame @returns {ServerFrame | null} */
function salvaged(frame) {
  if (frame?.t === "msg") return inPlace(frame);
  const rows = frame && Object.hasOwn(ROWS, frame.t) && ROWS[frame.t];
  if (!rows || !Array.isArray(frame[rows])) return null;
  const readable = (/** @type {unknown} */ row) => isServerFrame({ ...frame, [rows]: [row] });
  const read = frame.t === "page" ? frame.rows.map(inPlace).filter(Boolean) : frame[rows].filter(readable);
  return checked({ ...frame, [rows]: read });
}

/** @param {any} row @returns {MsgFrame | null} whole where it can be read */
function inPlace(row) {
  if (isServerFrame(row)) return row.t === "msg" ? row : null;
  let place = checked({ t: "msg", conv: row?.conv, seq: row?.seq });
  for (const name of place ? PLACE : []) place = checked({ ...place, [name]: row[name] }) ?? place;
  return place;
}

/** @param {unknown} frame @returns {any} */
function checked(frame) {
  return isServerFrame(frame) ? frame : null;
}
