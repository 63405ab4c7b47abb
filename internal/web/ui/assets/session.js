// Warns before the reader's session ends, lets them stay, and says so when it is over. What a page cannot know it asks its
// neighbors: each tab that loads or stays tells the others until when the session lasts.

document.body.append(document.querySelector("template#session").content.cloneNode(true));
const box = document.querySelector("dialog.session");
const { warn, extend } = box.dataset;
const neighbors = new BroadcastChannel("session");
const state = (name) => box.querySelector(`[data-when="${name}"]`);
let end, last, shown = "", closed = "", timer;

const set = (left, longest) => {
  end = Date.now() + left * 1000;
  last = Date.now() + longest * 1000;
  check();
};

const show = (name) => {
  if (shown === name) return;
  shown = name;
  if (!name || closed === name) return box.close();
  for (const part of box.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== name;
  box.setAttribute("aria-labelledby", `session-${name}`);
  box.setAttribute("aria-describedby", `session-${name}-text`);
  box.classList.toggle("over", name === "over");
  if (box.open) box.close(); // opened anew, it is read aloud anew
  box.showModal();
};

function check() {
  clearTimeout(timer);
  const left = Math.ceil((Math.min(end, last) - Date.now()) / 1000);
  if (left <= 0) return show("over");
  show(left > warn ? "" : end < last ? "soon" : "last");
  if (left > warn) closed = "";
  for (const clock of box.querySelectorAll(".session-clock")) {
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }
  timer = setTimeout(check, left > warn ? Math.min(left - warn, 60) * 1000 : 1000);
}

const tell = () => neighbors.postMessage([(end - Date.now()) / 1000, (last - Date.now()) / 1000]);
neighbors.addEventListener("message", (event) => {
  if (shown !== "over") set(...event.data); // what is over stays closed: somebody else may sit here by now
});

box.addEventListener("cancel", (event) => {
  if (shown === "over") event.preventDefault();
  closed = shown;
});
box.querySelector("[data-close]").addEventListener("click", () => {
  closed = shown;
  box.close();
});
box.querySelector("[data-stay]").addEventListener("click", async () => {
  const note = box.querySelector("[data-fail]");
  note.textContent = "";
  try {
    const answer = await fetch(extend, { method: "POST" });
    if (answer.status === 401) return set(0, 0);
    const { left, longest } = await answer.json();
    set(left, longest);
    tell();
  } catch {
    note.textContent = note.dataset.fail;
  }
});
document.addEventListener("visibilitychange", check);
addEventListener("pageshow", (event) => {
  if (event.persisted) check();
});

set(Number(box.dataset.left), Number(box.dataset.last));
tell();
