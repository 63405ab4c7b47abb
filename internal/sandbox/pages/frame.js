// The card fields. What is typed here goes to the sandbox only, never to the page around the frame.
(() => {
  'use strict';
  const query = new URLSearchParams(window.location.search);
  const channel = query.get('channel') || '';
  const parentOrigin = query.get('parent') || '';
  const key = query.get('key') || '';
  const lang = document.documentElement.lang === 'es' ? 'es' : 'en';

  const words = {
    en: {
      number: { empty: 'Enter your card number', wrong: 'Check the card number: it is not a valid number', unknown: 'This is a test system: use one of the test cards' },
      exp: { empty: 'Enter the expiration date, for example 08/30', wrong: 'Enter the month and year, for example 08/30', past: 'This date is in the past. Check it or use another card' },
      cvc: { empty: 'Enter the security code', wrong: 'Enter the 3-digit security code', wrong4: 'Enter the 4-digit security code' },
      zip: { empty: 'Enter your ZIP code', wrong: 'Enter the 5-digit ZIP code' },
      form: { down: 'We could not check the card. Wait a moment and try again' },
    },
    es: {
      number: { empty: 'Escriba el número de su tarjeta', wrong: 'Revise el número de la tarjeta: no es válido', unknown: 'Este es un sistema de prueba: use una de las tarjetas de prueba' },
      exp: { empty: 'Escriba la fecha de vencimiento, por ejemplo 08/30', wrong: 'Escriba el mes y el año, por ejemplo 08/30', past: 'Esta fecha ya pasó. Revísela o use otra tarjeta' },
      cvc: { empty: 'Escriba el código de seguridad', wrong: 'Escriba el código de seguridad de 3 dígitos', wrong4: 'Escriba el código de seguridad de 4 dígitos' },
      zip: { empty: 'Escriba su código postal', wrong: 'Escriba el código postal de 5 dígitos' },
      form: { down: 'No pudimos revisar la tarjeta. Espere un momento e inténtelo de nuevo' },
    },
  }[lang];

  const fields = ['number', 'exp', 'cvc', 'zip'];
  const input = Object.fromEntries(fields.map((f) => [f, document.getElementById(f)]));
  const digits = (s) => s.replace(/\D/g, '');
  const amex = () => /^3[47]/.test(digits(input.number.value));

  const send = (kind, more) => {
    if (parentOrigin && window.parent !== window) window.parent.postMessage({ channel, kind, ...more }, parentOrigin);
  };

  function luhn(number) {
    let sum = 0;
    for (let i = 0; i < number.length; i++) {
      let d = Number(number[number.length - 1 - i]);
      if (i % 2 === 1) { d *= 2; if (d > 9) d -= 9; }
      sum += d;
    }
    return sum % 10 === 0;
  }

  // problem returns what is wrong with a field in words, or ''.
  function problem(field) {
    const raw = input[field].value.trim();
    const d = digits(raw);
    const w = words[field];
    if (!raw) return w.empty;
    switch (field) {
      case 'number':
        return d.length < 12 || d.length > 19 || !luhn(d) ? w.wrong : '';
      case 'exp': {
        if (d.length !== 4 && d.length !== 6) return w.wrong;
        const month = Number(d.slice(0, 2));
        const year = d.length === 6 ? Number(d.slice(2)) : 2000 + Number(d.slice(2));
        const now = new Date();
        if (month < 1 || month > 12 || year > now.getFullYear() + 50) return w.wrong;
        return year < now.getFullYear() || (year === now.getFullYear() && month < now.getMonth() + 1) ? w.past : '';
      }
      case 'cvc':
        return /^\d+$/.test(raw) && d.length === (amex() ? 4 : 3) ? '' : amex() ? w.wrong4 : w.wrong;
      default:
        return /^\d{5}(-?\d{4})?$/.test(raw.replace(/\s/g, '')) ? '' : w.wrong;
    }
  }

  function show(field, text) {
    const el = document.getElementById(field + '-error');
    el.textContent = text;
    el.hidden = !text;
    const box = input[field];
    if (!box) return;
    if (text) box.setAttribute('aria-invalid', 'true');
    else box.removeAttribute('aria-invalid');
    box.closest('.field').classList.toggle('bad', Boolean(text));
  }

  // check shows every problem, moves to the first field that has one, and returns its words.
  function check() {
    show('form', '');
    let first = '';
    for (const f of fields) {
      const text = problem(f);
      show(f, text);
      if (text && !first) {
        first = text;
        window.focus();
        input[f].focus();
      }
    }
    return first;
  }

  const invalid = (message, code) => ({ error: { type: 'validation_error', code: code || 'incomplete_card', message } });

  // Which field a refusal of the server belongs to, and its words.
  const refusals = {
    sandbox_unknown_card: ['number', 'unknown'],
    incorrect_number: ['number', 'wrong'],
    invalid_expiry_month: ['exp', 'wrong'],
    invalid_expiry_year: ['exp', 'past'],
    invalid_cvc: ['cvc', 'wrong'],
    invalid_zip: ['zip', 'wrong'],
  };

  function refused(error) {
    const [field, word] = refusals[error.code] || ['form', 'down'];
    const text = words[field][word];
    show(field, text);
    if (input[field]) {
      window.focus();
      input[field].focus();
    }
    return { error: { type: 'card_error', code: error.code || 'api_error', message: text } };
  }

  async function makeToken(setupFutureUsage) {
    const wrong = check();
    if (wrong) return invalid(wrong);
    const exp = digits(input.exp.value);
    const body = new URLSearchParams({
      key,
      'payment_method_data[type]': 'card',
      'payment_method_data[card][number]': digits(input.number.value),
      'payment_method_data[card][exp_month]': exp.slice(0, 2),
      'payment_method_data[card][exp_year]': exp.slice(2),
      'payment_method_data[card][cvc]': input.cvc.value.trim(),
      'payment_method_data[billing_details][address][postal_code]': input.zip.value.trim(),
    });
    if (setupFutureUsage) body.set('setup_future_usage', setupFutureUsage);
    try {
      const answer = await fetch('/v1/confirmation_tokens', { method: 'POST', body });
      const value = await answer.json();
      return value.error ? refused(value.error) : { confirmationToken: { id: value.id, object: value.object } };
    } catch {
      return refused({});
    }
  }

  const variables = {
    colorPrimary: '--primary', colorBackground: '--background', colorText: '--text', colorTextSecondary: '--quiet',
    colorDanger: '--danger', colorBorder: '--border', fontFamily: '--font', fontSizeBase: '--size',
    borderRadius: '--radius', spacingUnit: '--space',
  };

  function look(appearance = {}) {
    const root = document.documentElement;
    root.dataset.theme = { night: 'dark', stripe: 'light', flat: 'light' }[appearance.theme] || 'auto';
    for (const [name, property] of Object.entries(variables)) {
      const value = appearance.variables?.[name];
      if (typeof value === 'string' && value) root.style.setProperty(property, value);
      else root.style.removeProperty(property);
    }
  }

  function formatNumber() {
    const d = digits(input.number.value).slice(0, 19);
    const groups = amex() ? [d.slice(0, 4), d.slice(4, 10), d.slice(10, 15)] : d.match(/.{1,4}/g) || [];
    input.number.value = groups.filter(Boolean).join(' ');
    input.cvc.maxLength = amex() ? 4 : 3;
  }

  function formatExp(event) {
    let d = digits(input.exp.value).slice(0, 6);
    if (/^[2-9]/.test(d)) d = '0' + d;
    const deleting = event.inputType?.startsWith('delete');
    if (d.length > 2) input.exp.value = d.slice(0, 2) + ' / ' + d.slice(2);
    else if (!deleting) input.exp.value = d.length === 2 ? d + ' / ' : d;
  }

  // Only reformat while the caret is at the end, so that editing in the middle does not jump.
  const atEnd = (el) => el.selectionStart === null || el.selectionStart === el.value.length;

  for (const f of fields) {
    input[f].addEventListener('input', (event) => {
      if (f === 'number' && atEnd(input.number)) formatNumber();
      if (f === 'exp' && atEnd(input.exp)) formatExp(event);
      if (input[f].getAttribute('aria-invalid')) show(f, problem(f));
      send('change', { complete: fields.every((x) => !problem(x)), empty: fields.every((x) => !input[x].value) });
    });
    input[f].addEventListener('blur', () => { if (input[f].value.trim()) show(f, problem(f)); });
  }
  window.addEventListener('focusin', () => send('focus'));
  window.addEventListener('focusout', () => send('blur'));
  document.getElementById('card').addEventListener('submit', (event) => {
    event.preventDefault();
    if (!check()) send('enter');
  });

  window.addEventListener('message', async (event) => {
    if (event.origin !== parentOrigin || event.source !== window.parent) return;
    const m = event.data;
    if (!m || m.channel !== channel) return;
    const answer = (result) => send('answer', { n: m.n, result });
    switch (m.kind) {
      case 'look': look(m.appearance); break;
      case 'focus': input.number.focus(); break;
      case 'clear':
        for (const f of fields) { input[f].value = ''; show(f, ''); }
        break;
      case 'submit': {
        const wrong = check();
        answer(wrong ? invalid(wrong) : {});
        break;
      }
      case 'token': answer(await makeToken(m.setupFutureUsage)); break;
    }
  });

  new ResizeObserver(() => send('height', { pixels: document.getElementById('card').getBoundingClientRect().height }))
    .observe(document.getElementById('card'));
  send('hello');
  send('ready');
})();
