// What a hand on the keyboard does: go to an element with Tab, press it, type into it, choose. Each stop must have a
// focus that can be seen and that nothing covers.
import { assert } from './lib.mjs';

// tabTo presses Tab until the element has the focus, and fails where it never does, or the focus cannot be seen there.
export async function tabTo(page, locator, key = 'Tab') {
  await locator.waitFor();
  for (let i = 0; i < 120; i++) {
    if (await locator.evaluate((e) => e === e.getRootNode().activeElement)) {
      await focusSeen(locator);
      return;
    }
    await page.keyboard.press(key);
  }
  assert.fail(`${key} never reached ${locator}`);
}

// focusSeen fails where an element that has the focus looks as it does without, lies outside the window, or is covered.
async function focusSeen(locator) {
  const { changed, covered } = await locator.evaluate((e) => {
    const near = [e, ...(e.labels || []), e.parentElement, e.parentElement?.parentElement].filter(Boolean);
    const look = () => near.flatMap((n) => [null, '::before', '::after'].map((part) => {
      const s = getComputedStyle(n, part);
      return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.borderColor, s.backgroundColor].join();
    })).join('|');
    const focused = look();
    e.blur();
    const plain = look();
    e.focus();
    const shown = [e, ...(e.labels || [])].filter((n) => n.getClientRects().length > 0);
    const seen = shown.some((n) => {
      const r = n.getClientRects()[0];
      const top = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
      return top !== null && (n.contains(top) || top.contains(n));
    });
    const r = e.getBoundingClientRect();
    return { changed: focused !== plain, covered: seen ? '' : `at ${Math.round(r.left)}, ${Math.round(r.top)} in a window of ${innerWidth} x ${innerHeight}` };
  });
  assert.ok(changed, `the focus on ${locator} cannot be seen`);
  assert.equal(covered, '', `the focus on ${locator} is covered or outside the window`);
}

export async function press(page, locator, key = 'Enter') {
  await tabTo(page, locator);
  await page.keyboard.press(key);
}

export async function type(page, locator, text) {
  await tabTo(page, locator);
  await page.keyboard.type(text);
}

// tick checks a checkbox.
export async function tick(page, locator) {
  await tabTo(page, locator);
  if (!(await locator.isChecked())) await page.keyboard.press('Space');
}

// pick moves to a radio group with Tab and to the choice with the arrow keys, as a browser does.
export async function pick(page, locator) {
  const name = await locator.getAttribute('name');
  const group = page.locator(`input[type=radio][name="${name}"]`);
  for (let i = 0; i < 120; i++) {
    if (await group.evaluateAll((all) => all.includes(document.activeElement))) break;
    await page.keyboard.press('Tab');
  }
  const n = await group.count();
  for (let i = 0; i <= n && !(await locator.evaluate((e) => e === document.activeElement)); i++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Space');
  assert.ok(await locator.isChecked(), `${locator} can be chosen with the keyboard`);
}
