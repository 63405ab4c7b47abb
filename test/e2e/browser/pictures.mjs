// Takes the pictures of the README from the running demo into the folder MEMBERPAY_SHOTS.
import { finish, newPage, scenario, screenshot } from './lib.mjs';
import { account, choose, confirmation, fillCard, pay, signIn, toChoice, toReview } from './journey.mjs';

async function walk(page, suffix, who) {
  await signIn(page, who);
  await screenshot(page, `bills${suffix}`);
  await toChoice(page);
  await choose(page, { count: 2 });
  await fillCard(page, { email: 'sam@example.com' });
  await toReview(page);
  await screenshot(page, `review${suffix}`);
  await pay(page);
  await confirmation(page);
  await screenshot(page, `confirmation${suffix}`);
}

scenario('review and confirmation, light', async () => {
  await walk(await newPage({ width: 1100, height: 900 }), '', account(0));
});

scenario('review and confirmation, on a phone, dark, in Spanish', async () => {
  await walk(await newPage({ lang: 'es', width: 390, height: 844, dark: true, scale: 2 }), '-phone', account(1));
});

await finish();
