// With the keyboard alone: every stop has a visible focus, nothing needs a mouse.
import { assert, demo, finish, newPage, noProblems, scenario } from './lib.mjs';
import { authenticator, codeSent, ids, mainButton, mainLink, newcomer, password, recoveryCodes, signOut, totp } from './account.mjs';
import { account, at, bankAccount, button, confirmation, field, openHome, person, radio } from './journey.mjs';
import { pick, press, tabTo, tick, type } from './keys.mjs';
import { payButton, starts, t } from './words.mjs';

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

// mistaken fails where the focus is not on the summary of mistakes, and goes from there to the field by its link.
async function mistaken(page, words, wrong) {
  const link = page.getByRole('main').getByRole('link', { name: words }).first();
  await link.waitFor();
  assert.ok(await link.evaluate((a) => document.activeElement !== document.body && document.activeElement.contains(a)), `the focus is on the summary that says "${words}"`);
  await press(page, link);
  assert.ok(await wrong.evaluate((e) => e === document.activeElement), 'the link leads to the field');
}

scenario('a member joins with a passkey without a mouse', async () => {
  const page = await newPage();
  await authenticator(page);
  const label = (key) => page.getByLabel(starts(t('en', key)));
  const [year, month, day] = newcomer.date_of_birth.split('-').map(Number);
  await page.goto('/join');
  await press(page, button(page, 'shell.continue'));
  await mistaken(page, t('en', 'error.number.required'), field(page, 'find.number'));
  await page.keyboard.type(newcomer.member_id);
  await type(page, field(page, 'date.month'), String(month));
  await type(page, field(page, 'date.day'), String(day));
  await type(page, field(page, 'date.year'), String(year));
  await type(page, label('join.zip'), newcomer.zip);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/contact$/);
  await pick(page, page.getByRole('radio', { name: starts(t('en', 'join.way.email', { Email: newcomer.email[0] })) }));
  const before = await ids(page, newcomer.email);
  await press(page, mainButton(page, 'join.way.send'));
  await page.waitForURL(/\/code$/);
  await type(page, label('join.code'), await codeSent(page, 'join', newcomer.email, before));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/email$/);
  await pick(page, page.getByRole('radio', { name: starts(newcomer.email) }));
  await press(page, button(page, 'shell.continue'));
  await page.waitForURL(/\/secure$/);
  await press(page, mainButton(page, 'newkey.passkey'));
  await page.waitForURL(/\/done$/);
  assert.equal(recoveryCodes(await page.getByRole('main').innerText()).length, 10);
  await press(page, mainButton(page, 'join.codes.kept'));
  await at(page, 'bills.title');
  noProblems(page);
});

scenario('a member turns on a second step and signs in with a code without a mouse', async () => {
  const page = await newPage();
  const who = account(2);
  await page.goto('/sign-in');
  await press(page, mainButton(page, 'signin.button'));
  await mistaken(page, t('en', 'error.email.required'), field(page, 'signin.email'));
  await page.keyboard.type(who.email);
  await type(page, password(page), who.password);
  await page.keyboard.press('Enter');
  await at(page, 'bills.title');

  await page.goto('/account/security');
  const change = page.getByRole('main').locator('a[href$="/second-step"]');
  await press(page, change);
  await at(page, 'security.second');
  await pick(page, radio(page, 'security.second.email'));
  let before = await ids(page, who.email);
  await press(page, button(page, 'shell.continue'));
  await at(page, 'second.title.email');
  await type(page, field(page, 'second.code'), await codeSent(page, 'contact', who.email, before));
  await page.keyboard.press('Enter');
  await at(page, 'security.codes');
  await press(page, mainButton(page, 'security.codes.make'));
  await press(page, mainLink(page, 'security.codes.kept'));
  await at(page, 'security.title');
  await signOut(page, (b) => press(page, b));

  await page.goto('/sign-in');
  await type(page, field(page, 'signin.email'), who.email);
  await type(page, password(page), who.password);
  before = await ids(page, who.email);
  await page.keyboard.press('Enter');
  await at(page, 'second.title.email');
  await press(page, mainButton(page, 'signin.button'));
  await mistaken(page, t('en', 'second.required'), field(page, 'second.code'));
  await page.keyboard.type(await codeSent(page, 'sign_in', who.email, before));
  await page.keyboard.press('Enter');
  await at(page, 'bills.title');
  noProblems(page);
});

scenario('every stop on the page of sign-in and security shows its focus, also on a small phone', async () => {
  const page = await newPage({ width: 320, height: 640 });
  await page.goto('/sign-in');
  await type(page, field(page, 'signin.email'), account(0).email);
  await type(page, password(page), account(0).password);
  await page.keyboard.press('Enter');
  await at(page, 'bills.title');
  await page.goto('/account/security');
  const stops = page.locator('a[href]:visible, main button:visible, header button:visible, summary:visible');
  const n = await stops.count();
  assert.ok(n > 10, `${n} stops`);
  for (let i = 0; i < n; i++) await tabTo(page, stops.nth(i));
  noProblems(page);
});

scenario('staff sign in at the desk without a mouse', async () => {
  const page = await newPage();
  const who = demo.staff[0];
  await page.goto('/desk/sign-in');
  await press(page, mainButton(page, 'signin.button'));
  const first = page.getByRole('main').locator('[role=alert] a, [aria-labelledby] a').first();
  assert.ok(await first.evaluate((a) => document.activeElement !== document.body && document.activeElement.contains(a)), 'the focus is on the summary');
  await type(page, field(page, 'signin.email'), who.email);
  await type(page, password(page), who.password);
  await page.keyboard.press('Enter');
  await at(page, 'desk.code.title');
  const code = page.getByLabel(starts(t('en', 'desk.code.label')));
  await type(page, code, totp(who.totp_secret, 1));
  await page.keyboard.press('Enter');
  await at(page, 'desk.title');
  noProblems(page);
});

await finish();
