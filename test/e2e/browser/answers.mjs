// Answers are kept and money moves once: Change links, back, refresh, a double click, two tabs, several bills.
import { assert, finish, newPage, noProblems, scenario } from './lib.mjs';
import { account, at, bankAccount, choose, confirmation, field, fillBank, fillCard, findGuest, heading, next, pay, payByCard,
  person, radio, signIn, toChoice, toReview } from './journey.mjs';
import { payButton, t } from './words.mjs';

const cents = (text) => Number(text.replace(/[^\d]/g, ''));

// change follows the n-th Change link of the review page.
async function change(page, n) {
  await page.getByRole('main').getByRole('link', { name: new RegExp(`^${t('en', 'shell.change')}`) }).nth(n).click();
}

scenario('every Change link leads back with the answers kept, and returns to the review', async () => {
  const page = await newPage();
  const who = person(0);
  await findGuest(page, who);
  await choose(page, { amount: '9.01' });
  await fillBank(page, who, { email: 'kept@example.com' });
  await toReview(page);
  const links = await page.getByRole('main').getByRole('link', { name: new RegExp(`^${t('en', 'shell.change')}`) }).count();
  assert.ok(links >= 3, `there are ${links} Change links`);
  for (let i = 0; i < links; i++) {
    await change(page, i);
    await page.getByRole('heading', { level: 1 }).waitFor();
    if (await heading(page, 'choose.title').isVisible()) {
      assert.ok(await radio(page, 'choose.other').isChecked());
      assert.equal(await field(page, 'choose.other.amount').inputValue(), '9.01');
      await next(page);
    }
    if (await heading(page, 'method.title').isVisible()) {
      assert.ok(await radio(page, 'method.bank').isChecked(), 'the bank account is still chosen');
      assert.equal(await field(page, 'method.email').inputValue(), 'kept@example.com');
      await next(page);
    }
    await at(page, 'review.title');
    assert.equal((await page.getByRole('button', { name: payButton('en') }).innerText()).trim(), 'Pay $9.01');
  }
  await change(page, 0);
  await at(page, 'choose.title');
  await field(page, 'choose.other.amount').fill('9.02');
  await next(page);
  if (await heading(page, 'method.title').isVisible()) await next(page);
  await at(page, 'review.title');
  await page.getByRole('button', { name: 'Pay $9.02', exact: true }).click();
  await confirmation(page, 'pending');
  noProblems(page);
});

scenario('back and refresh after paying show the payment, not a second one', async () => {
  const page = await newPage();
  const who = person(1);
  await findGuest(page, who);
  await choose(page, { amount: '9.03' });
  const first = await payByCard(page);
  await page.reload();
  assert.equal((await confirmation(page)).number, first.number);
  await page.goBack();
  await page.getByRole('heading', { level: 1 }).waitFor();
  const again = page.getByRole('button', { name: payButton('en') });
  if (await again.isVisible()) {
    await again.click();
    assert.equal((await confirmation(page)).number, first.number, 'the same payment answers');
  } else {
    assert.ok(!(await page.getByRole('main').innerText()).includes('No money moves until'), 'the page does not pretend to be a review');
  }
  noProblems(page);
});

scenario('a double click pays once', async () => {
  const page = await newPage();
  const who = person(2);
  await findGuest(page, who);
  const before = await alreadyPaid(page);
  await choose(page, { amount: '9.04' });
  await fillBank(page, who);
  await toReview(page);
  await page.getByRole('button', { name: payButton('en') }).dblclick();
  await confirmation(page, 'pending');
  await findGuest(page, who);
  assert.equal((await alreadyPaid(page)) - before, 904, 'one payment is on its way');
  noProblems(page);
});

// alreadyPaid adds up what the choice of bills says is on its way.
async function alreadyPaid(page) {
  const text = await page.getByRole('main').innerText();
  return [...text.matchAll(/(\$[\d,]+\.\d\d) is already on its way/g)].reduce((sum, m) => sum + cents(m[1]), 0);
}

scenario('the same review in two tabs pays once', async () => {
  const page = await newPage();
  await findGuest(page, person(0));
  await choose(page, { amount: '9.05' });
  await fillBank(page, person(0));
  await toReview(page);
  const twin = await page.context().newPage();
  Object.assign(twin, { lang: 'en', problems: [] });
  await twin.goto(page.url());
  await at(twin, 'review.title');
  await Promise.all([pay(page), pay(twin)]);
  const [one, two] = await Promise.all([confirmation(page, 'pending'), confirmation(twin, 'pending')]);
  assert.equal(one.number, two.number, 'both tabs land on the same payment');
  noProblems(page);
});

scenario('several bills at once, in full', async () => {
  const page = await newPage();
  await signIn(page, account(1));
  await toChoice(page);
  const boxes = page.getByRole('main').getByRole('checkbox');
  assert.ok((await boxes.count()) >= 2, 'the demo member has several bills');
  const labels = [];
  const n = await boxes.count();
  for (let i = 0; i < n; i++) labels.push(await boxes.nth(i).evaluate((e) => [...e.labels].map((l) => l.innerText).join(' ')));
  const want = labels.slice(0, 2).reduce((sum, l) => sum + cents(l.match(/\$[\d,]+\.\d\d/)[0]), 0);
  await choose(page, { count: 2 });
  await fillBank(page, account(1), { account: bankAccount() });
  assert.equal(cents(await toReview(page)), want);
  await pay(page);
  await confirmation(page, 'pending');
  noProblems(page);
});

scenario('a draft can be taken up again after leaving', async () => {
  const page = await newPage();
  await signIn(page, account(2));
  await toChoice(page);
  await choose(page, { amount: '9.06' });
  await page.goto('/bills');
  await page.goto('/');
  await page.getByRole('link', { name: t('en', 'draft.resume'), exact: true }).first().click();
  await at(page, 'method.title');
  await fillCard(page);
  assert.equal(await toReview(page), '$9.06');
  noProblems(page);
});

scenario('two people pay the same bill: neither is charged for what is no longer open', async () => {
  const [one, two] = [await newPage(), await newPage()];
  const who = person(3);
  for (const page of [one, two]) {
    await findGuest(page, who);
    await choose(page);
    await fillBank(page, who);
    await toReview(page);
  }
  await Promise.all([pay(one), pay(two)]);
  const submitted = t('en', 'state.pending.title');
  for (const page of [one, two]) {
    await page.waitForFunction((review) => !document.querySelector('h1')?.innerText.includes(review), t('en', 'review.title'), { timeout: 20_000 })
      .catch(() => {});
  }
  const pages = await Promise.all([one, two].map((page) => page.getByRole('heading', { level: 1 }).innerText()));
  assert.equal(pages.filter((h) => h.trim() === submitted).length, 1, `one payment was submitted: ${pages.join(' | ')}`);
  noProblems(one);
  noProblems(two);
});

await finish();
