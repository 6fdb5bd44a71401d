// QR codes drawn here, for what no server may see.

const SVG = "http://www.w3.org/2000/svg";
const BORDER = 4; // squares of quiet around it, as ISO 18004 asks

/** @param {string} text @param {string} words what it is, for who does not see it */
export async function drawnQr(text, words) {
  const { encode } = await import("../../vendor/uqr.js");
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
