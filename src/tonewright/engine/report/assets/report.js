"use strict";
// Read-outs under the pointer. The page is complete without this.
for (const drawing of document.querySelectorAll("svg[data-kind]")) {
  const [x0, x1] = drawing.dataset.x.split(" ").map(Number);
  const [y0, y1] = drawing.dataset.y.split(" ").map(Number);
  const logarithmic = drawing.dataset.kind === "frequency";
  const height = Number(drawing.getAttribute("height"));
  const cursor = drawing.querySelector(".cursor");
  const readout = drawing.parentElement.querySelector(".readout");
  const round = (value, digits) => value.toFixed(digits).replace(/^-(0\.?0*)$/, "$1").replace("-", "\u2212");
  const curves = [...drawing.querySelectorAll("path[data-name]")].map((path) => ({
    name: path.dataset.name,
    points: [...path.getAttribute("d").matchAll(/[ML](\S+) ([\d.]+)/g)].map((found) => [Number(found[1]), Number(found[2])]),
  }));
  const place = (share) => {
    if (!logarithmic) {
      const tenths = Math.round((x0 + share * (x1 - x0)) * 10);
      return `${Math.floor(tenths / 600)}:${String(Math.floor((tenths % 600) / 10)).padStart(2, "0")}.${tenths % 10}`;
    }
    const hertz = x0 * (x1 / x0) ** share;
    return hertz >= 1000 ? `${round(hertz / 1000, 1)} kHz` : `${round(hertz, 0)} Hz`;
  };
  drawing.addEventListener("pointermove", (event) => {
    const box = drawing.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const words = curves.filter((curve) => curve.points.length).map(({ name, points }) => {
      const nearest = points.reduce((best, point) =>
        Math.abs(point[0] - 1000 * share) < Math.abs(best[0] - 1000 * share) ? point : best);
      return `${name} ${round(y1 - (nearest[1] / height) * (y1 - y0), y1 - y0 > 3 ? 1 : 2)}`;
    });
    cursor.setAttribute("x1", `${100 * share}%`);
    cursor.setAttribute("x2", `${100 * share}%`);
    cursor.style.visibility = "visible";
    readout.textContent = `${place(share)}   ${words.join("   ")} ${drawing.dataset.unit}`;
  });
  drawing.addEventListener("pointerleave", () => {
    cursor.style.visibility = "hidden";
    readout.textContent = "";
  });
}
