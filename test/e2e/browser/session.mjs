// The end of a session (WCAG 2.2.1): a warning two minutes before, a way to stay, and what is said after. The clock is the
// browser's own and runs ahead; the server's stays where it is.
import { assert, axe, demo, finish, newPage, noProblems, scenario } from './lib.mjs';
import { findGuest, person, signIn } from './journey.mjs';
import { t } from './words.mjs';

const minutes = (n) => n * 60_000;

async function warned(page, after) {
  await page.clock.fastForward(after);
  const dialog = page.getByRole('alertdialog');
  await dialog.waitFor();
  return dialog;
}

scenario('a member is warned, stays, and is told when it is over', async () => {
  const page = await newPage({ axe: true });
  await page.clock.install();
  await signIn(page);
  await page.goto('/payments');
  assert.equal(await page.getByRole('alertdialog').count(), 0, 'a warning at the beginning');
  await page.clock.fastForward(minutes(27));
  assert.equal(await page.getByRole('alertdialog').count(), 0, 'a warning after 27 minutes');
  const soon = await warned(page, minutes(1.5));
  await page.getByRole('heading', { name: t(page.lang, 'shell.session.soon') }).waitFor();
  const stay = soon.getByRole('button', { name: t(page.lang, 'shell.session.stay') });
  assert.ok(await stay.evaluate((b) => b === document.activeElement), 'the button to stay has the focus');
  await axe(page, 'the end of a session');
  await page.keyboard.press('Enter');
  await soon.waitFor({ state: 'hidden' });

  await warned(page, minutes(28.5));
  await page.clock.fastForward(minutes(2));
  await page.getByRole('heading', { name: t(page.lang, 'shell.session.over') }).waitFor();
  await axe(page, 'the end of a session');
  await page.keyboard.press('Escape');
  const again = page.getByRole('alertdialog').getByRole('link', { name: t(page.lang, 'shell.signin') });
  assert.equal(new URL(await again.getAttribute('href'), demo.url).search, '?to=%2Fpayments');
});

scenario('a page in another tab keeps this one open', async () => {
  const page = await newPage({ lang: 'es' });
  await page.clock.install();
  await findGuest(page, person(0));
  const soon = await warned(page, minutes(28.5));
  const other = await page.context().newPage({ axe: true });
  await other.goto('/bills');
  await soon.waitFor({ state: 'hidden' });
  noProblems(page);
});

await finish();
