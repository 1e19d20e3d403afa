// Shows the values nearest to the pointer, and a line there.
const svg = document.querySelector("svg");
const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
line.setAttribute("stroke", "#999");
svg.appendChild(line);
let zone = data.zone;
try {
  new Intl.DateTimeFormat("en", { timeZone: zone });
} catch {
  zone = "UTC";
}
const clock = new Intl.DateTimeFormat("sv", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
svg.addEventListener("mousemove", (event) => {
  const box = svg.getBoundingClientRect();
  const x = ((event.clientX - box.left) * svg.viewBox.baseVal.width) / box.width;
  if (x < data.left || x > data.right) {
    return;
  }
  const time = data.from + ((x - data.left) / (data.right - data.left)) * (data.to - data.from);
  for (const [name, value] of [["x1", x], ["x2", x], ["y1", data.top], ["y2", data.bottom]]) {
    line.setAttribute(name, value);
  }
  const rows = [clock.format(time) + " " + zone];
  for (const series of data.series) {
    let best = -1;
    series.times.forEach((t, i) => {
      if (best < 0 || Math.abs(t - time) < Math.abs(series.times[best] - time)) {
        best = i;
      }
    });
    const value = best < 0 ? null : series.values[best];
    rows.push((value === null ? "-" : value) + "  " + series.name);
  }
  document.getElementById("values").textContent = rows.join("\n");
});
