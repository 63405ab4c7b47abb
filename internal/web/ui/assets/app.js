// Small conveniences. Every page works without this file.

// A form is sent once. The server is safe against a second send; this only saves people the worry.
addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.once || event.defaultPrevented) return;
  if (form.ariaBusy === "true") {
    event.preventDefault();
    return;
  }
  form.ariaBusy = "true";
  const button = event.submitter;
  if (!button || form.classList.contains("plain")) return;
  button.dataset.busy = "";
  const note = document.createElement("p");
  note.className = "busy";
  note.setAttribute("role", "status");
  (button.closest(".buttons") ?? button).after(note);
  // A status is read aloud when its text changes, so the text comes after the element.
  setTimeout(() => { note.textContent = form.dataset.once; }, 600);
});

// Coming back with the browser's back button finds the form ready again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[aria-busy]")) {
    form.ariaBusy = null;
    form.querySelector("[data-busy]")?.removeAttribute("data-busy");
    for (const note of form.querySelectorAll(".busy")) note.remove();
  }
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// A password can be looked at while it is typed. It is sent hidden again, so that no browser keeps it as plain text.
for (const button of document.querySelectorAll("[data-show]")) {
  const field = document.getElementById(button.dataset.show);
  const show = (shown) => {
    field.type = shown ? "text" : "password";
    button.ariaPressed = String(shown);
  };
  button.hidden = false;
  button.addEventListener("click", () => show(field.type === "password"));
  field.form?.addEventListener("submit", () => show(false));
}

document.querySelector("[data-focus]")?.focus();

// A page that waits for an answer asks again, unless the reader is in the middle of something.
const wait = Number(document.querySelector("main")?.dataset.refresh);
if (wait > 0) {
  setInterval(() => {
    const busy = document.activeElement?.closest("form, details, a, button");
    if (!document.hidden && !busy) location.reload();
  }, wait * 1000);
}
