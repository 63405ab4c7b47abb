// Without JavaScript and without a mouse: an account with a password, an authenticator app, recovery codes, and the ways
// in with each of them.
import { assert, finish, newPage, noProblems, scenario } from './lib.mjs';
import { codeSent, ids, mainButton, mainLink, newcomer, password, recoveryCodes, signOut, totp } from './account.mjs';
import { at, button, field, radio } from './journey.mjs';
import { pick, press, tick, type } from './keys.mjs';
import { starts, t } from './words.mjs';

const secret = 'otter cedar vel';

const label = (page, key) => page.getByLabel(starts(t(page.lang, key)));

async function signIn(page) {
  await page.goto('/sign-in');
  await type(page, field(page, 'signin.email'), newcomer.email);
  await type(page, password(page), secret);
  await page.keyboard.press('Enter');
}

const leave = (page) => signOut(page, (b) => press(page, b));

scenario('joins with a password, turns on an app, and gets in with it and with a recovery code', async () => {
  const page = await newPage({ javaScriptEnabled: false });
  const [year, month, day] = newcomer.date_of_birth.split('-').map(Number);
  await page.goto('/join');
  await at(page, 'join.title');
  await type(page, field(page, 'find.number'), newcomer.member_id);
  await type(page, field(page, 'date.month'), String(month));
  await type(page, field(page, 'date.day'), String(day));
  await type(page, field(page, 'date.year'), String(year));
  await type(page, label(page, 'join.zip'), newcomer.zip);
  await press(page, button(page, 'shell.continue'));
  await page.waitForURL(/\/contact$/);
  await pick(page, page.getByRole('radio', { name: starts(t(page.lang, 'join.way.email', { Email: newcomer.email[0] })) }));
  const before = await ids(page, newcomer.email);
  await press(page, mainButton(page, 'join.way.send'));
  await page.waitForURL(/\/code$/);
  await type(page, label(page, 'join.code'), await codeSent(page, 'join', newcomer.email, before));
  await press(page, button(page, 'shell.continue'));
  await page.waitForURL(/\/email$/);
  await pick(page, page.getByRole('radio', { name: starts(newcomer.email) }));
  await press(page, button(page, 'shell.continue'));
  await page.waitForURL(/\/secure$/);
  assert.equal(await mainButton(page, 'newkey.passkey').count(), 0, 'no button that needs JavaScript');
  assert.ok((await page.getByRole('main').innerText()).includes(t(page.lang, 'newkey.passkey.without')), 'it says why');
  await type(page, password(page), 'too short');
  await press(page, mainButton(page, 'newkey.create'));
  await page.getByRole('link', { name: t(page.lang, 'password.short') }).waitFor();
  await type(page, password(page), secret);
  await press(page, mainButton(page, 'newkey.create'));
  await page.waitForURL(/\/done$/);
  await press(page, mainLink(page, 'home.bills'));
  await at(page, 'bills.title');

  await page.goto('/account/security/second-step');
  await pick(page, radio(page, 'security.second.totp'));
  await press(page, button(page, 'shell.continue'));
  await at(page, 'security.app.title');
  await press(page, page.locator('summary', { hasText: t(page.lang, 'security.app.cannot') }));
  const key = (await page.getByRole('main').innerText()).match(/\b(?:[A-Z2-7]{4} ?){8}/)?.[0];
  assert.ok(key, 'the secret can be read and typed');
  const setUp = totp(key);
  await type(page, field(page, 'second.code'), setUp);
  await press(page, mainButton(page, 'security.second.on'));
  await at(page, 'security.codes');
  let codes = recoveryCodes(await page.getByRole('main').innerText());
  if (codes.length === 0) {
    await press(page, mainButton(page, 'security.codes.make'));
    await page.getByText(t(page.lang, 'security.codes.once')).waitFor();
    codes = recoveryCodes(await page.getByRole('main').innerText());
  }
  assert.equal(new Set(codes).size, 10, 'ten different recovery codes');
  await press(page, mainLink(page, 'security.codes.kept'));
  await at(page, 'security.title');
  await leave(page);

  await signIn(page);
  await at(page, 'second.title.totp');
  await type(page, field(page, 'second.code'), setUp); // a code is good once
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: t(page.lang, 'second.wrong.totp') }).waitFor();
  await type(page, field(page, 'second.code'), totp(key, 1));
  await page.keyboard.press('Enter');
  await at(page, 'bills.title');
  await leave(page);

  await signIn(page);
  await press(page, mainLink(page, 'second.use.recovery'));
  await at(page, 'second.title.recovery');
  await type(page, field(page, 'second.code.recovery'), codes[3]);
  await tick(page, page.getByRole('checkbox', { name: t(page.lang, 'second.remember') }));
  await press(page, mainButton(page, 'signin.button'));
  await at(page, 'security.title'); // where new codes are made before the last one is used
  assert.ok((await page.getByRole('main').innerText()).includes(t(page.lang, 'security.codes.left.other', { Count: 9 })), 'nine codes are left');
  await leave(page);

  await signIn(page); // this device was remembered
  await at(page, 'bills.title');
  noProblems(page);
});

await finish();
