// Every page of the main job, in both languages, light and dark, on a small phone and a desktop: no accessibility
// violation, no horizontal scroll, one first heading, the right language.
import { assert, axe, finish, newPage, noHorizontalScroll, noProblems, scenario, screenshot } from './lib.mjs';
import { account, anotherPayment, at, button, choose, confirmation, field, fillBank, fillCard, findGuest, next, openHome, pay, person, radio, signIn,
  toChoice, toReview } from './journey.mjs';
import { t } from './words.mjs';

const windows = { phone: { width: 320, height: 640 }, desktop: { width: 1280, height: 900 } };
const zoomed = { width: 320, height: 225 }; // a window of 1280 x 900 at 400 % zoom, in CSS pixels

// inspect looks at the page where it stands in every look; the person's answers stay.
async function inspect(page, what) {
  assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, `${what} has one first heading`);
  assert.equal(await page.locator('html').getAttribute('lang'), page.lang, what);
  assert.ok((await page.title()).length > 5, `${what} has a title`);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const [size, window] of Object.entries(windows)) {
      await page.setViewportSize(window);
      const look = `${what} ${page.lang} ${colorScheme} ${size}`;
      await noHorizontalScroll(page, look);
      await axe(page, look);
      await screenshot(page, look.replaceAll(' ', '-'));
    }
  }
  await page.setViewportSize(zoomed);
  await noHorizontalScroll(page, `${what} ${page.lang} zoomed`);
  await page.setViewportSize(windows.desktop);
}

async function guestPages(page) {
  await openHome(page);
  await inspect(page, 'home');
  for (const key of ['home.create', 'home.find_id', 'home.help']) {
    await openHome(page);
    await page.getByRole('link', { name: t(page.lang, key), exact: true }).first().click();
    await page.waitForURL((url) => url.pathname !== '/');
    await inspect(page, key);
  }
  await page.goto('/pay');
  await at(page, 'find.title');
  await inspect(page, 'find');
  await next(page);
  await inspect(page, 'find-mistakes');
  await findGuest(page, person(0));
  await inspect(page, 'choose');
  await radio(page, 'choose.other').check();
  await field(page, 'choose.other.amount').fill('x');
  await next(page);
  await inspect(page, 'choose-mistakes');
  await choose(page, { amount: '1.01' });
  await inspect(page, 'method');
  await radio(page, 'method.bank').check();
  await inspect(page, 'method-bank');
  await next(page);
  await inspect(page, 'method-mistakes');
  await fillBank(page, person(0));
  await toReview(page);
  await inspect(page, 'review-bank');
  await pay(page);
  await confirmation(page, 'pending');
  await inspect(page, 'submitted');
  const gone = await page.goto('/no-such-page');
  assert.equal(gone.status(), 404);
  await inspect(page, 'not-found');
}

async function cardPages(page) {
  await findGuest(page, person(1));
  await choose(page, { amount: '1.02' });
  await fillCard(page, { number: '4000000000000002' });
  await inspect(page, 'method-card');
  await toReview(page);
  await inspect(page, 'review-card');
  await pay(page);
  await at(page, 'state.failed.title');
  await inspect(page, 'declined');
  await anotherPayment(page);
  await choose(page, { amount: '1.03' });
  await fillCard(page);
  await toReview(page);
  await pay(page);
  await confirmation(page, 'succeeded');
  await inspect(page, 'received');
}

async function memberPages(page) {
  await openHome(page);
  await button(page, 'home.signin').first().click();
  await field(page, 'signin.email').waitFor();
  await inspect(page, 'signin');
  await signIn(page, account(0));
  await inspect(page, 'bills');
  const see = page.getByRole('main').getByRole('link', { name: new RegExp(t(page.lang, 'bills.see')) }).first();
  await see.click();
  await page.waitForURL((url) => url.pathname !== '/bills');
  await inspect(page, 'bill');
  await page.goto('/bills');
  await toChoice(page);
  await inspect(page, 'choose-member');
  await page.getByRole('link', { name: t(page.lang, 'shell.nav.payments'), exact: true }).first().click();
  await page.getByRole('heading', { level: 1, name: t(page.lang, 'history.title'), exact: true }).waitFor();
  await inspect(page, 'history');
}

for (const lang of ['en', 'es']) {
  for (const [name, walk] of Object.entries({ 'a guest, by bank account': guestPages, 'a guest, by card': cardPages, 'a member': memberPages })) {
    scenario(`${name} (${lang})`, async () => {
      const page = await newPage({ lang, axe: true });
      await walk(page);
      noProblems(page);
    });
  }
}

await finish();
