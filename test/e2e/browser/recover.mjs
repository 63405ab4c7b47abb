// A member whose only key is a passkey loses the device and gets back in: a code to the mailbox, a second proof, a new
// passkey or a password. The bills are the same, and everybody who might be deceived is told.
import { assert, finish, newPage, noProblems, scenario } from './lib.mjs';
import { amounts, authenticator, codeSent, ids, join, mailed, mainButton, mainLink, newcomer, password, proveOnFile, recoveryCodes, signOut, typePassword } from './account.mjs';
import { at, field, next } from './journey.mjs';
import { starts, t } from './words.mjs';

const secret = 'lantern gravel orbit maple';

// toSecondProof goes from the sign-in page to the question for a second proof.
async function toSecondProof(page) {
  await page.goto('/sign-in');
  await mainLink(page, 'signin.recover').click();
  await at(page, 'recover.title');
  const before = await ids(page, newcomer.email);
  await field(page, 'signin.email').fill(newcomer.email);
  await next(page);
  await at(page, 'recover.sent');
  await page.getByLabel(t(page.lang, 'recover.code'), { exact: true }).fill(await codeSent(page, 'recover', newcomer.email, before));
  await next(page);
  await at(page, 'recover.more');
}

// told fails where an address or phone does not hear of a recovery.
async function told(page, to, before) {
  const what = t('en', 'letter.changed.recovered');
  await mailed(page, to, (m) => !before.includes(m.id) && `${m.subject} ${m.text}`.includes(what));
}

let codes; // the recovery codes of the account, from the first scenario on

scenario('the passkey is lost: the mailbox and the phone on file lead to a new one', async () => {
  const page = await newPage();
  const old = await authenticator(page);
  const first = await join(page);
  assert.equal(first.length, 10, 'ten recovery codes are shown');
  const owed = await amounts(page);
  await signOut(page);
  await old.lose();

  await toSecondProof(page);
  const [mails, texts] = [await ids(page, newcomer.email), await ids(page, newcomer.phone)];
  await mainLink(page, 'recover.file.go').click();
  await proveOnFile(page);
  await at(page, 'recover.secure');
  await authenticator(page); // of a new device
  await mainButton(page, 'newkey.passkey').click();
  await page.getByText(t(page.lang, 'newkey.codes.body')).waitFor();
  codes = recoveryCodes(await page.getByRole('main').innerText());
  assert.equal(codes.filter((code) => !first.includes(code)).length, 10, 'ten new recovery codes');
  await mainLink(page, 'newkey.codes.kept').click();
  await at(page, 'security.title');

  await page.goto('/bills');
  await at(page, 'bills.title');
  assert.deepEqual(await amounts(page), owed, 'the same bills as before');
  await told(page, newcomer.email, mails);
  await told(page, newcomer.phone, texts);
  await signOut(page);
  await page.goto('/sign-in'); // the new passkey is offered
  await page.waitForURL(/\/bills$/);
  noProblems(page);
});

scenario('a recovery code is a second proof once, and every other browser is signed out', async () => {
  const page = await newPage();
  await toSecondProof(page);
  const used = codes[0].toLowerCase().replaceAll('-', ' ');
  await page.getByLabel(starts(t(page.lang, 'recover.recovery.code'))).fill(used);
  await mainButton(page, 'recover.recovery.button').click();
  await at(page, 'recover.secure');
  await password(page).fill('Iris Placeholder 1977');
  await mainButton(page, 'recover.password.button').click();
  await page.getByRole('link', { name: t(page.lang, 'password.personal') }).waitFor();
  await password(page).fill(secret);
  await mainButton(page, 'recover.password.button').click();
  await at(page, 'security.title');

  const other = await newPage();
  await toSecondProof(other);
  await other.getByLabel(starts(t(other.lang, 'recover.recovery.code'))).fill(used);
  await mainButton(other, 'recover.recovery.button').click();
  await other.getByRole('link', { name: t(other.lang, 'recovery.code') }).waitFor();
  await other.getByLabel(starts(t(other.lang, 'recover.recovery.code'))).fill(codes[1]);
  await mainButton(other, 'recover.recovery.button').click();
  await at(other, 'recover.secure');
  await password(other).fill(`${secret} again`);
  await mainButton(other, 'recover.password.button').click();
  await at(other, 'security.title');

  await page.goto('/bills');
  await at(page, 'signin.title');
  await typePassword(page, newcomer.email, secret);
  await page.getByRole('link', { name: t(page.lang, 'signin.wrong') }).waitFor();
  await typePassword(page, newcomer.email, `${secret} again`);
  await at(page, 'bills.title');
  noProblems(page);
  noProblems(other);
});

scenario('a stranger who knows the address learns nothing and gets no code', async () => {
  const page = await newPage({ lang: 'es' });
  await page.goto('/recover');
  await at(page, 'recover.title');
  await field(page, 'signin.email').fill('nobody@members.example');
  await next(page);
  await at(page, 'recover.sent');
  await page.getByLabel(t(page.lang, 'recover.code'), { exact: true }).fill('000000');
  await next(page);
  await page.getByText(t(page.lang, 'recovery.code')).first().waitFor();
  assert.deepEqual(await ids(page, 'nobody@members.example'), []);
  noProblems(page);
});

await finish();
