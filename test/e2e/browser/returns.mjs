// Bank payments that come back, and one that settles.
import { assert, axe, finish, newPage, noProblems, scenario, screenshot } from './lib.mjs';
import { anotherPayment, bankAccount, choose, confirmation, findGuest, payByBank, person } from './journey.mjs';
import { t } from './words.mjs';

// open adds up what the choice of bills offers to pay.
async function open(page) {
  const boxes = page.getByRole('main').getByRole('checkbox');
  let sum = 0;
  for (let i = 0; i < await boxes.count(); i++) {
    const label = await boxes.nth(i).evaluate((e) => [...e.labels].map((l) => l.innerText).join(' '));
    sum += Number(label.match(/\$[\d,]+\.\d\d/)[0].replace(/\D/g, ''));
  }
  return sum;
}

for (const code of ['R01', 'R02', 'R03', 'R29']) scenario(`returned with ${code}: the bills open again and the page says why`, async () => {
  const page = await newPage({ axe: true });
  const who = person(code === 'R01' ? 0 : 1);
  await findGuest(page, who);
  const before = await open(page);
  await choose(page, { amount: '9.07' });
  await payByBank(page, who, { account: bankAccount(new RegExp(code)) });
  const title = t('en', 'state.returned.title');
  for (let i = 0; i < 25 && !(await page.getByRole('heading', { level: 1, name: title, exact: true }).isVisible()); i++) {
    await page.waitForTimeout(1000);
    await page.reload();
  }
  const text = await page.getByRole('main').innerText();
  assert.ok(text.includes(title), `the bank returned the payment; the page says: ${text.slice(0, 200)}`);
  for (const key of [`return.${code}`, `return.${code}.next`]) assert.ok(text.includes(t('en', key)));
  await axe(page, `returned with ${code}`);
  await screenshot(page, `returned-${code}`);
  await anotherPayment(page);
  assert.equal(await open(page), before, 'the bills are open again as they were');
  noProblems(page);
});

scenario('settled: submitted becomes received', async () => {
  const page = await newPage();
  await findGuest(page, person(2));
  await choose(page, { amount: '9.08' });
  const { number } = await payByBank(page, person(2));
  const title = page.getByRole('heading', { level: 1, name: t('en', 'state.succeeded.title'), exact: true });
  for (let i = 0; i < 25 && !(await title.isVisible()); i++) {
    await page.waitForTimeout(1000);
    await page.reload();
  }
  assert.equal((await confirmation(page, 'succeeded')).number, number);
  noProblems(page);
});

await finish();
