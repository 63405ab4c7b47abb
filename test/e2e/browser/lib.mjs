// What every browser test needs: a browser, the demo's card of members and test numbers, and checks of a whole page.
// A test file is a list of scenarios; it runs against the demo named by MEMBERPAY_DEMO (the path of demo.json) and exits
// non-zero where a scenario failed. MEMBERPAY_SHOTS keeps pictures of pages in a folder; MEMBERPAY_ONLY runs only the
// scenarios with this in their name.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

export { assert };

export const demo = JSON.parse(readFileSync(process.env.MEMBERPAY_DEMO, 'utf8'));
const axeScript = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const shots = process.env.MEMBERPAY_SHOTS || mkdtempSync(join(tmpdir(), 'memberpay-shots-'));
mkdirSync(shots, { recursive: true });

const list = [];

// scenario adds a test to this file.
export function scenario(name, run) {
  if (name.includes(process.env.MEMBERPAY_ONLY ?? '')) list.push({ name, run });
}

let browser;
let open = [];

// finish runs the scenarios in order and ends the process: 0 where all passed.
export async function finish() {
  const profile = mkdtempSync(join(tmpdir(), 'memberpay-chromium-'));
  browser = await chromium.launch({
    executablePath: process.env.MEMBERPAY_CHROMIUM || '/usr/bin/chromium',
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', `--disk-cache-dir=${profile}`],
  });
  let failed = 0;
  for (const { name, run } of list) {
    const start = Date.now();
    try {
      await run();
      console.log(`ok      ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
    } catch (err) {
      failed++;
      console.log(`FAILED  ${name}\n${indent((err.stack || String(err)).replace(/\x1b\[\d+m/g, ''))}`);
      await tell(name);
    }
    await Promise.all(open.map(({ context }) => context.close().catch(() => {})));
    open = [];
  }
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
  if (!process.env.MEMBERPAY_SHOTS && failed === 0) rmSync(shots, { recursive: true, force: true });
  console.log(`${list.length - failed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

// tell prints what the last page looked like when a scenario failed.
async function tell(name) {
  for (const { page } of open) {
    if (page.isClosed()) continue;
    const file = join(shots, `failed-${name.replace(/[^a-z0-9]+/gi, '-')}-${open.findIndex((o) => o.page === page)}.png`);
    await page.screenshot({ path: file, fullPage: true }).catch(() => {});
    const text = await page.locator('body').innerText({ timeout: 2000 }).catch(() => '(no text)');
    console.log(indent(`at ${page.url()} (picture: ${file})\n${text.slice(0, 3000)}`));
  }
}

const indent = (text) => text.replace(/^/gm, '        ');

// newPage opens a page in a fresh profile: no cookies, no cache. Every answer of 500 or above and every script error
// on it fails the scenario at the next check() or at the end of a journey.
export async function newPage({ lang = 'en', width = 1280, height = 900, dark = false, javaScriptEnabled = true, scale = 1,
  axe = false } = {}) {
  const context = await browser.newContext({
    baseURL: demo.url,
    locale: lang === 'es' ? 'es-US' : 'en-US',
    viewport: { width, height },
    deviceScaleFactor: scale,
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    javaScriptEnabled,
    bypassCSP: axe,
  });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  page.lang = lang;
  page.scripts = javaScriptEnabled;
  page.problems = [];
  page.on('pageerror', (err) => page.problems.push(`script error: ${err.message}`));
  page.on('console', (m) => {
    if (m.type() === 'error' && /Content Security Policy|Refused to/.test(m.text())) page.problems.push(m.text());
  });
  page.on('response', (r) => {
    if (r.status() >= 500) page.problems.push(`${r.status()} for ${r.request().method()} ${r.url()}`);
  });
  open.push({ context, page });
  return page;
}

// noProblems fails where the page, or anything it loaded since it was opened, went wrong.
export function noProblems(page) {
  assert.deepEqual(page.problems, []);
}

// axe fails on any accessibility violation of the page and its frames. The page must have been opened with {axe: true},
// which lets the checker in past the content security policy. Without contrast, colors are left out: where they are the
// system's own, the checker reads others than those on the screen.
export async function axe(page, what, { contrast = true } = {}) {
  if (!page.scripts) return asItStands(page, (copy) => axe(copy, what, { contrast }));
  for (const frame of page.frames()) {
    if (!(await frame.evaluate(() => 'axe' in globalThis))) await frame.addScriptTag({ path: axeScript });
  }
  const options = { resultTypes: ['violations'], preload: false, rules: { 'color-contrast': { enabled: contrast } } };
  const { violations } = await page.evaluate((o) => globalThis.axe.run(document, o), options);
  const lines = violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => `${n.target.flat().join(' ')} ${n.html}`).join('\n  ')}`);
  assert.equal(lines.length, 0, `${what} (${page.url()}) breaks accessibility rules:\n${lines.join('\n')}`);
}

// asItStands hands check a copy of a page that runs no scripts, in a page that does, because the checker is one. The copy has
// what was typed and chosen, and shows what only browsers without scripts show.
async function asItStands(page, check) {
  const { html, dark } = await page.evaluate(() => {
    const copy = document.documentElement.cloneNode(true);
    const typed = document.querySelectorAll('input');
    copy.querySelectorAll('input').forEach((e, i) => {
      e.setAttribute('value', typed[i].value);
      e.toggleAttribute('checked', typed[i].checked);
    });
    copy.querySelectorAll('script').forEach((e) => e.remove());
    copy.querySelectorAll('noscript').forEach((e) => {
      const shown = document.createElement('div');
      shown.append(...e.childNodes);
      e.replaceWith(shown);
    });
    return { html: `<!doctype html>${copy.outerHTML}`, dark: matchMedia('(prefers-color-scheme: dark)').matches };
  });
  const copy = await newPage({ lang: page.lang, ...page.viewportSize(), dark, axe: true });
  const address = page.url().replace(/#.*/, '');
  await copy.route((url) => url.href === address, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: html }));
  await copy.goto(address);
  await check(copy);
  await copy.context().close();
}

// noHorizontalScroll fails where the page is wider than the window, or hides that it is.
export async function noHorizontalScroll(page, what) {
  const got = await page.evaluate(() => {
    const root = document.documentElement;
    const hidden = [root, document.body].some((e) => ['hidden', 'clip'].includes(getComputedStyle(e).overflowX));
    const wide = [...document.querySelectorAll('body *')]
      .filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1 && !e.closest('[data-scroll], .visually-hidden'))
      .slice(0, 3).map((e) => e.outerHTML.slice(0, 160));
    return { scroll: root.scrollWidth, client: root.clientWidth, hidden, wide };
  });
  assert.ok(!got.hidden, `${what} (${page.url()}) hides horizontal overflow instead of avoiding it`);
  assert.ok(got.scroll <= got.client, `${what} (${page.url()}) is ${got.scroll} px wide in a window of ${got.client}:\n${got.wide.join('\n')}`);
}

// wholeWords fails where a word of a table is broken in the middle though its column could be wider.
export async function wholeWords(page, what) {
  const broken = await page.evaluate(() => {
    const out = [];
    for (const cell of document.querySelectorAll('th, td')) {
      const walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
      for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        for (const { 0: word, index } of node.data.matchAll(/[\p{L}\p{N}.,$@’]+/gu)) {
          const range = document.createRange();
          range.setStart(node, index);
          range.setEnd(node, index + word.length);
          if (word.length < 20 && new Set([...range.getClientRects()].map((r) => Math.round(r.top))).size > 1) out.push(word);
        }
      }
    }
    return out;
  });
  assert.deepEqual(broken, [], `${what} (${page.url()}) breaks words of a table`);
}

// screenshot keeps a picture of the whole page where MEMBERPAY_SHOTS names a folder.
export async function screenshot(page, name) {
  if (process.env.MEMBERPAY_SHOTS) await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
}

// looks are the ways a page is looked at. Together the two languages see both widths, light and dark.
const looks = { en: [[320, 'dark'], [1280, 'light']], es: [[320, 'light'], [1280, 'dark']] };

// look inspects the page where it stands.
export async function look(page, name) {
  for (const [width, colorScheme] of looks[page.lang]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await noHorizontalScroll(page, `${name} ${width}`);
    await wholeWords(page, `${name} ${width}`);
    await axe(page, `${name} ${width} ${colorScheme}`);
    await screenshot(page, `${page.lang}-${name}-${width}-${colorScheme}`);
  }
}
