const parse = (text) => (text.match(/[\d.]+/g) || []).map(Number);
const light = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
const ratio = (a, b) => {
  const [x, y] = [luminance(a), luminance(b)].sort((m, n) => n - m);
  return (x + 0.05) / (y + 0.05);
};
const behind = (element) => {
  for (let e = element; e; e = e.parentElement) {
    const color = parse(getComputedStyle(e).backgroundColor);
    if (color.length === 3 || color[3] > 0) return color;
  }
  return [255, 255, 255];
};
const weak = [];
let seen = 0;
for (const element of document.querySelectorAll("body *")) {
  if (element.closest("script, style, noscript, title, desc") || !element.getClientRects().length) continue;
  const style = getComputedStyle(element);
  const isShape = ["rect", "line"].includes(element.tagName);
  const hasText = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!isShape && !hasText) continue;
  seen += 1;
  const inSvg = element.namespaceURI.endsWith("svg");
  const paint = element.tagName === "line" ? style.stroke : inSvg ? style.fill : style.color;
  const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
  const needed = isShape || large ? 3 : 4.5;
  const found = ratio(parse(paint), behind(element));
  if (!(found >= needed)) weak.push([element.outerHTML.slice(0, 80), paint, found]);
}
if (seen < 5) weak.push(["too little was looked at", seen]);
return weak;
