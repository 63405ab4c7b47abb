// The card step. The fields are the card processor's own frame; this page only ever gets a one-time token for the card.
// Without this file, and without scripts, a bank account works.

const box = document.querySelector("[data-card-fields]");
const form = box?.closest("form");

if (form) {
  const token = form.querySelector("[data-card-token]");
  const problem = form.querySelector("[data-card-problem]");
  const status = form.querySelector("[data-card-status]");
  const save = form.elements.namedItem("save_card");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => form.elements.namedItem("method").value === "card";
  let stripe, elements, ready = false, working = false;
  form.querySelector("[data-card-why]").hidden = false; // it is about fields that this file makes

  const say = (text) => {
    problem.textContent = text;
    problem.hidden = !text;
  };

  // The frame wears the colours of the page.
  const appearance = () => {
    const css = getComputedStyle(document.documentElement);
    const color = (name) => css.getPropertyValue(name).trim();
    return {
      theme: dark.matches ? "night" : "stripe",
      variables: {
        colorPrimary: color("--primary"), colorBackground: color("--surface"), colorText: color("--text"),
        colorTextSecondary: color("--muted"), colorDanger: color("--danger"), colorBorder: color("--field-line"),
        fontFamily: 'system-ui, "Segoe UI", Roboto, Arial, sans-serif', fontSizeBase: "17px", borderRadius: "12px",
      },
    };
  };

  const open = () => {
    if (elements) return;
    if (!window.Stripe) {
      status.textContent = "";
      say(box.dataset.slow);
      return;
    }
    stripe = window.Stripe(box.dataset.key, { locale: box.dataset.language });
    elements = stripe.elements({
      mode: "payment", amount: Number(box.dataset.cents), currency: "usd", paymentMethodTypes: ["card"],
      locale: box.dataset.language, appearance: appearance(), setupFutureUsage: save?.checked ? "on_session" : null,
    });
    const fields = elements.create("payment", { terms: { card: "never" }, wallets: { applePay: "never", googlePay: "never" } });
    fields.on("ready", () => {
      ready = true;
      status.textContent = "";
    });
    fields.on("loaderror", () => {
      status.textContent = "";
      say(box.dataset.slow);
    });
    fields.on("change", () => say(""));
    fields.mount(box);
  };

  const makeToken = async () => {
    const checked = await elements.submit();
    if (checked.error) return checked;
    return stripe.createConfirmationToken({ elements });
  };

  token.value = ""; // the browser may have brought back a used one
  addEventListener("pageshow", (event) => {
    if (event.persisted) token.value = "";
  });
  status.textContent = status.dataset.loading;
  if (document.readyState === "complete") open();
  else addEventListener("load", open);
  dark.addEventListener("change", () => elements?.update({ appearance: appearance() }));
  save?.addEventListener("change", () => elements?.update({ setupFutureUsage: save.checked ? "on_session" : null }));

  form.addEventListener("submit", async (event) => {
    if (!chosen() || token.value) return;
    event.preventDefault();
    if (working) return;
    if (!ready) {
      say(box.dataset.slow);
      return;
    }
    working = true;
    say("");
    status.textContent = box.dataset.working;
    try {
      const answer = await makeToken();
      if (answer.confirmationToken) {
        token.value = answer.confirmationToken.id;
        form.requestSubmit();
      } else {
        say(answer.error?.message ?? box.dataset.slow);
      }
    } catch {
      say(box.dataset.slow);
    } finally {
      working = false;
      status.textContent = "";
    }
  });
}
