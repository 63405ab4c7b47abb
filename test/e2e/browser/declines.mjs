// A decline says its cause and the next step, and the same bill is then paid another way. An answer that never comes is
// never told as "not charged".
import { assert, axe, finish, newPage, noProblems, scenario, screenshot } from './lib.mjs';
import { anotherPayment, at, card, choose, confirmation, fillBank, fillCard, findGuest, pay, person, toReview } from './journey.mjs';
import { t } from './words.mjs';

const declines = [
  ['4000000000000002', 'generic'], ['4000000000009995', 'insufficient_funds'], ['4000000000009987', 'lost'],
  ['4000000000009979', 'stolen'], ['4000000000000069', 'expired'], ['4000000000000127', 'security_code'],
  ['4000000000000119', 'processing'], ['4000000000006975', 'velocity'], ['4100000000000019', 'fraud'],
];

scenario('each decline says its cause and what to do', async () => {
  const page = await newPage();
  await findGuest(page, person(0));
  for (const [number, reason] of declines) {
    await anotherPayment(page);
    await choose(page, { amount: '4.01' });
    await fillCard(page, { number });
    await toReview(page);
    await pay(page);
    await at(page, 'state.failed.title');
    const text = await page.getByRole('main').innerText();
    for (const key of [`decline.${reason}`, `decline.${reason}.next`]) assert.ok(text.includes(t('en', key)), `${number} says: ${t('en', key)}`);
    assert.ok(!/\berror\b/i.test(text), 'nobody is told "Error"');
  }
  noProblems(page);
});

scenario('declined by card, then paid by bank', async () => {
  const page = await newPage({ width: 390 });
  const who = person(1);
  await findGuest(page, who);
  await choose(page, { amount: '4.02' });
  await fillCard(page, { number: '4000000000009995' });
  await toReview(page);
  await pay(page);
  await at(page, 'state.failed.title');
  await screenshot(page, 'declined');
  const name = t('en', 'state.failed.other');
  await page.getByRole('link', { name, exact: true }).or(page.getByRole('button', { name, exact: true })).first().click();
  await at(page, 'method.title');
  await fillBank(page, who);
  assert.equal(await toReview(page), '$4.02', 'the answers are kept');
  await pay(page);
  await confirmation(page, 'pending');
  noProblems(page);
});

scenario('a wrong card number is refused in the form', async () => {
  const page = await newPage();
  await findGuest(page, person(0));
  await choose(page, { amount: '4.03' });
  await fillCard(page, { number: '4242424242424241' });
  await page.getByRole('button', { name: t('en', 'shell.continue'), exact: true }).click();
  await page.getByText(/card number/i).filter({ hasText: /Enter|Check|not/ }).first().waitFor();
  await at(page, 'method.title');
  noProblems(page);
});

scenario('no answer from the bank: do not pay again, and then the truth', async () => {
  const page = await newPage({ axe: true });
  await findGuest(page, person(2));
  await choose(page, { amount: '4.04' });
  await fillCard(page, { number: card('No answer, then paid') });
  await toReview(page);
  page.setDefaultTimeout(120_000);
  await pay(page);
  await page.waitForURL(/\/payments\//, { timeout: 120_000 });
  const unknown = t('en', 'state.unknown.title');
  const known = t('en', 'state.succeeded.title');
  const seen = page.getByRole('heading', { level: 1 });
  await page.waitForFunction(([a, b]) => [a, b].includes(document.querySelector('h1')?.innerText.trim()), [unknown, known]);
  await axe(page, 'a payment that nobody knows the outcome of');
  await screenshot(page, 'unknown');
  for (let i = 0; i < 60 && (await seen.innerText()).trim() !== known; i++) {
    await page.waitForTimeout(1000);
    await page.reload();
  }
  await confirmation(page, 'succeeded');
  noProblems(page);
});

await finish();
