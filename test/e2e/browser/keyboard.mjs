// With the keyboard alone: every stop has a visible focus, nothing needs a mouse.
import { assert, finish, newPage, noProblems, scenario } from './lib.mjs';
import { at, bankAccount, button, confirmation, field, openHome, person, radio } from './journey.mjs';
import { pick, press, tabTo, tick, type } from './keys.mjs';
import { payButton, t } from './words.mjs';

scenario('the skip link is first and leads to the content', async () => {
  const page = await newPage();
  await openHome(page);
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: t('en', 'shell.skip'), exact: true });
  assert.ok(await skip.evaluate((e) => e === document.activeElement), 'the first stop is the skip link');
  await page.keyboard.press('Enter');
  assert.ok(await page.evaluate(() => document.activeElement.closest('main') !== null || location.hash !== ''), 'it leads to main');
  noProblems(page);
});

scenario('a guest pays by bank account without a mouse', async () => {
  const page = await newPage();
  const who = person(0);
  const account = bankAccount();
  const [year, month, day] = who.date_of_birth.split('-').map(Number);
  await openHome(page);
  await press(page, button(page, 'home.guest'));
  await at(page, 'find.title');
  await type(page, field(page, 'find.number'), who.member_id);
  await type(page, field(page, 'date.month'), String(month));
  await type(page, field(page, 'date.day'), String(day));
  await type(page, field(page, 'date.year'), String(year));
  await page.keyboard.press('Enter');
  await at(page, 'choose.title');
  const bill = page.getByRole('main').getByRole('checkbox').first();
  await tick(page, bill);
  await pick(page, radio(page, 'choose.other'));
  await type(page, field(page, 'choose.other.amount'), '7.01');
  await press(page, button(page, 'shell.continue'));
  await at(page, 'method.title');
  await pick(page, radio(page, 'method.bank'));
  await type(page, field(page, 'method.bank.name'), 'Jordan Example');
  await type(page, field(page, 'method.bank.routing'), account.routing);
  await type(page, field(page, 'method.bank.account'), account.account);
  await type(page, field(page, 'method.bank.confirm'), account.account);
  await pick(page, radio(page, 'method.bank.checking'));
  await press(page, button(page, 'shell.continue'));
  await at(page, 'review.title');
  await press(page, page.getByRole('button', { name: payButton('en') }));
  const paid = await confirmation(page, 'pending');
  assert.ok(paid.text.includes('$7.01'));
  noProblems(page);
});

scenario('after a mistake the focus is on the summary of what to fix', async () => {
  const page = await newPage();
  await page.goto('/pay');
  await press(page, button(page, 'shell.continue'));
  const summary = page.getByRole('alert').or(page.locator('[aria-labelledby]:focus')).first();
  await summary.waitFor();
  const link = page.getByRole('main').getByRole('link', { name: t('en', 'error.number.required') }).first();
  await press(page, link);
  assert.ok(await field(page, 'find.number').evaluate((e) => e === document.activeElement), 'the link leads to the field');
  noProblems(page);
});

await finish();
