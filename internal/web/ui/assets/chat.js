// A conversation that is live: what comes is shown and read aloud as it comes, what is written is sent without leaving the
// page. Without this file the form and the link to show new messages do the same, a page at a time.

const box = document.querySelector("[data-chat]");
const log = box.querySelector("[data-log]");
const form = box.querySelector("[data-compose]");
const field = form?.elements.namedItem("text");
const file = form?.elements.namedItem("file");
const trouble = box.querySelector("[data-trouble]");
const typing = box.querySelector("[data-typing-line]");
const seen = box.querySelector("[data-seen]");
const words = box.dataset;
let last = Number(words.after);

const fresh = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
};

const say = (text) => {
  trouble.textContent = text ?? "";
  trouble.hidden = !text;
};

// atEnd reports whether the reader looks at the latest message: only then does the list move under them.
const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 80;
const toEnd = () => { log.scrollTop = log.scrollHeight; };

const showSeen = () => {
  const mine = [...log.querySelectorAll("[data-mine]")].at(-1);
  seen.textContent = mine && Number(mine.dataset.n) <= Number(seen.dataset.seen) ? words.seenWords : "";
};

// told keeps what the server knows to have been read.
let told = 0;
const read = () => {
  if (document.hidden || last <= told || !words.read) return;
  told = last;
  fetch(words.read, { method: "POST", body: new URLSearchParams({ number: last }), keepalive: true }).catch(() => { told = 0; });
};

const show = (event) => {
  const number = Number(event.lastEventId);
  if (number <= last || document.getElementById(`m${number}`)) return; // shown before the connection was lost
  last = number;
  const end = atEnd();
  const piece = new DOMParser().parseFromString(event.data, "text/html").body.firstElementChild;
  log.append(piece);
  typing.textContent = "";
  if (end || "mine" in piece.dataset) toEnd();
  showSeen();
  read();
};

// fit makes the page that of a closed conversation, or of one that goes on again: what stands around the conversation, and
// whether there is a field to write in. Not before somebody looks at it: to show the page is to have read it.
let closed = "ended" in words, unfit = false;
const fit = async (now) => {
  unfit = now !== closed;
  if (now) box.dataset.closed = "";
  else delete box.dataset.closed;
  if (!unfit || document.hidden) return;
  unfit = false;
  try {
    const answer = await fetch(words.page);
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focus = document.activeElement;
    if (!page.querySelector("[data-compose]")) {
      form?.remove();
      refresh?.remove();
      typing.textContent = seen.textContent = "";
      stream.close();
    } else delete box.dataset.closed; // an answer by e-mail goes on here too
    for (const old of document.querySelectorAll("[data-around]")) {
      const next = page.getElementById(old.id);
      for (const kept of old.querySelectorAll("textarea, input[type=email]")) {
        const same = next.querySelector(`#${kept.id}`);
        if (same) same.value = kept.value;
      }
      old.replaceWith(next);
    }
    closed = now;
    if (focus === document.body || focus.isConnected) return;
    const to = document.getElementById(focus.id) ?? document.querySelector("#rate h2") ?? log;
    if (to.matches("h2")) to.tabIndex = -1;
    to.focus();
  } catch {
    unfit = true;
    if (refresh) refresh.hidden = false;
  }
};

let stream, lost = false, handed = false, quiet;
const connect = () => {
  stream = new EventSource(`${words.events}?after=${last}`);
  stream.addEventListener("message", show);
  stream.addEventListener("status", (event) => { box.querySelector("[data-status]").innerHTML = event.data; });
  stream.addEventListener("seen", (event) => {
    seen.dataset.seen = event.data;
    showSeen();
  });
  stream.addEventListener("typing", (event) => {
    typing.textContent = event.data;
    clearTimeout(quiet);
    quiet = setTimeout(() => { typing.textContent = ""; }, 5000);
  });
  stream.addEventListener("closed", (event) => {
    if (words.page) return fit(event.data === "yes");
    if ("ended" in words) return; // as the page says already
    const note = box.querySelector("[data-refresh-link]");
    if (note) note.hidden = false;
    say(event.data);
    box.dataset.closed = "";
  });
  // One of the staff gets the conversation, or loses it, while they look: the page has to be shown again to fit.
  stream.addEventListener("mine", (event) => {
    const fits = (event.data === "yes") === Boolean(form);
    if (fits && !handed) return;
    handed = !fits;
    refresh.hidden = fits;
    say(fits ? "" : form ? words.theirs : words.yours);
  });
  stream.addEventListener("open", () => {
    if (lost) say("");
    lost = false;
  });
  stream.addEventListener("error", () => {
    if ("closed" in box.dataset) return stream.close();
    if (stream.readyState === EventSource.CLOSED) return say(words.gone);
    if (!lost) setTimeout(() => { if (lost) say(words.lost); }, 4000);
    lost = true;
  });
};

// A reader who comes back to a kept page hears what they missed.
addEventListener("pagehide", () => stream?.close());
addEventListener("pageshow", (event) => { if (event.persisted && words.events) connect(); });
document.addEventListener("visibilitychange", () => {
  read();
  if (unfit) fit(!closed);
});

box.dataset.live = "";
toEnd();
showSeen();
for (const part of box.querySelectorAll("[data-js]")) part.hidden = false;
const refresh = box.querySelector("[data-refresh-link]");
if (words.events) {
  if (refresh) refresh.hidden = true;
  told = last;
  connect();
}

if (form) {
  let sending = false;
  let sent; // what was tried under the key that the form has

  const send = async () => {
    const text = field.value;
    if (sending || (!text.trim() && !file?.files.length)) return field.focus();
    sending = true;
    form.ariaBusy = "true";
    const what = `${text}\n${file?.files[0]?.name}\n${file?.files[0]?.size}`;
    if (sent !== undefined && sent !== what) form.elements.namedItem("key").value = fresh(); // it is another message now
    sent = what;
    say("");
    try {
      const body = file?.files.length ? new FormData(form) : new URLSearchParams({ key: form.elements.namedItem("key").value, text });
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      const { problem } = await answer.json();
      if (problem || !answer.ok) return say(problem || words.failed);
      form.elements.namedItem("key").value = fresh();
      sent = undefined;
      if (field.value === text) field.value = ""; // what was written meanwhile stays
      if (file) {
        file.value = "";
        form.querySelector(".chat-attach").open = false;
      }
    } catch {
      say(words.failed);
    } finally {
      sending = false;
      form.ariaBusy = null;
      field.focus();
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });

  let next = 0;
  field.addEventListener("input", () => {
    if (Date.now() < next || !field.value || !words.typing) return;
    next = Date.now() + 3000;
    fetch(words.typing, { method: "POST" }).catch(() => {});
  });
}

// A ready answer goes into the field, behind what stands there.
for (const ready of document.querySelectorAll("[data-replies]")) {
  ready.addEventListener("submit", (event) => {
    if (!field) return;
    event.preventDefault();
    const chosen = ready.querySelector("select").selectedOptions[0];
    if (!chosen?.dataset.text) return;
    field.value = field.value ? `${field.value.trimEnd()}\n${chosen.dataset.text}` : chosen.dataset.text;
    field.focus();
  });
}
