/** Small helpers over the DOM; text only, so that no name or note from the data can become markup. */

export function all<T extends HTMLElement>(selector: string, root: ParentNode = document): T[] {
  return Array.from(root.querySelectorAll<T>(selector));
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  options: { text?: string; cls?: string; attrs?: Record<string, string> } = {},
  children: (Node | string)[] = [],
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (options.cls) element.className = options.cls;
  if (options.text !== undefined) element.textContent = options.text;
  for (const [name, value] of Object.entries(options.attrs ?? {})) element.setAttribute(name, value);
  for (const child of children) element.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
  return element;
}

/** A label for Leaflet, which takes a string for HTML: a name from a file must not become markup. */
export function textLabel(text: string): HTMLElement {
  return make("span", { text });
}

const SVG = "http://www.w3.org/2000/svg";

export function makeSvg(tag: string, attrs: Record<string, string | number>, text?: string): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attrs)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/** A mark of the sprite (partials/sprite.html) by its name without "m-". */
export function markIcon(name: string): SVGElement {
  const svg = makeSvg("svg", { class: `g ${name}`, "aria-hidden": "true" });
  svg.appendChild(makeSvg("use", { href: `#m-${name}` }));
  return svg;
}

/** The value of a design token (tokens.css), so that canvas and CSS never disagree. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
