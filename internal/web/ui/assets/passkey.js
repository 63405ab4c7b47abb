// Passkeys. A form with data-passkey carries what the browser needs, and posts what the browser answers. It shows itself
// only here: without this file, without passkeys, or at an address they are not for, the page's other ways stay.

// life is how long the server takes an answer, less some time on the way, in milliseconds.
const life = 4.5 * 60 * 1000;

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");

// listed decodes the ids of passkeys.
const listed = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

const forCreate = (o) => PublicKeyCredential.parseCreationOptionsFromJSON?.(o) ?? {
  ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: listed(o.excludeCredentials),
};
const forGet = (o) => PublicKeyCredential.parseRequestOptionsFromJSON?.(o) ?? {
  ...o, challenge: bytes(o.challenge), allowCredentials: listed(o.allowCredentials),
};

// written is an answer of the browser as JSON.
const written = (made) => {
  if (made.toJSON) {
    try {
      return JSON.stringify(made.toJSON());
    } catch { /* some password managers give answers that only look like one */ }
  }
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[name]) response[name] = text(made.response[name]);
  }
  response.transports = made.response.getTransports?.();
  return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response,
    authenticatorAttachment: made.authenticatorAttachment ?? undefined, clientExtensionResults: made.getClientExtensionResults() });
};

const domain = (o) => o.rpId ?? o.rp?.id ?? "";
const here = (name) => location.hostname === name || location.hostname.endsWith("." + name);

const start = async (form) => {
  const create = form.dataset.passkey === "create";
  const answer = form.elements.namedItem("response");
  const ceremony = form.elements.namedItem("ceremony");
  const problem = form.querySelector("[data-passkey-problem]");
  const status = form.querySelector("[data-passkey-status]");
  let options = JSON.parse(form.dataset.options);
  let since = Date.now();
  let waiting; // what stops the offer in the field
  let working = false;

  if (!here(domain(options))) return;
  form.hidden = false;
  for (const other of document.querySelectorAll("[data-passkey-without]")) other.hidden = true;
  answer.value = ""; // the browser may have brought back an old one

  const say = (words) => {
    problem.textContent = words;
    problem.hidden = !words;
  };

  // fresh takes a new ceremony from the page, where the old one has been there too long or was used.
  const fresh = async (used = false) => {
    if (!used && Date.now() - since < life) return;
    const page = await fetch(location.href, { headers: { Accept: "text/html" } });
    const next = new DOMParser().parseFromString(await page.text(), "text/html").querySelector(`form[data-passkey="${form.dataset.passkey}"]`);
    if (!page.ok || !next) throw new DOMException(form.dataset.late, "TimeoutError");
    options = JSON.parse(next.dataset.options);
    ceremony.value = next.elements.namedItem("ceremony").value;
    since = Date.now();
  };

  const send = (made) => {
    answer.value = written(made);
    form.requestSubmit();
  };

  const ask = async () => {
    waiting?.abort();
    working = true;
    say("");
    status.textContent = form.dataset.asking;
    try {
      await fresh();
      send(create
        ? await navigator.credentials.create({ publicKey: forCreate(options) })
        : await navigator.credentials.get({ publicKey: forGet(options) }));
    } catch (err) {
      const told = { NotAllowedError: "stopped", AbortError: "stopped", InvalidStateError: "there", TimeoutError: "late" };
      say(form.dataset[told[err.name] ?? "failed"]);
      offer();
    } finally {
      working = false;
      status.textContent = "";
    }
  };

  // offer shows passkeys in the field for the e-mail address, beside what the browser remembers there.
  const offer = async () => {
    if (!("autofill" in form.dataset) || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    waiting?.abort();
    const mine = waiting = new AbortController();
    try {
      const made = await navigator.credentials.get({ publicKey: forGet(options), mediation: "conditional", signal: mine.signal });
      if (!mine.signal.aborted) send(made);
    } catch { /* stopped, or nothing was chosen: the button is there */ }
  };

  // again renews an offer that the server would take no more.
  const again = async (used = false) => {
    if (working || (!used && Date.now() - since < life)) return;
    try {
      await fresh(used);
      await offer();
    } catch { /* the button says so, when it is pressed */ }
  };

  form.addEventListener("submit", (event) => {
    if (answer.value) return;
    event.preventDefault();
    if (!working) ask();
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    answer.value = "";
    again(true);
  });
  if ("autofill" in form.dataset) {
    document.addEventListener("visibilitychange", () => { if (!document.hidden) again(); });
    document.querySelector('[autocomplete~="webauthn"]')?.addEventListener("focus", () => again());
    offer();
  }
};

if (window.PublicKeyCredential && navigator.credentials) {
  for (const form of document.querySelectorAll("form[data-passkey]")) start(form);
}
