// 3-D Secure: the payer's bank wants to see the payer. Passed, failed and abandoned each end on the truth.
import { assert, finish, newPage, noProblems, scenario } from './lib.mjs';
import { at, choose, confirmation, fillCard, findGuest, heading, pay, person, toReview } from './journey.mjs';
import { t } from './words.mjs';

const asks = '4000002760003184';

// toBank pays with a card that asks for a challenge and ends on the bank's own page.
async function toBank(page, number = asks) {
  await findGuest(page, person(0));
  await choose(page, { amount: '3.01' });
  await fillCard(page, { number });
  await toReview(page);
  await pay(page);
  const onward = page.getByRole('link', { name: t('en', 'state.action_required.button') })
    .or(page.getByRole('button', { name: t('en', 'state.action_required.button') }));
  await onward.or(page.getByRole('button', { name: 'Complete' })).first().waitFor();
  if (await onward.first().isVisible()) {
    await confirmation(page, 'action_required');
    await onward.first().click();
  }
  await page.getByRole('button', { name: 'Complete' }).waitFor();
}

scenario('passed: the payment is received', async () => {
  const page = await newPage();
  await toBank(page);
  await page.getByRole('button', { name: 'Complete' }).click();
  await confirmation(page, 'succeeded');
  noProblems(page);
});

scenario('failed: nothing is charged, and the page says why and what next', async () => {
  const page = await newPage();
  await toBank(page);
  await page.getByRole('button', { name: 'Fail' }).click();
  await at(page, 'state.failed.title');
  assert.ok((await page.getByRole('main').innerText()).includes(t('en', 'decline.authentication')));
  noProblems(page);
});

scenario('passed, then declined by the bank', async () => {
  const page = await newPage();
  await toBank(page, '4000008400001629');
  await page.getByRole('button', { name: 'Complete' }).click();
  await at(page, 'state.failed.title');
  noProblems(page);
});

scenario('abandoned: the page keeps telling the truth, and it can be finished later', async () => {
  const page = await newPage();
  await toBank(page);
  const bank = page.url();
  await page.goto('/');
  await page.goBack();
  await page.goto(bank);
  await page.getByRole('button', { name: 'Complete' }).click();
  await heading(page, 'state.succeeded.title').waitFor();
  noProblems(page);
});

await finish();
