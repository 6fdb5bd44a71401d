// QR codes are drawn here: what they say is for no server to see.

import { onDemand } from "../ondemand.js";

const encoder = onDemand(() => import("../../vendor/uqr.js"));
const SVG = "http://www.w3.org/2000/svg";
const BORDER = 4; // squares of quiet around it, as ISO 18004 asks

/** @param {string} text @param {string} words what it is, for somebody who does not see it */
export async function qrCode(text, words) {
  const { encode } = await encoder();
  const { data, size } = encode(text, { ecc: "M", border: BORDER });
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", words);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", squares(data));
  path.setAttribute("shape-rendering", "crispEdges");
  svg.append(path);
  return svg;
}

/** @param {boolean[][]} rows @returns {string} one path of all that is dark */
function squares(rows) {
  return rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
}
