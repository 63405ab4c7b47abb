// Every page of the main job, in both languages, light and dark, on a small phone and a desktop: no accessibility
// violation, no horizontal scroll, one first heading, the right language.
import { assert, axe, finish, newPage, noHorizontalScroll, noProblems, scenario, screenshot } from './lib.mjs';
import { account, anotherPayment, at, button, choose, confirmation, field, fillBank, fillCard, findGuest, next, openHome, pay, person, radio, signIn,
  toChoice, toReview } from './journey.mjs';
import { t } from './words.mjs';

async function inspect(page, what) {
  await noHorizontalScroll(page, what);
  await axe(page, what);
  assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, `${what} has one first heading`);
  assert.equal(await page.locator('html').getAttribute('lang'), page.lang, what);
  assert.ok((await page.title()).length > 5, `${what} has a title`);
  await screenshot(page, `${what}-${page.look}`);
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
  await choose(page, { amount: '8.01' });
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
  await choose(page, { amount: '8.02' });
  await fillCard(page, { number: '4000000000000002' });
  await inspect(page, 'method-card');
  await toReview(page);
  await inspect(page, 'review-card');
  await pay(page);
  await at(page, 'state.failed.title');
  await inspect(page, 'declined');
  await anotherPayment(page);
  await choose(page, { amount: '8.03' });
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
  for (const dark of [false, true]) {
    for (const [size, window] of [['320', { width: 320, height: 640 }], ['1280', { width: 1280, height: 900 }]]) {
      const look = `${lang}-${dark ? 'dark' : 'light'}-${size}`;
      scenario(look, async () => {
        for (const walk of [guestPages, cardPages, memberPages]) {
          const page = await newPage({ lang, dark, axe: true, ...window });
          page.look = look;
          await walk(page);
          noProblems(page);
        }
      });
    }
  }
}

scenario('a window of 1280 px at 400 % zoom', async () => {
  const page = await newPage({ width: 320, height: 225, scale: 4, axe: true });
  page.look = 'zoomed';
  await guestPages(page);
  await memberPages(page);
  noProblems(page);
});

await finish();
