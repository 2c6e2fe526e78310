"use strict";
(() => {
  const list = document.getElementById("list");
  const boxes = Array.from(list.querySelectorAll("input[type=checkbox]"));
  const count = document.getElementById("count");
  const save = document.getElementById("save");
  const key = "cleanup worklist " + list.dataset.token + " " + list.dataset.part;
  // A browser may refuse storage to files; then the ticks live as long as the page.
  const remembered = () => {
    try { return (localStorage.getItem(key) || "").split(" "); } catch { return []; }
  };
  const remember = (tasks) => {
    try { localStorage.setItem(key, tasks.join(" ")); } catch { /* see above */ }
  };
  const ticked = () => boxes.filter((box) => box.checked);
  let unsaved = false;
  const show = () => {
    const done = ticked();
    count.textContent = done.length + " of " + boxes.length + " ticked";
    save.disabled = done.length === 0;
  };
  const before = new Set(remembered());
  boxes.forEach((box) => { if (before.has(box.dataset.task)) box.checked = true; });
  // Remembered on a change alone: opening the page takes nothing back, whatever storage says at that moment.
  list.addEventListener("change", () => { unsaved = true; show(); remember(ticked().map((box) => box.dataset.task)); });
  save.addEventListener("click", () => {
    const rows = ticked().map((box) => [list.dataset.token, box.dataset.task, box.dataset.action, box.dataset.target, "yes"]);
    // As the program writes its tables: no cell is a formula, and none ends where it does not.
    const cell = (text) => {
      const harmless = /^[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) ? "'" + text : text;
      return /[",;\s]/.test(harmless) ? '"' + harmless.replaceAll('"', '""') + '"' : harmless;
    };
    const text = [["cleanup_worklist", "task", "action", "target", "done"], ...rows].map((row) => row.map(cell).join(",") + "\n").join("");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = list.dataset.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    unsaved = false;
    document.getElementById("saved").textContent = "Saved as " + list.dataset.file;
  });
  addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
  document.getElementById("bar").hidden = false;
  show();
})();
