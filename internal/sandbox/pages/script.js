// The browser side of the sandbox's card processor: the same small surface as Stripe.js.
// Card fields live in a frame on this script's own origin; the page only ever sees a one-time token.
(() => {
  'use strict';
  const origin = new URL(document.currentScript.src).origin;
  const titles = { en: 'Card details', es: 'Datos de la tarjeta' };
  let count = 0;

  const language = (locale) => {
    const wanted = !locale || locale === 'auto' ? document.documentElement.lang || navigator.language : locale;
    return String(wanted).toLowerCase().startsWith('es') ? 'es' : 'en';
  };

  class Element {
    constructor(key, options) {
      this.key = key;
      this.options = options;
      this.listeners = {};
      this.waiting = new Map();
      this.asked = 0;
      this.channel = 'card-' + ++count;
      this.receive = this.receive.bind(this);
      this.up = new Promise((resolve) => { this.isUp = resolve; });
    }

    on(name, fn) { (this.listeners[name] ||= []).push(fn); return this; }
    once(name, fn) {
      const wrapped = (e) => { this.off(name, wrapped); fn(e); };
      return this.on(name, wrapped);
    }
    off(name, fn) {
      this.listeners[name] = (this.listeners[name] || []).filter((f) => fn && f !== fn);
      return this;
    }
    fire(name, more) {
      for (const fn of [...(this.listeners[name] || [])]) fn({ elementType: 'payment', ...more });
    }

    mount(target) {
      const place = typeof target === 'string' ? document.querySelector(target) : target;
      if (!place) throw new Error('mount: nothing on the page matches ' + target);
      const lang = language(this.options.locale);
      const frame = document.createElement('iframe');
      frame.title = titles[lang];
      frame.name = this.channel;
      const query = new URLSearchParams({ key: this.key, locale: lang, channel: this.channel, parent: window.location.origin });
      frame.src = origin + '/v3/frame?' + query;
      // Through the CSS object model only: a strict style policy forbids style attributes in markup.
      Object.assign(frame.style, { border: '0', width: '100%', height: '21rem', display: 'block' });
      window.addEventListener('message', this.receive);
      place.replaceChildren(frame);
      this.frame = frame;
      const late = setTimeout(() => this.fire('loaderror', { error: { type: 'api_error', message: 'The card fields did not load.' } }), 15000);
      this.up.then(() => clearTimeout(late));
      return this;
    }

    unmount() {
      window.removeEventListener('message', this.receive);
      this.frame?.remove();
      this.frame = null;
    }
    destroy() { this.unmount(); }
    focus() { this.frame?.focus(); this.tell('focus'); }
    blur() { this.frame?.blur(); }
    clear() { this.tell('clear'); }
    update(options) { Object.assign(this.options, options); this.tell('look', { appearance: this.options.appearance }); }

    tell(kind, more) {
      this.frame?.contentWindow?.postMessage({ channel: this.channel, kind, ...more }, origin);
    }

    // ask sends a question to the frame and waits for its answer.
    async ask(kind, more) {
      if (!this.frame) throw new Error('The card fields are not on the page. Call mount first.');
      await this.up;
      const n = ++this.asked;
      return new Promise((resolve) => {
        this.waiting.set(n, resolve);
        this.tell(kind, { n, ...more });
      });
    }

    receive(event) {
      if (event.origin !== origin || event.source !== this.frame?.contentWindow) return;
      const m = event.data;
      if (!m || m.channel !== this.channel) return;
      switch (m.kind) {
        case 'hello':
          this.tell('look', { appearance: this.options.appearance });
          this.isUp();
          break;
        case 'ready':
          this.fire('ready');
          break;
        case 'height':
          if (m.pixels > 0 && m.pixels < 4000) this.frame.style.height = Math.ceil(m.pixels) + 'px';
          break;
        case 'change':
          this.fire('change', { complete: m.complete, empty: m.empty, collapsed: false, value: { type: 'card' } });
          break;
        case 'focus':
        case 'blur':
          this.fire(m.kind);
          break;
        case 'enter':
          this.frame.closest('form')?.requestSubmit();
          break;
        case 'answer':
          this.waiting.get(m.n)?.(m.result);
          this.waiting.delete(m.n);
          break;
      }
    }
  }

  class Elements {
    constructor(key, options) { this.key = key; this.options = options; this.element = null; }
    create(type, options = {}) {
      if (type !== 'payment') throw new Error('elements.create: the sandbox knows the payment element only');
      this.element = new Element(this.key, { ...this.options, ...options });
      return this.element;
    }
    getElement(type) { return type === 'payment' ? this.element : null; }
    update(options) { Object.assign(this.options, options); this.element?.update(options); }
    async submit() {
      if (!this.element) throw new Error('elements.submit: create and mount an element first');
      this.element.frame?.focus();
      return this.element.ask('submit');
    }
  }

  window.Stripe = (key) => {
    if (typeof key !== 'string' || !key.startsWith('pk_')) throw new Error('Stripe: a publishable key is needed');
    return {
      elements: (options = {}) => new Elements(key, { ...options }),
      async createConfirmationToken({ elements }) {
        const element = elements.getElement('payment');
        if (!element) throw new Error('createConfirmationToken: create and mount an element first');
        return element.ask('token', { setupFutureUsage: elements.options.setupFutureUsage || '' });
      },
    };
  };
})();
