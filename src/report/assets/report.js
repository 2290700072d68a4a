(() => {
  const root = document.documentElement;
  const toggle = document.getElementById("theme");
  if (toggle) toggle.onclick = () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  };
  for (const box of document.querySelectorAll("input[data-filter]")) {
    box.oninput = () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of document.querySelectorAll(box.dataset.filter + " tbody tr")) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every(word => text.includes(word));
      }
    };
  }
  for (const head of document.querySelectorAll("th[data-sort]")) {
    head.onclick = () => {
      const body = head.closest("table").tBodies[0];
      const at = head.cellIndex;
      const way = head.dataset.way === "up" ? -1 : 1;
      head.dataset.way = way === 1 ? "up" : "down";
      const key = row => row.cells[at].dataset.value ?? row.cells[at].textContent.trim();
      const absent = text => text === "" || text === "–";
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        if (absent(x) || absent(y)) return absent(x) - absent(y);
        const [m, n] = [Number(x), Number(y)];
        return way * (Number.isNaN(m) || Number.isNaN(n) ? x.localeCompare(y) : m - n);
      });
      body.append(...rows);
    };
  }
  const charts = [...document.querySelectorAll("svg.metric")];
  for (const chart of charts) {
    const line = document.createElementNS(chart.namespaceURI, "line");
    line.setAttribute("class", "cross");
    line.setAttribute("y1", 14);
    line.setAttribute("y2", 152);
    chart.append(line);
  }
  const show = (at, visible) => {
    for (const chart of charts) {
      const line = chart.querySelector(".cross");
      line.setAttribute("x1", at);
      line.setAttribute("x2", at);
      line.style.visibility = visible ? "visible" : "hidden";
    }
  };
  for (const chart of charts) {
    chart.onmousemove = event => {
      const box = chart.getBoundingClientRect();
      const at = (event.clientX - box.left) / box.width * 380;
      show(at, at >= 48 && at <= 358);
    };
    chart.onmouseleave = () => show(0, false);
  }
})();
