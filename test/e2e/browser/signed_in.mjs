// A member signs in, pays by card, keeps the card, pays with it, and finds both payments in the history.
import { assert, finish, newPage, noProblems, scenario, screenshot } from './lib.mjs';
import { account, anotherPayment, choose, confirmation, fillCard, pay, signIn, toChoice, toReview } from './journey.mjs';
import { t } from './words.mjs';

for (const look of [{ lang: 'en', dark: true }, { lang: 'es', width: 390, height: 844 }]) {
  scenario(`pays, keeps the card, pays with it (${look.lang})`, async () => {
    const page = await newPage(look);
    const { lang } = look;
    await signIn(page, account(lang === 'en' ? 0 : 1));
    await screenshot(page, `bills-${lang}`);
    await toChoice(page);
    await choose(page, { amount: '2.01' });
    await fillCard(page, { number: '4242424242424242' });
    await page.getByRole('checkbox', { name: t(lang, 'method.card.save') }).check();
    assert.equal(await toReview(page), '$2.01');
    await pay(page);
    const first = await confirmation(page);

    await anotherPayment(page);
    await choose(page, { amount: '2.02' });
    await page.getByRole('radio', { name: /4242/ }).first().check();
    assert.equal(await toReview(page), '$2.02');
    await pay(page);
    const second = await confirmation(page);
    assert.notEqual(second.number, first.number);

    await page.getByRole('link', { name: t(lang, 'shell.nav.payments'), exact: true }).first().click();
    await page.getByRole('heading', { level: 1, name: t(lang, 'history.title'), exact: true }).waitFor();
    const history = await page.getByRole('main').innerText();
    for (const { number } of [first, second]) assert.ok(history.includes(number), `${number} is in the history`);
    await screenshot(page, `history-${lang}`);

    await page.getByLabel(t(lang, 'history.search')).fill(second.number);
    await page.getByRole('button', { name: t(lang, 'history.search.button'), exact: true }).click();
    await page.waitForURL(/\?/);
    const one = await page.getByRole('main').innerText();
    assert.ok(one.includes(second.number) && !one.includes(first.number), 'the search keeps only what matches');
    noProblems(page);
  });
}

scenario('a wrong password says so and keeps the email', async () => {
  const page = await newPage();
  await page.goto('/sign-in');
  await page.getByLabel(t('en', 'signin.email'), { exact: true }).fill(account(2).email);
  await page.getByLabel(t('en', 'signin.password'), { exact: true }).fill('not the password');
  await page.getByRole('main').getByRole('button', { name: t('en', 'signin.button'), exact: true }).click();
  await page.getByText(t('en', 'signin.wrong')).first().waitFor();
  assert.equal(await page.getByLabel(t('en', 'signin.email'), { exact: true }).inputValue(), account(2).email);
  noProblems(page);
});

scenario('another person cannot open the payment', async () => {
  const owner = await newPage();
  await signIn(owner, account(0));
  await toChoice(owner);
  await choose(owner, { amount: '2.03' });
  await fillCard(owner);
  await toReview(owner);
  await pay(owner);
  const { ref } = await confirmation(owner);
  for (const stranger of [await newPage(), await newPage()]) {
    if (stranger !== owner) await stranger.goto('/');
    const answer = await stranger.goto(`/payments/${ref}`);
    assert.ok(!(await stranger.locator('body').innerText()).includes('$2.03'), 'the amount is not shown to a stranger');
    assert.ok([403, 404].includes(answer.status()) || !new URL(answer.url()).pathname.includes(ref), `status ${answer.status()} for a stranger`);
  }
  const other = await newPage();
  await signIn(other, account(2));
  const answer = await other.goto(`/payments/${ref}`);
  assert.equal(answer.status(), 404);
});

await finish();
