// A guest pays by card: Spanish, a phone, dark.
import { assert, finish, newPage, noHorizontalScroll, noProblems, scenario, screenshot } from './lib.mjs';
import { card, choose, confirmation, fillCard, findGuest, pay, payByCard, person, toReview } from './journey.mjs';

const phone = { lang: 'es', width: 390, height: 844, dark: true, scale: 2 };

scenario('por tarjeta, de la carta al recibo', async () => {
  const page = await newPage(phone);
  await findGuest(page, person(0));
  assert.equal(await page.locator('html').getAttribute('lang'), 'es');
  await choose(page, { amount: '11.11' });
  await fillCard(page, { email: 'pagador@example.com' });
  await screenshot(page, 'metodo-es');
  assert.equal(await toReview(page), '$11.11');
  assert.match(await page.getByRole('main').innerText(), /4242/, 'the last four digits of the card');
  await noHorizontalScroll(page, 'review in Spanish');
  await screenshot(page, 'revision-es');
  await pay(page);
  const paid = await confirmation(page, 'succeeded');
  assert.ok(paid.text.includes('$11.11'));
  await noHorizontalScroll(page, 'confirmation in Spanish');
  await screenshot(page, 'recibido-es');
  noProblems(page);
});

for (const label of ['HSA or FSA card', 'American Express', 'Slow', 'Callbacks repeated', 'Callbacks out of order', 'Callback first']) {
  scenario(`succeeds: ${label}`, async () => {
    const page = await newPage();
    await findGuest(page, person(0));
    await choose(page, { amount: '1.01' });
    const paid = await payByCard(page, { number: card(label) });
    assert.ok(paid.text.includes('$1.01'));
    noProblems(page);
  });
}

scenario('the card number never reaches the server', async () => {
  const page = await newPage();
  const sent = [];
  page.on('request', (r) => sent.push([r.url(), r.postData() || '']));
  await findGuest(page, person(0));
  await choose(page, { amount: '1.02' });
  await payByCard(page, { number: '5555555555554444' });
  const ours = sent.filter(([url]) => new URL(url).origin === new URL(page.url()).origin);
  assert.ok(ours.length > 4);
  for (const [url, body] of ours) assert.ok(!/5555\D?5555\D?5555/.test(url + decodeURIComponent(body)), `the card number went to ${url}`);
  noProblems(page);
});

await finish();
