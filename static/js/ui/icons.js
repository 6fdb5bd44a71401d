const SVG = "http://www.w3.org/2000/svg";

/**
 * One symbol of static/icons.svg, as the template tag {% icon %} draws it. Decoration only:
 * the button around it carries the words.
 * @param {string} name
 * @param {string} [extra] more classes
 */
export function icon(name, extra = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${extra}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.documentElement.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}
