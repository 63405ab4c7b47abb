// Without JavaScript the whole bank account path works, from the first page to the receipt.
import { assert, finish, newPage, noProblems, scenario } from './lib.mjs';
import { account, choose, fillBank, findGuest, payByBank, person, radio, signIn, toChoice, toReview } from './journey.mjs';
import { t } from './words.mjs';

for (const lang of ['en', 'es']) {
  scenario(`a guest pays by bank account (${lang})`, async () => {
    const page = await newPage({ lang, javaScriptEnabled: false });
    const who = person(lang === 'en' ? 0 : 1);
    await findGuest(page, who);
    await choose(page, { amount: '6.01' });
    const paid = await payByBank(page, who, { savings: true, email: 'payer@example.com' });
    assert.equal(paid.amount, '$6.01');
    const answer = await page.reload();
    assert.equal(answer.status(), 200);
    noProblems(page);
  });
}

scenario('a member signs in and pays by bank account', async () => {
  const page = await newPage({ javaScriptEnabled: false });
  await signIn(page, account(2));
  await toChoice(page);
  await choose(page, { amount: '6.02' });
  await payByBank(page, account(2));
  noProblems(page);
});

scenario('the card path says that it needs JavaScript', async () => {
  const page = await newPage({ javaScriptEnabled: false });
  await findGuest(page, person(0));
  await choose(page, { amount: '6.03' });
  await radio(page, 'method.card').check();
  // What stands in noscript is no element of its own to a locator, but a person reads it.
  assert.ok((await page.getByRole('main').innerText()).includes(t('en', 'method.card.noscript')));
  await fillBank(page, person(0));
  assert.equal(await toReview(page), '$6.03');
  noProblems(page);
});

await finish();
