// A guest pays by bank account: English, a desktop, light.
import { assert, finish, newPage, noProblems, scenario, screenshot } from './lib.mjs';
import { at, choose, fillBank, fillGuest, findGuest, next, openHome, pay, payByBank, person, confirmation, button, toReview } from './journey.mjs';
import { t } from './words.mjs';

scenario('the first page offers every way in', async () => {
  const page = await newPage();
  for (const path of ['/', '/payonline']) {
    await openHome(page, path);
    for (const key of ['home.signin', 'home.guest']) await button(page, key).first().waitFor();
    for (const key of ['home.create', 'home.find_id', 'home.help']) {
      await page.getByRole('link', { name: t('en', key), exact: true }).first().waitFor();
    }
    assert.match(await page.locator('body').innerText(), /555-?01\d\d/, 'a phone number is on the page');
  }
  await screenshot(page, 'home');
  noProblems(page);
});

scenario('from the letter to the receipt', async () => {
  const page = await newPage();
  const who = person(0);
  await findGuest(page, who);
  await screenshot(page, 'choose');
  await choose(page, { amount: '10.01' });
  await fillBank(page, who, { email: 'payer@example.com' });
  await screenshot(page, 'method');
  assert.equal(await toReview(page), '$10.01');
  const review = await page.getByRole('main').innerText();
  assert.match(review, /authorize/, 'the authorization text is shown before the button');
  assert.ok(!review.includes('https'), 'no address stands in the text');
  await screenshot(page, 'review');
  await pay(page);
  const paid = await confirmation(page, 'pending');
  assert.ok(paid.text.includes('$10.01'));
  await screenshot(page, 'submitted');

  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: t('en', 'paid.receipt'), exact: true }).click();
  const stream = await (await download).createReadStream();
  const head = (await stream.take(1).toArray())[0].subarray(0, 5).toString();
  assert.equal(head, '%PDF-');
  const print = t('en', 'shell.print');
  await page.getByRole('button', { name: print, exact: true }).or(page.getByRole('link', { name: print, exact: true })).first().waitFor();
  noProblems(page);
});

scenario('the same look-up with the number as people write it', async () => {
  const page = await newPage();
  const who = person(1);
  const spaced = ` ${who.member_id.toLowerCase().replace(/(.{3})/g, '$1 - ')} `;
  await openHome(page);
  await button(page, 'home.guest').click();
  await at(page, 'find.title');
  await fillGuest(page, who, spaced);
  await next(page);
  await at(page, 'choose.title');
  noProblems(page);
});

scenario('a wrong date of birth says one neutral sentence', async () => {
  const page = await newPage();
  const who = person(1);
  await page.goto('/pay');
  await fillGuest(page, { ...who, date_of_birth: '1950-01-02' });
  await next(page);
  await page.getByText(t('en', 'find.not_found')).first().waitFor();
  await at(page, 'find.title');
  noProblems(page);
});

scenario('pending money is not asked for again', async () => {
  const page = await newPage();
  const who = person(2);
  await findGuest(page, who);
  await choose(page, { amount: '5.00' });
  await payByBank(page, who);
  await findGuest(page, who);
  assert.match(await page.getByRole('main').innerText(), /\$5\.00 is already on its way/);
  noProblems(page);
});

await finish();
