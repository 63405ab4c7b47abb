// A caller pays on this page while an agent waits on the phone: the agent is told that something is typed, and never what.
// The fields of a card are the processor's frame, into which this page cannot see: there it is told that the frame is in use.

const box = document.querySelector("[data-pulse]");
const form = document.querySelector("#method-form");
let next = 0;

const tell = () => {
  if (Date.now() < next) return;
  next = Date.now() + 4000;
  fetch(box.dataset.pulse, { method: "POST" }).catch(() => {});
};

form.addEventListener("input", tell);
setInterval(() => {
  if (document.hasFocus() && document.activeElement?.tagName === "IFRAME") tell();
}, 1000);
